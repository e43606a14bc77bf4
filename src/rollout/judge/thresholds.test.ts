import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { durationBin, durationBins } from '../../core/durations.ts';
import type { Limit } from './judge-rules.ts';
import { chooseThresholds } from './thresholds.ts';

const slowest = (mostMs: number): Limit => ({ kind: 'duration', part: 0.99, mostMs });

function binsOf(durationsMs: readonly number[]): readonly number[] {
  const counts = Array.from({ length: durationBins }, () => 0);
  for (const ms of durationsMs) counts[durationBin(ms)] = (counts[durationBin(ms)] ?? 0) + 1;
  return counts;
}

it('requests are late after what a half, nine tenths and 99 of 100 took before', () => {
  const durations = binsOf(Array.from({ length: 1_000 }, (_, index) => index + 1));
  const [half = 0, most = 0, nearlyAll = 0] = chooseThresholds(durations, []);
  assert.ok(half >= 500 && half <= 600, String(half));
  assert.ok(most >= 900 && most <= 1_030, String(most));
  assert.ok(nearlyAll >= 990 && nearlyAll <= 1_150, String(nearlyAll));
});

it('a rank is in the bin that holds it, and a hundred requests are a history', () => {
  const halves = binsOf(Array.from({ length: 100 }, (_, index) => (index < 50 ? 20 : 500)));
  const [half = 0, most = 0] = chooseThresholds(halves, []);
  assert.ok(half >= 20 && half < 25, String(half));
  assert.ok(most >= 500 && most < 600, String(most));
});

it('limits are always among the thresholds, in whole order', () => {
  const durations = binsOf(Array.from({ length: 200 }, () => 50));
  assert.ok(chooseThresholds(durations, [slowest(800)]).includes(800));
  assert.deepEqual(chooseThresholds(null, [slowest(800)]), [400, 800, 1600, 6400]);
  assert.deepEqual(chooseThresholds(null, [5, 4, 3, 2, 1].map(slowest)), [1, 2, 3, 4]);
});

it('nothing is late before anybody can notice', () => {
  assert.deepEqual(chooseThresholds(binsOf(Array.from({ length: 200 }, () => 3)), []), [10]);
  assert.deepEqual(chooseThresholds(binsOf(Array.from({ length: 200 }, () => 3)), [slowest(5)]), [5, 10]);
});

it('without history there are four from instant to long', () => {
  assert.deepEqual(chooseThresholds(null, []), [100, 400, 1600, 6400]);
  assert.deepEqual(chooseThresholds(binsOf([3, 4, 5]), []), [100, 400, 1600, 6400]);
});

it('there are one to four, ascending, for every history and any limits', () => {
  const counts = fc.option(fc.array(fc.nat({ max: 1_000_000 }), { maxLength: durationBins }));
  fc.assert(
    fc.property(counts, fc.array(fc.integer({ min: 1, max: 60_000 }), { maxLength: 6 }), (durations, limits) => {
      const chosen = chooseThresholds(durations, limits.map(slowest));
      assert.ok(chosen.length >= 1 && chosen.length <= 4);
      assert.deepEqual(
        chosen,
        [...new Set(chosen)].sort((a, b) => a - b),
      );
      assert.ok(chosen.every((ms) => Number.isInteger(ms) && ms > 0));
    }),
  );
});
