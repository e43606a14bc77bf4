import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { LotseError } from '../core/errors.ts';
import { firstEpoch, JudgedWorld, rules } from './fixtures/judged-world.ts';
import { parseJudged } from './judged-record.ts';

const row = 'judge:shop/production-rollout-2';
const record = 'judged:shop/production-rollout-2';
const verdict = (world: JudgedWorld) => world.judging.judged?.judgement.verdict;
const counted = (world: JudgedWorld) =>
  world.judging.judged?.judgement.findings.find(({ metric }) => metric === 'failures')?.counted.new;

/** One second of users: 20 requests to the new release, of which so many fail, and 380 to the old one. */
function serve(world: JudgedWorld, failures: number): void {
  world.proxy.count('new', 20, failures);
  world.proxy.count('old', 380, 1);
}

/** A second in which the new release fails all of its many requests. */
function fail(world: JudgedWorld): void {
  world.proxy.count('new', 60, 60);
  world.proxy.count('old', 380);
}

/** Seconds until the judge is sure of harm. */
async function secondsToHarm(world: JudgedWorld, between: (second: number) => Promise<void> = async () => undefined) {
  for (let second = 1; second <= 300; second++) {
    serve(world, 1);
    await between(second);
    if ((await world.look())?.verdict === 'harmful') return second;
  }
  throw new Error('no harm is found');
}

describe('a look', () => {
  it('is made about once a second, however often it is asked', async (t) => {
    const world = await JudgedWorld.open(t);
    for (let ask = 0; ask < 400; ask++) await world.look(25);
    assert.equal(world.proxy.asked, 10);
    await world.look(1_000);
    await world.look(0);
    assert.equal(world.proxy.asked, 11);
  });

  it('is made no more often while it fails', async (t) => {
    const world = await JudgedWorld.open(t);
    world.proxy.isAway = true;
    for (let ask = 0; ask < 400; ask++) await world.look(25);
    assert.equal(world.proxy.asked, 10);
  });

  it('that takes long is made more rarely: a tenth of the time at most, and every five seconds all the same', async (t) => {
    const world = await JudgedWorld.open(t);
    const { proxy } = world;
    const counters = proxy.counters.bind(proxy);
    let tookMs = 300;
    proxy.counters = async () => {
      world.now += tookMs;
      return await counters();
    };
    const begun: number[] = [];
    const apart = () => begun.slice(1).map((at, index) => at - (begun[index] ?? 0));
    const lookFor = async (ms: number) => {
      const [from, asked] = [world.now, proxy.asked];
      while (world.now < from + ms) {
        const before = proxy.asked;
        const at = world.now + 100;
        await world.look(100);
        if (proxy.asked > before) begun.push(at);
      }
      return proxy.asked - asked;
    };
    await lookFor(1_000);
    begun.length = 0;
    await lookFor(10_000);
    assert.deepEqual(apart(), [3_000, 3_000]);
    tookMs = 800;
    await lookFor(5_000);
    begun.length = 0;
    await lookFor(16_000);
    assert.deepEqual(apart(), [5_000, 5_000]);
  });

  it('is not made for a rollout that is not judged, also after one that was', async (t) => {
    const world = await JudgedWorld.open(t);
    const unjudged = { ...world.state, plan: { ...world.plan, rollout: 'production-rollout-3', judge: null } };
    assert.equal(await world.look(1_000, unjudged), null);
    assert.deepEqual([world.proxy.asked, world.judging.judged], [0, null]);
    await world.look();
    assert.equal(await world.look(1_000, unjudged), null);
    assert.equal(world.proxy.asked, 1);
  });

  it('at the rollout before is no reason to turn the next one', async (t) => {
    const world = await JudgedWorld.open(t);
    await secondsToHarm(world);
    const next = { ...world.state, plan: { ...world.plan, rollout: 'production-rollout-3' } };
    assert.equal(await world.look(10, next), null);
  });

  it('counts only epochs of the rollout, never those from before it and never a person’s override', async (t) => {
    const world = await JudgedWorld.open(t);
    for (const epoch of [firstEpoch - 1, -1]) {
      world.proxy.open(epoch);
      world.proxy.count('new', 500, 500);
      world.proxy.count('old', 500);
    }
    world.proxy.open(firstEpoch);
    serve(world, 0);
    assert.equal((await world.look())?.verdict, 'undecided');
    assert.deepEqual(counted(world), { requests: 20, events: 0 });
  });

  it('counts nothing before the rollout has ordered a route of its own', async (t) => {
    const world = await JudgedWorld.open(t);
    world.proxy.count('new', 500, 500);
    world.proxy.count('old', 500);
    world.now += 1_000;
    const view = world.view();
    const before = { ...view, environment: { ...view.environment, salt: 'of the rollout before' } };
    assert.equal((await world.judging.judgement(world.state, before))?.verdict, 'undecided');
  });

  it('finds harm in the second in which there is enough evidence', async (t) => {
    const world = await JudgedWorld.open(t);
    serve(world, 0);
    assert.equal((await world.look())?.verdict, 'undecided');
    fail(world);
    assert.equal((await world.look())?.verdict, 'harmful');
    assert.equal(world.judging.judged?.rollout, 'production-rollout-2');
  });

  it('that fails is told once and skipped: the next one covers it', async (t) => {
    const [world, undisturbed] = [await JudgedWorld.open(t), await JudgedWorld.open(t)];
    const expected = await secondsToHarm(undisturbed);
    const lost = await secondsToHarm(world, async (second) => {
      world.proxy.isAway = second > 1 && second < expected - 1;
    });
    assert.deepEqual(world.problems, ['judging: the proxy does not answer']);
    assert.ok(Math.abs(lost - expected) <= 2, `${lost} instead of ${expected} seconds`);
  });

  it('that is more than ten seconds old is no reason to go on; harm is for as long as it takes', async (t) => {
    const world = await JudgedWorld.open(t);
    serve(world, 0);
    await world.look();
    world.proxy.isAway = true;
    assert.equal((await world.look(10_000))?.verdict, 'undecided');
    assert.equal(await world.look(1_000), null);
    world.proxy.isAway = false;
    fail(world);
    await world.look();
    world.proxy.isAway = true;
    assert.equal((await world.look(60_000))?.verdict, 'harmful');
  });

  it('comes also after the clock was put back, and what was counted is not lost', async (t) => {
    const world = await JudgedWorld.open(t);
    serve(world, 0);
    await world.look();
    serve(world, 0);
    assert.equal((await world.look(-8 * 3_600_000))?.verdict, 'undecided');
    assert.deepEqual([counted(world)?.requests, world.proxy.asked], [40, 2]);
    serve(world, 0);
    await world.look(8 * 3_600_000);
    assert.equal(counted(world)?.requests, 60);
  });
});

describe('evidence', () => {
  it('survives a restart in the middle: the verdict comes at the same count as without one', async (t) => {
    const [world, undisturbed] = [await JudgedWorld.open(t), await JudgedWorld.open(t)];
    const expected = await secondsToHarm(undisturbed);
    const disturbed = await secondsToHarm(world, async (second) => {
      if (second % 3 === 0) world.restart();
      if (second % 5 === 0) world.proxy.open(firstEpoch + second);
    });
    assert.equal(disturbed, expected);
    assert.deepEqual(counted(world), counted(undisturbed));
    assert.deepEqual(world.problems, []);
  });

  it('is known after a restart before the proxy answers: harm that was found turns the rollout at once', async (t) => {
    const world = await JudgedWorld.open(t);
    await secondsToHarm(world);
    world.restart();
    world.proxy.isAway = true;
    assert.equal((await world.look())?.verdict, 'harmful');
  });

  it('without harm says nothing after a restart before somebody has looked', async (t) => {
    const world = await JudgedWorld.open(t);
    serve(world, 0);
    assert.equal((await world.look())?.verdict, 'undecided');
    world.restart();
    world.proxy.isAway = true;
    assert.equal(await world.look(0), null);
  });

  it('of a poll that straddles a step, or a new proxy, is counted once and in its own epoch', async (t) => {
    const world = await JudgedWorld.open(t);
    serve(world, 0);
    await world.look();
    serve(world, 1);
    world.proxy.open(firstEpoch + 1);
    serve(world, 0);
    world.proxy.restart();
    serve(world, 2);
    await world.look();
    assert.deepEqual(counted(world), { requests: 80, events: 3 });
    assert.deepEqual(world.proxy.acknowledged, ['start-1/3', 'start-1/4']);
    await world.look();
    assert.deepEqual(counted(world), { requests: 80, events: 3 });
  });

  it('is written before closed epochs are acknowledged, and both are points where a process may end', async (t) => {
    const world = await JudgedWorld.open(t);
    serve(world, 0);
    world.proxy.open(firstEpoch + 1);
    await world.look();
    assert.deepEqual(world.points, [
      'judge: before keeping evidence',
      'judge: evidence kept',
      'judge: before acknowledging counters',
      'judge: counters acknowledged',
    ]);
  });

  it('that cannot be written stops no verdict, and nothing is acknowledged until it is written', async (t) => {
    const world = await JudgedWorld.open(t);
    serve(world, 0);
    await world.look();
    world.diskProblem = new LotseError('disk-full', 'the disk is full', { retriable: true });
    world.proxy.open(firstEpoch + 1);
    fail(world);
    assert.equal((await world.look())?.verdict, 'harmful');
    await world.look();
    assert.deepEqual(world.problems, ['keeping the evidence: the disk is full']);
    assert.deepEqual(world.proxy.acknowledged, []);
    world.diskProblem = null;
    await world.look();
    assert.deepEqual(world.proxy.acknowledged, ['start-1/3']);
  });

  it('is written only when something was counted', async (t) => {
    const world = await JudgedWorld.open(t);
    serve(world, 0);
    await world.lookFor(20);
    assert.equal(world.saves.length, 1);
    serve(world, 0);
    await world.lookFor(20);
    assert.equal(world.saves.length, 2);
  });

  it('is written whatever was counted: also when two requests went different ways', async (t) => {
    const world = await JudgedWorld.open(t);
    serve(world, 0);
    await world.look();
    for (const field of ['ok', 'clientError', 'serverError', 'failed', 'clientGone'] as const) {
      const before = world.saves.length;
      world.proxy.grow('new', { started: 1, [field]: 1 });
      await world.look();
      assert.equal(world.saves.length, before + 1, field);
    }
  });

  it('whose acknowledgement was not heard is acknowledged again, and not counted twice', async (t) => {
    const world = await JudgedWorld.open(t);
    serve(world, 0);
    world.proxy.open(firstEpoch + 1);
    const { acknowledge } = world.proxy;
    world.proxy.acknowledge = async () => Promise.reject(new LotseError('unreachable', 'no reply'));
    await world.look();
    world.proxy.acknowledge = acknowledge;
    world.restart();
    await world.look();
    assert.deepEqual([counted(world)?.requests, world.proxy.acknowledged], [20, ['start-1/3']]);
  });

  it('that was lost leaves what the proxy still has', async (t) => {
    const world = await JudgedWorld.open(t);
    serve(world, 1);
    await world.look();
    world.restart();
    await world.checkpoints.remove(row);
    serve(world, 1);
    await world.look();
    assert.deepEqual([counted(world), world.problems], [{ requests: 40, events: 2 }, []]);
  });

  const damages: Readonly<Record<string, (text: string) => string>> = {
    'is cut off': (text) => text.slice(0, text.length / 2),
    'is of another version': (text) => text.replace('"format":3', '"format":4'),
    'is something else': () => '[1,2,3]',
    'holds a judge that is none': (text) =>
      text.replace(/"judge":\{/, '"judge":{"tests":null,"was":{').replace(/$/, ''),
  };
  for (const [how, damage] of Object.entries(damages)) {
    it(`that ${how} is told, and the judge begins anew`, async (t) => {
      const world = await JudgedWorld.open(t);
      serve(world, 1);
      await world.look();
      await world.checkpoints.save(row, damage((await world.checkpoints.load(row)) ?? ''));
      world.restart();
      serve(world, 1);
      assert.equal((await world.look())?.verdict, 'undecided');
      assert.equal(counted(world)?.requests, 40);
      assert.match(world.problems.join(), /^going on from the evidence: .* begins anew/);
      world.restart();
      await world.look();
      assert.equal(world.problems.length, 1);
    });
  }

  it('that cannot be read now is waited for, and not overwritten', async (t) => {
    const world = await JudgedWorld.open(t);
    await secondsToHarm(world);
    world.restart();
    world.diskProblem = new LotseError('unreachable', 'the disk does not answer', { retriable: true });
    assert.equal(await world.look(), null);
    world.diskProblem = null;
    assert.equal((await world.look())?.verdict, 'harmful');
  });
});

describe('when nothing is judged any more', () => {
  it('the evidence goes with the end of the rollout, also when the process ended before', async (t) => {
    const world = await JudgedWorld.open(t);
    serve(world, 0);
    await world.look();
    await world.tidy({});
    await world.tidy({ direction: 'back' });
    assert.notEqual(await world.checkpoints.load(row), null);
    await world.tidy({ end: { kind: 'returned', at: world.now } });
    assert.equal(await world.checkpoints.load(row), null);
    assert.equal(verdict(world), 'undecided');
    await world.checkpoints.save(row, 'left behind');
    world.restart();
    world.judging.takeUp(world.view({ ...world.state, end: { kind: 'settled', at: world.now } }));
    await world.tidy({ plan: { ...world.plan, rollout: 'production-rollout-3' } });
    assert.equal(await world.checkpoints.load(row), null);
  });

  const settledAt = (at: number) => ({ end: { kind: 'settled', at } }) as const;

  it('what was thought in the end is kept, with how the evidence grew', async (t) => {
    const world = await JudgedWorld.open(t);
    await secondsToHarm(world);
    const { judged } = world.judging;
    await world.tidy({ direction: 'back' });
    assert.equal(await world.checkpoints.load(record), null);
    await world.tidy(settledAt(world.now));
    assert.deepEqual(parseJudged(await world.checkpoints.load(record)), judged);
    assert.ok((judged?.points.length ?? 0) > 1);
  });

  it('it is kept also when the process ended before, or between two writes', async (t) => {
    const world = await JudgedWorld.open(t);
    await secondsToHarm(world);
    const { judged } = world.judging;
    const evidence = (await world.checkpoints.load(row)) ?? '';
    for (const isRemoved of [false, true]) {
      world.restart();
      world.judging.takeUp(world.view({ ...world.state, ...settledAt(world.now) }));
      // Another rollout is under way when it comes to this.
      await world.tidy({ plan: { ...world.plan, rollout: 'production-rollout-3' } });
      assert.deepEqual(parseJudged(await world.checkpoints.load(record)), judged);
      assert.equal(await world.checkpoints.load(row), null);
      if (!isRemoved) await world.checkpoints.save(row, evidence);
    }
    assert.deepEqual(world.problems, []);
  });

  it('where nobody has looked, nothing is kept', async (t) => {
    const world = await JudgedWorld.open(t);
    await world.tidy(settledAt(world.now));
    assert.equal(await world.checkpoints.load(record), null);
    assert.deepEqual(world.points, []);
  });

  it('what another version of Lotse has kept is not taken for anything', () => {
    assert.equal(parseJudged('{"format":2,"judged":{"rollout":"production-rollout-2"}}'), null);
    assert.equal(parseJudged(null), null);
  });

  it('what cannot be removed now is removed later', async (t) => {
    const world = await JudgedWorld.open(t);
    serve(world, 0);
    await world.look();
    world.diskProblem = new LotseError('disk-full', 'the disk is full', { retriable: true });
    await world.tidy({ end: { kind: 'settled', at: world.now } });
    world.diskProblem = null;
    await world.tidy({ plan: { ...world.plan, rollout: 'production-rollout-3' } });
    assert.equal(await world.checkpoints.load(row), null);
  });

  it('the proxy is told once a minute that it may forget closed epochs', async (t) => {
    const world = await JudgedWorld.open(t);
    const end = { end: { kind: 'settled', at: world.now } } as const;
    world.proxy.open(firstEpoch + 1);
    for (let second = 0; second < 60; second++) await world.tidy(end);
    assert.deepEqual(world.proxy.acknowledged, []);
    await world.tidy(end);
    assert.deepEqual(world.proxy.acknowledged, ['start-1/3']);
    for (let second = 0; second < 129; second++) await world.tidy(end);
    assert.deepEqual([world.proxy.acknowledged, world.proxy.asked], [['start-1/3'], 3]);
    assert.deepEqual(world.points, []);
  });

  it('and nothing is forgotten before a judge has seen it', async (t) => {
    const world = await JudgedWorld.open(t);
    world.proxy.open(firstEpoch + 1);
    for (let second = 0; second < 130; second++) await world.tidy({});
    assert.deepEqual([world.proxy.asked, world.proxy.names.length], [0, 2]);
  });
});

describe('a probe that is running', () => {
  /** Nobody has come for a minute, so that the judge probes. */
  async function probing(t: TestContext) {
    const world = await JudgedWorld.open(t);
    await world.lookFor(61);
    const state = () => world.jobs.get(world.started[0] ?? '')?.seen.state;
    assert.equal(state(), 'running');
    return { world, state };
  }

  it('goes on while its rollout does', async (t) => {
    const { world, state } = await probing(t);
    await world.tidy({});
    assert.equal(state(), 'running');
    await world.tidy({ direction: 'back' });
    assert.equal(state(), 'failed');
  });

  it('is ended where the rollout runs a job of its own, beside whatever else it orders', async (t) => {
    const { world, state } = await probing(t);
    const { plan, state: rollout } = world;
    const verify = plan.steps.find(({ id }) => id === 'verify-before');
    const start = plan.steps.find(({ id }) => id === 'start');
    assert.ok(verify && start);
    const both = { ...verify, effects: [...start.effects, ...verify.effects] };
    await world.look(1_000, { ...rollout, index: 0, plan: { ...plan, steps: [start] } });
    assert.equal(state(), 'running');
    await world.look(1_000, { ...rollout, index: 0, plan: { ...plan, steps: [both] } });
    assert.equal(state(), 'failed');
  });
});

describe('sticky visitors', () => {
  it('are counted by bucket, over restarts too', async (t) => {
    const sticky = [{ service: 'web', isSticky: true, lateAfterMs: [], timedUpToPermille: 500 }];
    const world = await JudgedWorld.open(t, { ...rules, services: sticky });
    for (let bucket = 0; bucket < 1_000; bucket++) world.proxy.count(bucket < 50 ? 'new' : 'old', 4, 0, bucket);
    await world.look();
    world.restart();
    for (let bucket = 0; bucket < 40; bucket++) world.proxy.count('new', 1, 1, bucket);
    assert.equal((await world.look())?.verdict, 'harmful');
  });
});
