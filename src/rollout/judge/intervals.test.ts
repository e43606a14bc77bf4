import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EpochCounters, TrafficCount } from '../../core/routing-document.ts';
import { intervalsSince } from './intervals.ts';

function epoch(number: number, ok: number, failed = 0, proxyStart = 'one'): EpochCounters {
  const none = { started: ok, clientError: 0, clientGone: 5, late: [], serverError: 0 };
  const counts = [{ service: 'web', revision: 'new', bucket: 7, ...none, ok, failed }];
  return {
    app: 'shop',
    environment: 'production',
    epoch: number,
    proxyStart,
    openedAtMs: number,
    closedAtMs: null,
    counts,
    durations: [],
  };
}

const requestsOf = (result: ReturnType<typeof intervalsSince>) =>
  result.intervals.map(({ rows }) => rows.map(({ requests, failures }) => [requests, failures]));

describe('intervals', () => {
  it('hold what came since the last look, without clients that went away', () => {
    const first = intervalsSince({}, [epoch(1, 10)]);
    assert.deepEqual(requestsOf(first), [[[10, 0]]]);
    assert.deepEqual(requestsOf(intervalsSince(first.seen, [epoch(1, 12, 1)])), [[[3, 1]]]);
    assert.deepEqual(requestsOf(intervalsSince(first.seen, [epoch(1, 10)])), []);
  });

  it('never mix two epochs: a poll that straddles a change of shares makes two', () => {
    const before = intervalsSince({}, [epoch(1, 10)]);
    const straddling = intervalsSince(before.seen, [epoch(2, 4), epoch(1, 11)]);
    assert.deepEqual(requestsOf(straddling), [[[1, 0]], [[4, 0]]]);
  });

  it('of one number come in the order in which their epochs were opened', () => {
    const opened = (openedAtMs: number, ok: number) => ({ ...epoch(1, ok, 0, `start ${openedAtMs}`), openedAtMs });
    assert.deepEqual(requestsOf(intervalsSince({}, [opened(9, 4), opened(5, 11)])), [[[11, 0]], [[4, 0]]]);
  });

  it('count what the client did wrong, and how many requests say how long they take', () => {
    const [one] = epoch(1, 10, 2).counts;
    assert.ok(one !== undefined);
    const rowOf = (more: Partial<TrafficCount>) => {
      const [interval] = intervalsSince({}, [{ ...epoch(1, 0), counts: [{ ...one, ...more }] }]).intervals;
      const [row] = interval?.rows ?? [];
      return [row?.requests, row?.timed, row?.failures];
    };
    assert.deepEqual(rowOf({ clientError: 3 }), [15, 15, 2]);
    assert.deepEqual(rowOf({ untimed: 5 }), [12, 7, 2]);
  });

  it('count a proxy that was started anew from zero', () => {
    const before = intervalsSince({}, [epoch(1, 10)]);
    assert.deepEqual(requestsOf(intervalsSince(before.seen, [epoch(1, 3, 0, 'two')])), [[[3, 0]]]);
  });

  it('lose nothing when looks were missed', () => {
    const often = intervalsSince(intervalsSince({}, [epoch(1, 10)]).seen, [epoch(1, 30, 2)]);
    assert.deepEqual(requestsOf(intervalsSince({}, [epoch(1, 30, 2)])), [[[32, 2]]]);
    assert.deepEqual(requestsOf(often), [[[22, 2]]]);
  });

  it('find a bucket again wherever it stands among the others', () => {
    const one = epoch(1, 10).counts[0];
    assert.ok(one !== undefined);
    const of = (buckets: readonly number[], ok: number) => ({
      ...epoch(1, 0),
      counts: buckets.map((bucket) => ({ ...one, bucket, ok, failed: 2, late: [bucket] })),
    });
    const before = intervalsSince({}, [of([7, 0, 3, 9], 10)]);
    const [interval] = intervalsSince(JSON.parse(JSON.stringify(before.seen)), [of([1, 0, 3, 7, 9], 11)]).intervals;
    assert.deepEqual(
      interval?.rows.map(({ bucket, requests, late }) => [bucket, requests, late[0]]),
      [
        [1, 13, 1],
        [0, 1, 0],
        [3, 1, 0],
        [7, 1, 0],
        [9, 1, 0],
      ],
    );
  });

  it('hold the durations that came since, bin by bin', () => {
    const withBins = (counts: readonly number[]) => ({
      ...{ ...epoch(1, 0), counts: [] },
      durations: [{ service: 'web', revision: 'new', counts }],
    });
    const before = intervalsSince({}, [withBins([0, 4, 1])]);
    const { intervals } = intervalsSince(before.seen, [withBins([0, 4, 3, 0, 2])]);
    assert.deepEqual(intervals[0]?.durations, [{ service: 'web', revision: 'new', counts: [0, 0, 2, 0, 2] }]);
    assert.deepEqual(intervalsSince(before.seen, [withBins([0, 4, 1])]).intervals, []);
  });
});
