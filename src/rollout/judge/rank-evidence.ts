import { durationBinEndMs, durationBins } from '../../core/durations.ts';

/** How strongly a bet believes that the new revision is slower: λ, fixed beforehand. */
export const rankStrengths: readonly number[] = [0.1, 0.2, 0.4, 0.8, 1.6];
/** How the wealth is divided among them: twice as slow is found by any bet, hardly slower than the margin by none soon. */
export const rankWeights: readonly number[] = [0.1, 0.2, 0.3, 0.3, 0.1];

/**
 * Evidence that requests of the new revision take longer than `margin` times those of the old one, from histograms
 * alone: the old one's durations are made so much longer, then every request gets the normal score of its rank among all
 * (the mean of the scores that its bin covers). While the draw alone decides which requests were the new revision's,
 * exp(λ · the sum of their scores) has no more than the mean that drawing with replacement would give (W. Hoeffding,
 * 1963, section 6), which is at most exp(λ²/2) for each; so the quotient of both is an e-value. A release that is faster
 * than the margin only has lower ranks.
 *
 * Returns its logarithm for each of `rankStrengths`. `fresh` and `old`: requests by bin of duration, shortest first, of
 * one interval. An empty arm tells nothing.
 */
export function rankRatios(fresh: readonly number[], old: readonly number[], margin: number): readonly number[] {
  const slower = shifted(old, marginBins(margin));
  const bins = Math.max(fresh.length, slower.length);
  const drawn = sum(fresh);
  const total = drawn + sum(slower);
  if (drawn === 0 || drawn === total) return rankStrengths.map(() => 0);
  let below = 0;
  let densityBelow = 0;
  let scores = 0;
  for (let bin = 0; bin < bins; bin++) {
    const count = (fresh[bin] ?? 0) + (slower[bin] ?? 0);
    if (count === 0) continue;
    below += count;
    const density = below === total ? 0 : normalDensity(normalQuantile(below / total));
    // The mean of the normal quantile over the ranks of this bin.
    scores += (fresh[bin] ?? 0) * (densityBelow - density) * (total / count);
    densityBelow = density;
  }
  return rankStrengths.map((strength) => strength * scores - (drawn * strength ** 2) / 2);
}

/** A margin in whole bins, rounded up: 1.1 times as long is allowed, and 1.12 times with it. */
function marginBins(margin: number): number {
  return Math.max(0, Math.ceil(Math.log(margin) / Math.log(durationBinEndMs(0)) - 1e-9));
}

/** The last bin takes all that is longer, so it takes what is moved beyond it. */
function shifted(counts: readonly number[], bins: number): readonly number[] {
  if (bins === 0) return counts;
  const moved = Array.from({ length: Math.min(durationBins, counts.length + bins) }, () => 0);
  for (const [bin, count] of counts.entries()) {
    const to = Math.min(durationBins - 1, bin + bins);
    moved[to] = (moved[to] ?? 0) + count;
  }
  return moved;
}

function sum(counts: readonly number[]): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}

function normalDensity(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/** Standard normal quantile, relative error below 1.2e-9 (P. J. Acklam's rational approximation). */
export function normalQuantile(p: number): number {
  if (p <= 0) return -Infinity;
  if (p >= 1) return Infinity;
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return (
      (((((-7.784894002430293e-3 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) * q +
        4.374664141464968) *
        q +
        2.938163982698783) /
      ((((7.784695709041462e-3 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1)
    );
  }
  const q = p - 0.5;
  const r = q * q;
  return (
    ((((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
      2.506628277459239) *
      q) /
    (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
      13.28068155288572) *
      r +
      1)
  );
}
