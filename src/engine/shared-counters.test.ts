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
  const here = { now: 10_000, set: 0, asked: 0 };
  const counters = new SharedCounters({
    traffic: {
      counters: () => {
        here.asked += 1;
        const answer = Promise.withResolvers<readonly EpochCounters[]>();
        open.push(answer);
        return answer.promise;
      },
      acknowledge: async () => undefined,
    },
    clock: {
      now: () => here.now + here.set,
      uptime: () => here.now,
      sleep: (ms) => {
        slept.push(ms);
        return new Promise((resolve) => sleeping.push(resolve));
      },
    },
  });
  const answer = () => open.shift()?.resolve([epoch(production), epoch(staging)]);
  const fail = () => open.shift()?.reject(new LotseError('unreachable', 'away', { retriable: true }));
  return { here, counters, answer, fail, slept, wakeAll: () => sleeping.splice(0).forEach((wake) => wake()) };
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
    await assert.rejects(asked, (error) => error instanceof LotseError && error.code === 'timeout' && error.retriable);
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
});
