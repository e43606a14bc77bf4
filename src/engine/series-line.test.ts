import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { durationBin } from '../core/durations.ts';
import { bucketsKept, SeriesLine, type Counted } from './series-line.ts';

/** Requests by how many milliseconds they took. */
function took(...all: readonly (readonly [ms: number, count: number])[]): Counted {
  const durations = Array.from({ length: Math.max(...all.map(([ms]) => durationBin(ms))) + 1 }, () => 0);
  for (const [ms, count] of all) durations[durationBin(ms)] = count;
  return { requests: 0, failed: 0, durations };
}

const counted = (requests: number, failed = 0): Counted => ({ requests, failed, durations: [] });

describe('a line of buckets', () => {
  it('has what was added to each of them, also to older ones', () => {
    const line = new SeriesLine();
    line.add(0, counted(8, 4), 1);
    assert.equal(line.newest, 0);
    line.add(1, counted(6, 3), 1);
    line.add(0, counted(8, 4), 0.25);
    line.add(3, counted(1), 1 / 3);
    assert.equal(line.newest, 3);
    const { requests, failed } = line.read(0, 4);
    assert.deepEqual(requests, [10, 6, 0, 0.33, 0]);
    assert.deepEqual(failed, [5, 3, 0, 0, 0]);
    assert.deepEqual(line.read(1, 1).requests, [6]);
    assert.deepEqual(line.read(2, 1), { requests: [], failed: [], medianMs: [], p95Ms: [] });
  });

  it('forgets the oldest when a new one comes, and shows nothing of what it does not keep', () => {
    const line = new SeriesLine();
    line.add(1, { ...took([20, 10]), requests: 7, failed: 7 }, 1);
    line.add(bucketsKept, counted(5), 1);
    assert.deepEqual(line.read(1, 1).requests, [7]);
    assert.deepEqual(line.read(bucketsKept, bucketsKept + 1).requests, [5, 0]);
    line.add(bucketsKept + 1, counted(2, 1), 1);
    const newest = line.read(bucketsKept + 1, bucketsKept + 1);
    assert.deepEqual(newest, { requests: [2], failed: [1], medianMs: [null], p95Ms: [null] });
    assert.deepEqual(line.read(1, 1), { requests: [0], failed: [0], medianMs: [null], p95Ms: [null] });
  });

  it('takes nothing for what it does not keep any more', () => {
    const line = new SeriesLine();
    line.add(bucketsKept + 80, counted(5), 1);
    line.add(80, counted(9), 1);
    line.add(81, counted(3), 1);
    assert.deepEqual(line.read(bucketsKept + 80, bucketsKept + 80).requests, [5]);
    assert.deepEqual(line.read(81, 81).requests, [3]);
  });

  it('is empty but for the newest one after a long rest', () => {
    const line = new SeriesLine();
    for (let bucket = 0; bucket < bucketsKept; bucket++) line.add(bucket, counted(1), 1);
    line.add(3 * bucketsKept, counted(4), 1);
    const { requests } = line.read(2 * bucketsKept + 1, 3 * bucketsKept);
    assert.equal(requests.length, bucketsKept);
    assert.deepEqual([requests.at(-1), new Set(requests.slice(0, -1))], [4, new Set([0])]);
  });
});

describe('how long requests took', () => {
  const quantiles = (...added: readonly (readonly [part: number, what: Counted])[]) => {
    const line = new SeriesLine();
    for (const [part, what] of added) line.add(7, what, part);
    const { medianMs, p95Ms } = line.read(7, 7);
    return [medianMs[0], p95Ms[0]];
  };

  it('is told where half of them and where 95 of 100 have ended, in tenths below ten milliseconds', () => {
    assert.deepEqual(quantiles([1, took([4.2, 50], [9.5, 50])]), [4.5, 10]);
    assert.deepEqual(quantiles([1, took([4.2, 49], [9.5, 51])]), [10, 10]);
    assert.deepEqual(quantiles([1, took([4.2, 95], [9.5, 5])]), [4.5, 4.5]);
    assert.deepEqual(quantiles([1, took([4.2, 94], [1_000, 6])]), [4.5, 1_024]);
  });

  it('is that of all that was added to a bucket, by the part of it', () => {
    assert.deepEqual(quantiles([1, took([4.2, 5])], [1, took([9.5, 7])], [1, took([4.2, 5])]), [4.5, 10]);
    assert.deepEqual(quantiles([0.1, took([4.2, 100])], [1, took([9.5, 9])]), [4.5, 10]);
    assert.deepEqual(quantiles([1, took([4.2, 9])], [1, counted(100)]), [4.5, 4.5]);
  });

  it('is not known where none was timed', () => {
    assert.deepEqual(quantiles([1, counted(100)]), [null, null]);
    assert.deepEqual(quantiles([1, took([4.2, 0])]), [null, null]);
  });

  it('is that of each bucket alone; what comes late for an older one does not count', () => {
    const line = new SeriesLine();
    line.add(7, took([4.2, 10]), 1);
    line.add(8, took([9.5, 1]), 1);
    line.add(7, took([1_000, 90]), 1);
    line.add(7, counted(1), 1);
    assert.deepEqual(line.read(7, 8).medianMs, [4.5, 10]);
    assert.deepEqual(line.read(7, 8).p95Ms, [4.5, 10]);
  });
});
