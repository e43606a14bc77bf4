import { horizon, newPerSecond, usual } from './bounds.ts';
import type { Chance } from './chance.ts';

/** What others decide by, on the same streams: canary requests until the alarm, null without one. */
export interface OtherRule {
  readonly title: string;
  readonly run: (chance: Chance, newRate: number) => number | null;
}

const perMinute = newPerSecond(usual) * 60;

/** A check each minute that so many of the canary's answers are good; one more than `retries` bad minutes ends it. */
function fixedInterval(least: number, retries: number): OtherRule {
  return {
    title: `each minute ≥ ${least * 100} % good, ${retries} retries`,
    run: (chance, newRate) => {
      let bad = 0;
      for (let requests = perMinute; requests <= horizon; requests += perMinute) {
        if (1 - chance.binomial(perMinute, newRate) / perMinute < least && ++bad > retries) return requests;
      }
      return null;
    },
  };
}

/**
 * The error rates of the minutes so far, canary against a baseline of the same size, each minute from the fourth: harm
 * when the 98 % confidence interval of the shift (Mann-Whitney, normal approximation) lies above 0 and above a quarter
 * of the estimate.
 */
const mannWhitney: OtherRule = {
  title: 'Mann-Whitney each minute from the fourth, 98 %',
  run: (chance, newRate) => {
    const fresh: number[] = [];
    const old: number[] = [];
    for (let requests = perMinute; requests <= horizon; requests += perMinute) {
      fresh.push(chance.binomial(perMinute, newRate) / perMinute);
      old.push(chance.binomial(perMinute, usual.baseline) / perMinute);
      const minutes = fresh.length;
      // Ten minutes of memory: with more the comparison of all pairs tells little new.
      if (minutes >= 4 && shifted(fresh.slice(-10), old.slice(-10))) return requests;
    }
    return null;
  },
};

function shifted(fresh: readonly number[], old: readonly number[]): boolean {
  const count = fresh.length;
  const shifts = fresh.flatMap((a) => old.map((b) => a - b)).sort((a, b) => a - b);
  const rank = Math.floor((count * count) / 2 - 2.326 * Math.sqrt((count * count * (2 * count + 1)) / 12));
  const low = rank < 0 ? undefined : shifts[rank];
  const middle = shifts[Math.floor(shifts.length / 2)] ?? 0;
  return low !== undefined && low > 0 && low > 0.25 * Math.abs(middle);
}

export const otherRules: readonly OtherRule[] = [
  fixedInterval(0.95, 1),
  fixedInterval(0.99, 0),
  fixedInterval(0.99, 1),
  mannWhitney,
];
