import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EpochCounters, TrafficCount } from '../../core/routing-document.ts';
import type { JudgeRules } from './judge-rules.ts';
import { unansweredServices, unansweredSince } from './unanswered.ts';

const rules: JudgeRules = {
  ...{ newRevision: 'production-2', oldRevision: 'production-1', exposureBudget: null, withinMs: 7_200_000 },
  ...{ margin: 1.1, tolerance: 2, toleratedRate: 0.005, limits: [], signals: [] },
  services: [
    { service: 'web', isSticky: false, lateAfterMs: [], timedUpToPermille: 500 },
    { service: 'api', isSticky: true, lateAfterMs: [], timedUpToPermille: 500 },
  ],
};

/** `open`: under way. `gone`: whoever had asked went away. */
interface Cell {
  readonly ok: number;
  readonly open?: number;
  readonly gone?: number;
}

function row(service: string, isNew: boolean, bucket: number, { ok, open = 0, gone = 0 }: Cell): TrafficCount {
  const revision = isNew ? 'production-2' : 'production-1';
  const none = { clientError: 0, serverError: 0, failed: 0, late: [] };
  return { service, revision, bucket, started: ok + open + gone, ok, clientGone: gone, ...none };
}

function epoch(number: number, counts: readonly TrafficCount[]): EpochCounters {
  const name = { app: 'shop', environment: 'production', epoch: number, proxyStart: 'one' };
  return { ...name, openedAtMs: number, closedAtMs: null, counts, durations: [] };
}

const web = (number: number, fresh: Cell, old: Cell) =>
  epoch(number, [row('web', true, -1, fresh), row('web', false, -1, old)]);
const held = (...epochs: readonly EpochCounters[]) => unansweredServices(unansweredSince({}, epochs, rules), rules);

/** A thousand buckets with twenty requests each, fifty of them the canary's; these have no answers at all. */
const buckets = (silent: readonly number[]) =>
  epoch(
    1,
    Array.from({ length: 1_000 }, (_, bucket) =>
      row('api', bucket < 50, bucket, silent.includes(bucket) ? { ok: 0, gone: 20 } : { ok: 20 }),
    ),
  );

describe('requests without an answer', () => {
  it('hold health up where the new release hangs, whether they are waited for or given up', () => {
    for (const cell of [
      { ok: 570, open: 30 },
      { ok: 570, gone: 30 },
      { ok: 570, open: 15, gone: 15 },
    ]) {
      const [web_, ...more] = held(web(1, cell, { ok: 11_400 }));
      assert.equal(web_?.service, 'web');
      assert.ok(Math.abs((web_.newRate ?? 0) - 0.05) < 1e-9 && web_.oldRate < 0.001, JSON.stringify(web_));
      assert.deepEqual(more, []);
    }
  });

  it('hold nothing up while the old release has as many, however many that are', () => {
    assert.deepEqual(held(web(1, { ok: 600, open: 600 }, { ok: 11_400, open: 11_400 })), []);
    assert.deepEqual(held(web(1, { ok: 600, gone: 12 }, { ok: 11_400, gone: 228 })), []);
  });

  it('hold nothing up as far as failures would be tolerated, and chance goes', () => {
    assert.deepEqual(held(web(1, { ok: 2_000, open: 9 }, { ok: 38_000 })), []);
    assert.equal(held(web(1, { ok: 2_000, open: 25 }, { ok: 38_000 })).length, 1);
    assert.deepEqual(held(web(1, { ok: 2_000, open: 65 }, { ok: 38_000, open: 760 })), []);
    assert.equal(held(web(1, { ok: 2_000, open: 120 }, { ok: 38_000, open: 760 })).length, 1);
    assert.deepEqual(held(web(1, { ok: 19, open: 1 }, { ok: 400, open: 4 })), []);
  });

  it('are compared within each epoch: more of them while shares grow is not the release', () => {
    const morning = web(1, { ok: 1_000 }, { ok: 99_000 });
    const evening = web(2, { ok: 45_000, open: 5_000 }, { ok: 45_000, open: 5_000 });
    assert.deepEqual(held(morning, evening), []);
  });

  it('are remembered when the proxy has forgotten the epoch, and are no more once they are answered', () => {
    const hung = unansweredSince({}, [web(1, { ok: 570, open: 30 }, { ok: 11_400 })], rules);
    assert.equal(unansweredServices(unansweredSince(hung, [], rules), rules).length, 1);
    const answered = unansweredSince(hung, [web(1, { ok: 600 }, { ok: 11_400 })], rules);
    assert.deepEqual(unansweredServices(answered, rules), []);
  });

  it('of visitors who never wait for any hold nothing up where the old release has such visitors too', () => {
    assert.deepEqual(held(buckets([2, 30, 120, 240, 360, 480, 600, 720, 840, 960])), []);
    assert.equal(held(buckets([2, 12, 22, 32, 42]))[0]?.service, 'api');
  });

  it('are none where nobody has asked', () => {
    assert.deepEqual(held(), []);
    assert.deepEqual(held(web(1, { ok: 0 }, { ok: 400, open: 40 })), []);
  });
});
