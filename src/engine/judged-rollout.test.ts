import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EpochCounters } from '../core/routing-document.ts';
import { LotseError } from '../core/errors.ts';
import { firstEpoch, JudgedWorld, rules } from './fixtures/judged-world.ts';

const row = 'judge:shop/production-rollout-2';
const requests = (world: JudgedWorld) =>
  world.judging.judged?.judgement.findings.find(({ metric }) => metric === 'failures')?.counted.new.requests;
const diskFull = new LotseError('disk-full', 'the disk is full', { retriable: true });

/** One second of users. */
function serve(world: JudgedWorld): void {
  world.proxy.count('new', 20);
  world.proxy.count('old', 380, 1);
}

/** The proxy answers once, or from now on, with something else. */
function answerWith(world: JudgedWorld, change: (epochs: readonly EpochCounters[]) => readonly EpochCounters[]) {
  const { proxy } = world;
  const counters = proxy.counters.bind(proxy);
  proxy.counters = async () => change(await counters());
  return () => (proxy.counters = counters);
}

/** As a proxy of another version might count. */
function misshapen(epochs: readonly EpochCounters[]): readonly EpochCounters[] {
  return epochs.map((epoch) => ({ ...epoch, ...JSON.parse('{"durations":null}') }));
}

it('nothing is thought of a rollout before anybody has looked', async (t) => {
  const world = await JudgedWorld.open(t);
  world.proxy.isAway = true;
  assert.equal(await world.look(), null);
  assert.equal(world.judging.judged, null);
});

describe('evidence', () => {
  it('from before a restart that no judge can go on from is told, and the judge begins anew once', async (t) => {
    const world = await JudgedWorld.open(t);
    serve(world);
    await world.look();
    const text = (await world.checkpoints.load(row)) ?? '';
    await world.checkpoints.save(row, text.replace('"seen":', '"was":'));
    world.restart();
    serve(world);
    assert.equal((await world.look())?.verdict, 'undecided');
    assert.equal(requests(world), 40);
    assert.match(world.problems.join(), /^going on from the evidence: .* begins anew/);
    world.proxy.open(firstEpoch + 1);
    await world.look();
    const mend = answerWith(world, misshapen);
    await world.look();
    mend();
    serve(world);
    await world.look();
    assert.equal(requests(world), 60);
  });

  it('is not given up for an answer of the proxy that cannot be understood', async (t) => {
    const world = await JudgedWorld.open(t);
    serve(world);
    world.proxy.open(firstEpoch + 1);
    await world.look();
    const mend = answerWith(world, misshapen);
    await world.look();
    assert.match(world.problems.join(), /^judging: /);
    mend();
    serve(world);
    await world.look();
    assert.equal(requests(world), 40);
  });

  it('of another version is told as such', async (t) => {
    const world = await JudgedWorld.open(t);
    await world.checkpoints.save(row, '{"format":1}');
    await world.look();
    assert.match(world.problems.join(), /it is damaged, or of another version$/);
  });

  it('is written also when only a signal was read', async (t) => {
    const world = await JudgedWorld.open(t);
    const source = { kind: 'prometheus', url: '', query: 'orders' } as const;
    world.signalQueries = [{ signal: 'orders', better: 'higher', source }];
    world.readSignal = async () => 7;
    serve(world);
    await world.look();
    assert.equal(world.saves.length, 1);
    await new Promise((resolve) => setImmediate(resolve));
    await world.look();
    assert.equal(world.saves.length, 2);
    await world.look();
    assert.equal(world.saves.length, 2);
  });

  it('is written also when requests were only late', async (t) => {
    const services = [{ service: 'web', isSticky: false, lateAfterMs: [250, 1_000], timedUpToPermille: 500 }];
    const world = await JudgedWorld.open(t, { ...rules, services });
    let late: readonly number[] = [0, 0];
    answerWith(world, (epochs) =>
      epochs.map((epoch) => ({
        ...epoch,
        counts: epoch.counts.map((count) => (count.revision === 'production-2' ? { ...count, late } : count)),
      })),
    );
    serve(world);
    await world.look();
    world.proxy.grow('new', { started: 1, ok: 1 });
    late = [1, 1];
    await world.look();
    assert.equal(world.saves.length, 2);
  });

  it('is acknowledged only where an epoch is closed', async (t) => {
    const world = await JudgedWorld.open(t);
    serve(world);
    await world.look();
    assert.deepEqual(world.points, ['judge: before keeping evidence', 'judge: evidence kept']);
  });

  it('that cannot be written is told again when it could be written in between', async (t) => {
    const world = await JudgedWorld.open(t);
    for (const problem of [null, diskFull, diskFull, null, diskFull]) {
      world.diskProblem = problem;
      serve(world);
      await world.look();
    }
    const told = 'keeping the evidence: the disk is full';
    assert.deepEqual(
      world.problems.filter((each) => each === told),
      [told, told],
    );
  });
});
