import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planInput } from '../rollout/fixtures/example-rollout.ts';
import { compilePlan } from '../rollout/compile-plan.ts';
import type { JobOrder } from '../ports/targets/targets.ts';
import { ended, JudgedWorld } from './fixtures/judged-world.ts';
import { noProbes, ProbePairs } from './probe-pairs.ts';

const key = (number: number, side: string) => `shop/production/production-rollout-2/probe/${number}/${side}`;
const counts = (world: JudgedWorld) => {
  const { probes } = JSON.parse(world.saves.at(-1) ?? '{}');
  return [probes.counts.new, probes.counts.old].map(({ asked, failed }) => `${failed} of ${asked}`);
};

/** Nobody comes for a minute, so that the first pair begins; returns the side that is asked first. */
async function firstProbe(world: JudgedWorld): Promise<'new' | 'old'> {
  await world.lookFor(61);
  assert.equal(world.started.length, 1);
  return world.started[0] === key(1, 'new') ? 'new' : 'old';
}

const other = (side: 'new' | 'old') => (side === 'new' ? 'old' : 'new');

describe('probes of both releases', () => {
  it('begin when the new one had less than a request a second for a minute', async (t) => {
    const world = await JudgedWorld.open(t);
    for (let second = 0; second < 120; second++) {
      world.proxy.count('new', 1);
      world.proxy.count('old', 50);
      await world.look();
    }
    assert.deepEqual(world.started, []);
    await world.look();
    world.proxy.count('old', 500);
    await world.look();
    assert.equal(world.started.length, 1);
  });

  it('ask one after the other at its own address, and count when both have ended', async (t) => {
    const world = await JudgedWorld.open(t);
    const first = await firstProbe(world);
    await world.lookFor(5);
    assert.equal(world.started.length, 1);
    world.end(key(1, first), ended(first === 'new' ? 1 : 0));
    await world.look();
    assert.deepEqual(world.started, [key(1, first), key(1, other(first))]);
    world.end(key(1, other(first)), ended(first === 'new' ? 0 : 1));
    await world.look();
    assert.deepEqual(counts(world), ['1 of 1', '0 of 1']);
    const urls = ['new', 'old'].map((side) => world.jobs.get(key(1, side))?.variables['BASE_URL']);
    assert.deepEqual(urls, ['http://127.0.0.1:4002', 'http://127.0.0.1:4001']);
  });

  it('come in pairs that begin half a minute apart, in an order that is drawn for each', async (t) => {
    const world = await JudgedWorld.open(t);
    await world.lookFor(61);
    const begun: number[] = [];
    for (let second = 0; second < 60 * 20; second++) {
      for (const started of world.started) world.end(started, ended(0));
      const before = world.started.length;
      await world.look();
      if (world.started.length > before && world.started.length % 2 === 1) begun.push(world.now);
    }
    const apart = begun.slice(1).map((at, index) => at - (begun[index] ?? 0));
    assert.ok(apart.length > 30 && apart.every((ms) => ms >= 30_000 && ms <= 32_000), apart.join());
    const firsts = world.started.filter((_, index) => index % 2 === 0).map((started) => started.endsWith('new'));
    const news = firsts.filter(Boolean).length;
    assert.ok(news > firsts.length / 5 && news < (firsts.length * 4) / 5, `${news} of ${firsts.length}`);
  });

  it('that are lost or were ended from outside count for nothing, and their partners neither', async (t) => {
    const world = await JudgedWorld.open(t);
    const first = await firstProbe(world);
    world.end(key(1, first), ended(1));
    await world.look();
    world.end(key(1, other(first)), { state: 'lost', exitCode: null, signal: null, logTail: [] });
    await world.lookFor(31);
    const second = world.started[2] === key(2, 'new') ? 'new' : 'old';
    world.end(key(2, second), { state: 'failed', exitCode: null, signal: 'SIGKILL', logTail: [] });
    await world.look();
    assert.deepEqual(counts(world), ['0 of 0', '0 of 0']);
    assert.equal(world.started.length, 3);
  });

  it('are taken up after a restart, and none is repeated', async (t) => {
    const world = await JudgedWorld.open(t);
    const first = await firstProbe(world);
    world.restart();
    await world.look();
    world.end(key(1, first), ended(0));
    world.restart();
    await world.look();
    world.end(key(1, other(first)), ended(0));
    world.restart();
    await world.look();
    assert.deepEqual(counts(world), ['0 of 1', '0 of 1']);
    assert.equal(world.started.length, 2);
  });

  it('are not asked while the rollout verifies, and make room for it', async (t) => {
    const world = await JudgedWorld.open(t);
    const first = await firstProbe(world);
    await world.judging.makeRoom();
    assert.equal(world.jobs.get(key(1, first))?.seen.signal, 'SIGTERM');
    const { steps } = world.plan;
    const verifying = { ...world.state, index: steps.findIndex(({ id }) => id === 'verify-before') };
    for (let second = 0; second < 120; second++) await world.look(1_000, verifying);
    assert.equal(world.started.length, 1);
    await world.look();
    assert.equal(world.started.length, 2);
  });

  for (const [how, change] of [
    ['turns', { direction: 'back' }],
    ['ends', { end: { kind: 'settled', at: 1 } }],
  ] as const) {
    it(`are cancelled when the rollout ${how}, also by the process that comes after`, async (t) => {
      const world = await JudgedWorld.open(t);
      const first = await firstProbe(world);
      world.restart();
      await world.tidy(change);
      assert.equal(world.jobs.get(key(1, first))?.seen.signal, 'SIGTERM');
    });
  }

  it('begin half a minute after the last one began, or when the clock was set back', async (t) => {
    const world = await JudgedWorld.open(t);
    const pairs = new ProbePairs(world.parts, world.plan, noProbes);
    const follow = async (afterMs: number) => {
      world.now += afterMs;
      for (let side = 0; side < 2; side++) {
        await pairs.follow(true);
        for (const started of world.started) world.end(started, ended(0));
      }
      await pairs.follow(false);
      return pairs.state.next - 1;
    };
    const begun: number[] = [];
    for (const afterMs of [0, 0, 29_999, 1, -1, -3_600_000]) begun.push(await follow(afterMs));
    assert.deepEqual(begun, [1, 1, 1, 2, 3, 4]);
    assert.deepEqual(pairs.state.counts, { new: { asked: 4, failed: 0 }, old: { asked: 4, failed: 0 } });
  });

  it('that are cancelled count for nothing, and those before them still do', async (t) => {
    const world = await JudgedWorld.open(t);
    const orders: JobOrder[] = [];
    const { target } = world.parts;
    const startJob = async (order: JobOrder) => (orders.push(order), await target.startJob(order));
    const counted = { new: { asked: 7, failed: 1 }, old: { asked: 7, failed: 2 } };
    const known = { ...noProbes, counts: counted, next: 8 };
    const pairs = new ProbePairs({ ...world.parts, target: { ...target, startJob } }, world.plan, known);
    await pairs.cancel();
    assert.deepEqual(pairs.state, known, 'none was running');
    await pairs.follow(true);
    await pairs.cancel();
    assert.deepEqual(pairs.state, { ...known, next: 9, lastBeganAt: world.now });
    const [order] = orders;
    assert.deepEqual([order?.app, order?.environment], ['shop', 'production']);
    assert.equal(world.jobs.get(order?.key ?? '')?.seen.signal, 'SIGTERM');
  });

  it('need a verification of both', async (t) => {
    const world = await JudgedWorld.open(t);
    world.withoutVerification = 'production-1';
    await world.lookFor(120);
    assert.deepEqual([world.started, world.problems], [[], []]);
  });

  it('have keys of their own beside those of the plan', () => {
    const keys = compilePlan(planInput()).steps.flatMap(({ effects }) =>
      effects.flatMap((e) => (e.kind === 'job' ? e.key : [])),
    );
    assert.ok(keys.length > 0 && keys.every((each) => !each.includes('/probe/')));
  });
});
