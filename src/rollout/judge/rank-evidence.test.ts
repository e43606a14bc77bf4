import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { logMean } from './grids.ts';
import { normalQuantile, rankRatios, rankStrengths, rankWeights } from './rank-evidence.ts';

interface Draw {
  readonly fresh: readonly number[];
  readonly weight: number;
}

/** Every way to draw the new requests of one interval out of `pooled`, with its number of ways. */
function draws(pooled: readonly number[], drawn: number): readonly Draw[] {
  const [first, ...rest] = pooled;
  if (first === undefined) return drawn === 0 ? [{ fresh: [], weight: 1 }] : [];
  return Array.from({ length: Math.min(first, drawn) + 1 }, (_, taken) =>
    draws(rest, drawn - taken).map(({ fresh, weight }) => ({
      fresh: [taken, ...fresh],
      weight: weight * ways(first, taken),
    })),
  ).flat();
}

function ways(of: number, taken: number): number {
  let result = 1;
  for (let i = 0; i < taken; i++) result = (result * (of - i)) / (i + 1);
  return result;
}

/** The mean of the e-value over all draws; `moved` says what the new revision makes of the requests that it got. */
function meanOf(
  pooled: readonly number[],
  drawn: number,
  margin: number,
  moved: (fresh: readonly number[]) => readonly number[],
): number {
  const all = draws(pooled, drawn);
  const total = all.reduce((sum, { weight }) => sum + weight, 0);
  return all.reduce((sum, { fresh, weight }) => {
    const old = pooled.map((count, bin) => count - (fresh[bin] ?? 0));
    return sum + (weight / total) * Math.exp(logMean(rankRatios(moved(fresh), old, margin), rankWeights));
  }, 0);
}

const asFast = (fresh: readonly number[]) => fresh;
const slowerByBins = (bins: number) => (fresh: readonly number[]) => [
  ...Array.from({ length: bins }, () => 0),
  ...fresh,
];

describe('rank evidence', () => {
  it('divides all of its wealth among its bets', () => {
    assert.equal(rankWeights.length, rankStrengths.length);
    assert.ok(Math.abs(rankWeights.reduce((sum, each) => sum + each, 0) - 1) < 1e-12);
  });

  it('has a mean of at most 1 when the draw alone decides which requests were the new revision’s', () => {
    for (const [pooled, drawn] of [
      [[5, 9, 4, 2], 1],
      [[5, 9, 4, 2], 4],
      [[1, 1, 1, 1, 1, 1, 1, 1], 3],
      [[40, 1], 6],
      [[0, 2, 0, 0, 30], 31],
    ] as const) {
      const mean = meanOf(pooled, drawn, 1, asFast);
      assert.ok(mean <= 1 + 1e-9 && mean > 0.2, `${mean} for ${pooled.join(' ')}`);
    }
  });

  it('has a mean of at most 1 for every release that is slower by no more than the margin', () => {
    const counts = fc.array(fc.nat({ max: 4 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 2 }), (pooled, wanted, slower) => {
        const drawn = Math.min(
          wanted,
          pooled.reduce((sum, count) => sum + count, 0),
        );
        // Margins of one, two and three bins; up to two bins slower is within the last two of them.
        for (const [margin, bins] of [
          [1.1, 1],
          [1.2, 2],
          [1.4, 3],
        ] as const)
          if (slower <= bins) assert.ok(meanOf(pooled, drawn, margin, slowerByBins(slower)) <= 1 + 1e-9);
      }),
      { numRuns: 300 },
    );
  });

  it('loses for a release that is a few percent slower, and wins for one that is half as slow again', () => {
    const old = Array.from({ length: 30 }, (_, bin) => Math.round(400 * Math.exp(-((bin - 15) ** 2) / 40)));
    const fresh = (bins: number) => slowerByBins(bins)(old.map((count) => Math.round(count / 19)));
    assert.ok(Math.max(...rankRatios(fresh(0), old, 1.1)) < 0);
    assert.ok(Math.max(...rankRatios(fresh(1), old, 1.1)) < 1);
    assert.ok(Math.max(...rankRatios(fresh(4), old, 1.1)) > 20);
  });

  it('is what the mean normal scores say, computed by numerical integration', () => {
    // Old requests, one bin longer: 6 in bin 1, 3 in bin 2; new: 1 in bin 1, 2 in bin 3. Rank 0-7, 7-10, 10-12 of 12.
    const scoreOf = (from: number, to: number) => {
      const steps = 200_000;
      let sum = 0;
      for (let i = 0; i < steps; i++) sum += normalQuantile((from + ((to - from) * (i + 0.5)) / steps) / 12);
      return sum / steps;
    };
    const scores = scoreOf(0, 7) + 2 * scoreOf(10, 12);
    const [weakest = Number.NaN, , , , strongest = Number.NaN] = rankRatios([0, 1, 0, 2], [6, 3], 1.1);
    assert.ok(Math.abs(weakest - (0.1 * scores - (3 * 0.01) / 2)) < 1e-4);
    assert.ok(Math.abs(strongest - (1.6 * scores - (3 * 2.56) / 2)) < 1e-3);
  });

  it('is finite for a hundred million requests, and says nothing where an arm is empty', () => {
    const many = Array.from({ length: 90 }, () => 1_000_000);
    assert.ok(rankRatios(many, many, 1.1).every(Number.isFinite));
    assert.deepEqual(rankRatios([0, 0], [3, 4], 1.1), [0, 0, 0, 0, 0]);
    assert.deepEqual(rankRatios([3, 4], [], 1.1), [0, 0, 0, 0, 0]);
  });

  it('keeps what is longer than the last bin in it', () => {
    const last = [...Array.from({ length: 95 }, () => 0), 10];
    // All have the same rank, so no score tells anything, and each bet only pays for its ten draws.
    for (const [index, ratio] of rankRatios(last, last, 1.1).entries())
      assert.ok(Math.abs(ratio + 5 * (rankStrengths[index] ?? Number.NaN) ** 2) < 1e-9);
  });

  it('knows bins that a short histogram does not have', () => {
    assert.ok(rankRatios([0, 1, 2], [3], 1.4).every(Number.isFinite));
  });
});

describe('the normal quantile', () => {
  it('is that of the tables', () => {
    for (const [p, z] of [
      [0.5, 0],
      [0.975, 1.959963984540054],
      [0.99, 2.3263478740408408],
      [0.001, -3.090232306167813],
      [1e-9, -5.997807015007686],
    ] as const)
      assert.ok(Math.abs(normalQuantile(p) - z) < 1e-8, `${p}`);
    assert.deepEqual([normalQuantile(0), normalQuantile(1)], [-Infinity, Infinity]);
  });
});
