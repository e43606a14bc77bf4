import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EpochCounters, TrafficCount } from '../../core/routing-document.ts';
import { excessFailures, excessSince } from './excess-failures.ts';
import type { JudgeRules } from './judge-rules.ts';

const rules: JudgeRules = {
  ...{ newRevision: 'production-2', oldRevision: 'production-1', exposureBudget: 30, withinMs: 7_200_000 },
  ...{ margin: 1.1, tolerance: 2, toleratedRate: 0.005, limits: [], signals: [] },
  services: [
    { service: 'web', isSticky: false, lateAfterMs: [], timedUpToPermille: 500 },
    { service: 'api', isSticky: true, lateAfterMs: [], timedUpToPermille: 500 },
  ],
};

type Cell = readonly [requests: number, failures: number];

function row(service: string, isNew: boolean, bucket: number, [requests, failures]: Cell): TrafficCount {
  const revision = isNew ? 'production-2' : 'production-1';
  const none = { clientError: 0, failed: 0, clientGone: 0, late: [] };
  return { service, revision, bucket, started: requests, ok: requests - failures, serverError: failures, ...none };
}

function epoch(number: number, counts: readonly TrafficCount[]): EpochCounters {
  const name = { app: 'shop', environment: 'production', epoch: number, proxyStart: 'one' };
  return { ...name, openedAtMs: number, closedAtMs: null, counts, durations: [] };
}

const web = (number: number, fresh: Cell, old: Cell) =>
  epoch(number, [row('web', true, -1, fresh), row('web', false, -1, old)]);
const spentBy = (...epochs: readonly EpochCounters[]) => excessFailures(excessSince({}, epochs, rules), rules);

describe('excess failures', () => {
  it('are nearly all failures of a release that fails where the old one does not', () => {
    const spent = spentBy(web(1, [20, 20], [380, 0]));
    assert.ok(spent > 17 && spent <= 20, String(spent));
  });

  it('are none without requests, without an old release to compare with, and for an equal one', () => {
    assert.equal(spentBy(), 0);
    assert.equal(spentBy(web(1, [0, 0], [400, 9])), 0);
    assert.equal(spentBy(web(1, [0, 0], [0, 0])), 0);
    assert.equal(spentBy(web(1, [500, 100], [0, 0])), 0);
    assert.equal(spentBy(web(1, [10_000, 50], [190_000, 950])), 0);
  });

  it('leave chance out: a good release may have some more failures than the old one', () => {
    assert.equal(spentBy(web(1, [100_000, 540], [1_900_000, 9_500])), 0);
    assert.ok(spentBy(web(1, [100_000, 700], [1_900_000, 9_500])) > 100);
  });

  it('are never negative, and what one service saves pays for no other', () => {
    assert.equal(spentBy(web(1, [10_000, 0], [190_000, 950])), 0);
    const both = epoch(1, [
      ...web(1, [10_000, 0], [190_000, 9_500]).counts,
      ...[1, 2, 3, 4].map((bucket) => row('api', true, bucket, [6, 6])),
      ...Array.from({ length: 76 }, (_, index) => row('api', false, 500 + index, [6, 0])),
    ]);
    assert.ok(spentBy(both) > 17, String(spentBy(both)));
  });

  it('are compared within each epoch: a day that gets worse while shares grow costs nothing', () => {
    const morning = web(1, [1_000, 5], [99_000, 495]);
    const evening = web(2, [50_000, 1_500], [50_000, 1_500]);
    assert.equal(spentBy(morning, evening), 0);
  });

  it('stay when the proxy has forgotten the epoch', () => {
    const known = excessSince({}, [web(1, [20, 20], [380, 0])], rules);
    assert.deepEqual(excessSince(known, [], rules), known);
  });

  it('of visitors who always fail count for nothing where the old release has such visitors too', () => {
    assert.equal(spentBy(epoch(1, buckets(40, [2, 20, 30, 40, 50, 60, 70]))), 0);
  });

  it('of one visitor alone never spend a budget, in all epochs together, and those of many soon do', () => {
    const one = [1, 2, 3, 4].map((number) => epoch(number, buckets(200, [2])));
    assert.ok(spentBy(...one) <= 10, String(spentBy(...one)));
    assert.ok(spentBy(epoch(1, buckets(10, [0, 1, 2, 3, 4]))) > 30);
  });

  it('of one visitor are remembered also where each epoch has few of them', () => {
    const spent = spentBy(...Array.from({ length: 30 }, (_, index) => epoch(index, buckets(9, [2]))));
    assert.ok(spent <= 10, String(spent));
  });

  it('are what is beyond the old rate, less what chance and what single visitors may do', () => {
    const failuresOf = (bucket: number) => (bucket === 0 ? 40 : bucket < 100 ? 9 : 1);
    const counts = Array.from({ length: 200 }, (_, bucket) =>
      row('api', bucket < 100, bucket, [40, failuresOf(bucket)]),
    );
    const [fresh, old] = [40 + 99 * 9, 100];
    const pooled = (fresh + old) / 8_000;
    const rate = (old + 20 * pooled) / 4_020;
    const squares = counts.reduce((sum, { bucket }) => sum + (failuresOf(bucket) - 40 * pooled) ** 2, 0);
    const variance = 4_000 * pooled * (1 + 4_000 / 4_020) * (squares / (fresh + old));
    // A third of the budget of 30 is what one visitor may spend.
    const heavy = 40 - 40 * rate - 10;
    const expected = fresh - 4_000 * rate - heavy - Math.sqrt(variance * Math.log1p(variance));
    assert.ok(expected > 500, String(expected));
    assert.ok(Math.abs(spentBy(epoch(1, counts)) - expected) < 1e-9, `${spentBy(epoch(1, counts))} is not ${expected}`);
  });

  /** A hundred buckets, five of them the canary's; those that fail do so at each of their requests. */
  const buckets = (requests: number, failing: readonly number[]) =>
    Array.from({ length: 100 }, (_, bucket) =>
      row('api', bucket < 5, bucket, [requests, failing.includes(bucket) ? requests : 0]),
    );
});
