import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LotseError } from '../core/errors.ts';
import type { EpochCounters } from '../core/routing-document.ts';
import { SharedCounters } from './shared-counters.ts';

const production = { app: 'shop', environment: 'production' };
const staging = { app: 'shop', environment: 'staging' };

function epoch(scope: typeof production): EpochCounters {
  return { ...scope, epoch: 1, proxyStart: 'one', openedAtMs: 0, closedAtMs: null, counts: [], durations: [] };
}

/** A proxy that answers when it is told to, and a clock that is set. */
function world() {
  const open: PromiseWithResolvers<readonly EpochCounters[]>[] = [];
  const sleeping: (() => void)[] = [];
  const slept: number[] = [];
  const rests: AbortSignal[] = [];
  const heard: (readonly EpochCounters[])[] = [];
  const acknowledged: unknown[] = [];
  const here = { now: 10_000, set: 0, asked: 0 };
  const parts = {
    traffic: {
      counters: () => {
        here.asked += 1;
        const answer = Promise.withResolvers<readonly EpochCounters[]>();
        open.push(answer);
        return answer.promise;
      },
      acknowledge: async (epochs: readonly unknown[]) => void acknowledged.push(...epochs),
    },
    clock: {
      now: () => here.now + here.set,
      uptime: () => here.now,
      sleep: (ms: number, signal: AbortSignal) => {
        slept.push(ms);
        rests.push(signal);
        return new Promise<void>((resolve) => sleeping.push(resolve));
      },
    },
  };
  const counters = new SharedCounters(parts, (all) => heard.push(all));
  const answer = () => open.shift()?.resolve([epoch(production), epoch(staging)]);
  const fail = () => open.shift()?.reject(new LotseError('unreachable', 'away', { retriable: true }));
  const wakeAll = () => sleeping.splice(0).forEach((wake) => wake());
  return { here, counters, answer, fail, slept, rests, heard, acknowledged, wakeAll };
}

describe('counters', () => {
  it('are asked for once for all who want them at about the same time, each of its own environment', async () => {
    const { here, counters, answer } = world();
    const asked = [counters.of(production, 250), counters.of(staging, 250)];
    answer();
    assert.deepEqual(await Promise.all(asked), [[epoch(production)], [epoch(staging)]]);
    here.now += 250;
    assert.deepEqual(await counters.of({ ...staging, environment: 'dev' }, 250), []);
    assert.equal(here.asked, 1);
    here.now += 1;
    const anew = counters.of(production, 250);
    answer();
    await anew;
    assert.equal(here.asked, 2);
  });

  it('that are costly to ask for serve longer, whoever sets the clock meanwhile', async () => {
    const { here, counters, answer } = world();
    const asked = counters.of(production, 250);
    here.now += 80;
    answer();
    await asked;
    here.now += 720;
    for (const set of [3_600_000, -3_600_000]) {
      here.set = set;
      await counters.of(production, 250);
      assert.equal(here.asked, 1);
    }
    here.now += 1;
    const anew = counters.of(production, 250);
    answer();
    await anew;
    assert.equal(here.asked, 2);
  });

  it('that cannot be had are asked for again by the next', async () => {
    const { here, counters, answer, fail } = world();
    const asked = [counters.of(production, 250), counters.of(staging, 250)];
    fail();
    for (const each of await Promise.allSettled(asked)) assert.equal(each.status, 'rejected');
    const anew = counters.of(production, 250);
    answer();
    assert.equal((await anew).length, 1);
    assert.equal(here.asked, 2);
  });

  it('that nobody answers hold up nobody for long, and are not asked for twice at once', async () => {
    const { here, counters, answer, wakeAll } = world();
    const asked = counters.of(production, 250);
    wakeAll();
    const message = "the proxy's counters took longer than 2 s";
    await assert.rejects(asked, { code: 'timeout', retriable: true, message });
    here.now += 5_000;
    const again = counters.of(production, 250);
    answer();
    assert.equal((await again).length, 1);
    assert.equal(here.asked, 1);
  });

  it('are waited for no longer than until they would be asked for again', async () => {
    const { here, counters, answer, slept, wakeAll } = world();
    const first = counters.of(production, 250);
    here.now += 9_500;
    const joined = counters.of(staging, 250);
    assert.deepEqual(slept, [2_000, 500]);
    wakeAll();
    for (const each of await Promise.allSettled([first, joined])) assert.equal(each.status, 'rejected');
    answer();
  });

  it('are asked for again when nobody has answered for ten seconds', async () => {
    const { here, counters, answer, fail, wakeAll } = world();
    const asked = counters.of(production, 250);
    wakeAll();
    await assert.rejects(asked);
    here.now += 10_001;
    const again = counters.of(production, 250);
    fail();
    await new Promise((resolve) => setImmediate(resolve));
    answer();
    assert.equal((await again).length, 1);
    assert.equal(here.asked, 2);
  });

  for (const how of ['answer', 'fail'] as const) {
    it(`that were given up change nothing when they come after all (${how})`, async () => {
      const { here, counters, wakeAll, ...proxy } = world();
      const asked = counters.of(production, 250);
      wakeAll();
      await assert.rejects(asked);
      here.now += 10_001;
      const again = counters.of(production, 250);
      proxy[how]();
      await new Promise((resolve) => setImmediate(resolve));
      here.now += 300;
      const joined = counters.of(staging, 250);
      assert.equal(here.asked, 2);
      proxy.answer();
      assert.deepEqual([await again, await joined], [[epoch(production)], [epoch(staging)]]);
    });
  }

  it('are told to whoever keeps them, and nobody rests once they are there', async () => {
    const { counters, answer, heard, rests } = world();
    const asked = counters.of(production, 250);
    assert.deepEqual([heard, rests.map(({ aborted }) => aborted)], [[], [false]]);
    answer();
    await asked;
    assert.deepEqual(heard, [[epoch(production), epoch(staging)]]);
    assert.deepEqual(
      rests.map(({ aborted }) => aborted),
      [true],
    );
  });

  it('may be forgotten by the proxy once they are acknowledged, by epoch and start of the proxy', async () => {
    const { counters, acknowledged } = world();
    await counters.acknowledge(staging, [epoch(staging), { ...epoch(staging), epoch: 2, proxyStart: 'two' }]);
    assert.deepEqual(acknowledged, [
      { scope: staging, epoch: 1, proxyStart: 'one' },
      { scope: staging, epoch: 2, proxyStart: 'two' },
    ]);
  });
});
