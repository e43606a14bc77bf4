import type { CanaryShare } from '../plan-input.ts';
import { harmfulError } from './error-budget.ts';
import { healthyRequests } from './healthy-requests.ts';

/** What a canary is wished to be: shares in thousandths, or how many failed requests it may cost. Neither: the default. */
interface CanaryWish {
  readonly shares: readonly number[] | null;
  readonly budget: number | null;
  readonly everyMs: number;
}

/** Today's requests of the environment, and what part of them fails. */
interface Load {
  readonly requestsPerS: number;
  readonly failureRate: number;
}

const defaultShares: readonly number[] = [10, 50, 250, 500];
/** A step of so much is left only when the new release was found healthy; below that it is enough that it is not harmful. */
const provingPermille = 50;
/** From harm seen to nobody sent there any more: a look each second, the decision, the document at every proxy. */
const reactionS = 3;
/** What it takes anyhow to look a few times, in milliseconds. */
const fewLooksMs = 5_000;
/**
 * The last share is the last at which durations can be compared, and where most can be learned of them: it stays until the
 * new release has had so many requests, but not longer than this for that, in milliseconds.
 */
const lastLook = { requests: 500, mostMs: 60_000 };
/** Even where hardly anybody comes, half of the visitors are not the first to see a release. */
const mostFirstPermille = 250;

/** The steps of a canary before the full shift, with the time that each is expected to take at today's load. */
export function planShares({ shares, budget, everyMs }: CanaryWish, load: Load | null): readonly CanaryShare[] {
  const permilles = shares ?? (budget === null ? defaultShares : sharesWithin(budget, load));
  const proving = permilles.findIndex((permille) => permille >= provingPermille);
  return permilles.map((permille, index) => {
    const sureMs = index === proving ? sureAfterMs(permille, load) : 0;
    const leastMs = index === permilles.length - 1 ? Math.max(everyMs, lastLookMs(permille, load)) : everyMs;
    return {
      permille,
      everyMs: leastMs,
      expectedMs: sureMs === null || load === null ? null : Math.max(leastMs, sureMs, fewLooksMs),
    };
  });
}

/** Doubling from the first share up to half. */
function sharesWithin(budget: number, load: Load | null): readonly number[] {
  const shares: number[] = [];
  for (let permille = firstShare(budget, load); permille < 500; permille *= 2) {
    // The last step before half is left out where it would be hardly less than that.
    if (permille <= 350) shares.push(permille);
  }
  return [...shares, 500];
}

/** The largest share at which a release that fails every request is back before it has spent the budget. */
function firstShare(budget: number, load: Load | null): number {
  if (load === null) return defaultShares[0] ?? 10;
  let permille = mostFirstPermille;
  while (permille > 1 && costOfFailing(permille, load) > budget) permille--;
  return permille;
}

/** Failed requests of a release that fails every one: those that the judge needs, and those that come until all are back. */
function costOfFailing(permille: number, { requestsPerS }: Load): number {
  const share = permille / 1000;
  // What one failure tells: which of both it met, up to the boldest bet of the judge.
  const evidence = Math.min(-Math.log(share), Math.log(66));
  // A sixth of the error and a tenth of the wealth stand behind the bet that wins.
  const needed = -Math.log(harmfulError / 6 / 10);
  return Math.ceil(needed / evidence) + requestsPerS * share * reactionS;
}

function lastLookMs(permille: number, load: Load | null): number {
  if (load === null || load.requestsPerS <= 0) return 0;
  const ms = (lastLook.requests / (load.requestsPerS * (permille / 1000))) * 1000;
  return Math.round(Math.min(lastLook.mostMs, ms));
}

function sureAfterMs(permille: number, load: Load | null): number | null {
  if (load === null || load.requestsPerS <= 0) return null;
  const share = permille / 1000;
  const tolerated = { tolerance: 2, toleratedRate: 0.005 };
  const requests = healthyRequests(load.failureRate, (1 - share) / share, tolerated);
  const ms = (requests / (load.requestsPerS * share)) * 1000;
  return Number.isFinite(ms) ? Math.round(ms) : null;
}
