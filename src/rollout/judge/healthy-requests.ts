import { healthyError } from './error-budget.ts';
import type { HealthRules } from './health-bet.ts';

/** A mixture does not know beforehand which of its bets is right: what the bench measures, to the bound. */
const mixtureCost = 1.35;

/**
 * Requests of the new revision until one that fails as often as the old (`failureRate`) is found healthy, in the mean:
 * ln(1/error) over the information of one request with its `oldPerNew` neighbours, by whichever measure is faster.
 * Infinity: it cannot be found so.
 */
export function healthyRequests(failureRate: number, oldPerNew: number, rules: HealthRules): number {
  const gain = Math.max(oddsGain(failureRate, oldPerNew, rules.tolerance), rateGain(failureRate, rules.toleratedRate));
  return gain <= 0 ? Infinity : (mixtureCost * -Math.log(healthyError)) / gain;
}

/** Given an event, in which arm does it lie? */
function oddsGain(failureRate: number, oldPerNew: number, tolerance: number): number {
  if (oldPerNew <= 0 || !Number.isFinite(oldPerNew)) return 0;
  const really = 1 / (1 + oldPerNew);
  const tolerated = tolerance / (tolerance + oldPerNew);
  return failureRate * (1 - failureRate) * (1 + oldPerNew) * divergence(really, tolerated);
}

function rateGain(failureRate: number, toleratedRate: number): number {
  return failureRate >= toleratedRate || toleratedRate >= 1 ? 0 : divergence(failureRate, toleratedRate);
}

/** Kullback and Leibler's, of two coins, in nats. */
function divergence(p: number, q: number): number {
  const heads = p === 0 ? 0 : p * Math.log(p / q);
  return heads + (p === 1 ? 0 : (1 - p) * Math.log((1 - p) / (1 - q)));
}
