/** How many times more often than the margin allows a bad release may fail: bets on each of these. */
export const harmGrid: readonly number[] = [1.5, 2, 3, 4.5, 7, 11, 18, 30, 60];
/**
 * How the wealth is divided among them, sums to 1. Least lies at the ends: what fails hardly more often than the margin
 * allows cannot be found soon, and what fails nearly always is found within a few requests by any bet.
 */
export const harmWeights: readonly number[] = [0.08, 0.11, 0.14, 0.14, 0.12, 0.12, 0.11, 0.11, 0.07];
/** How much rarer than tolerated a good release fails. */
export const healthGrid: readonly number[] = [0.05, 0.2, 0.35, 0.5, 0.7];

/** Logarithm of the mean of exp(logs). `weights` sum to 1; without them all count alike. */
export function logMean(logs: readonly number[], weights: readonly number[] | null = null): number {
  let highest = -Infinity;
  for (const log of logs) if (log > highest) highest = log;
  if (highest === -Infinity) return -Infinity;
  const equal = 1 / logs.length;
  let sum = 0;
  for (let i = 0; i < logs.length; i++) sum += (weights?.[i] ?? equal) * Math.exp((logs[i] ?? 0) - highest);
  return highest + Math.log(sum);
}
