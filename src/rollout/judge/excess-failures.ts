import type { EpochCounters } from '../../core/routing-document.ts';
import { excessByEpoch, varianceOf } from './excess.ts';
import type { Excess, ExcessByEpoch } from './excess.ts';
import { answersOf } from './intervals.ts';
import type { JudgeRules } from './judge-rules.ts';

/** No visitor alone spends more than this part of a budget: some fail whatever release they meet. */
const mostByBucket = 1 / 3;
/** Buckets with less than this part of that are not remembered one by one. */
const remembered = 1 / 8;

/** What each epoch has cost so far, in failed requests. */
export function excessSince(before: ExcessByEpoch, epochs: readonly EpochCounters[], rules: JudgeRules): ExcessByEpoch {
  const leastHeavy = capOf(rules) * remembered;
  return excessByEpoch(before, epochs, rules, {
    of: (count) => {
      const { requests, failures } = answersOf(count);
      return { requests, events: failures };
    },
    leastHeavy,
  });
}

/**
 * Failed requests beyond those that the old release would have had, over all services; never negative. What chance may
 * have done is left out, so that a good release does not spend a budget however long it is watched: √(v·ln(1+v)) for a
 * variance v, the boundary of a normal mixture (H. Robbins, 1970).
 */
export function excessFailures(byEpoch: ExcessByEpoch, rules: JudgeRules): number {
  const all = Object.values(byEpoch);
  let total = 0;
  for (const { service } of rules.services) {
    const own = all.flatMap((epoch) => epoch[service] ?? []);
    const variance = varianceOf(own);
    const failures = own.reduce((sum, each) => sum + each.beyond, 0) - beyondCap(own, capOf(rules));
    total += Math.max(0, failures - Math.sqrt(variance * Math.log1p(variance)));
  }
  return total;
}

function capOf({ exposureBudget }: JudgeRules): number {
  return exposureBudget === null ? Infinity : exposureBudget * mostByBucket;
}

/** What single buckets have cost beyond their part of the budget, in all epochs together. */
function beyondCap(epochs: readonly Excess[], cap: number): number {
  const buckets = new Map<number, number>();
  for (const { heavy } of epochs)
    for (const [bucket, failures] of heavy) buckets.set(bucket, (buckets.get(bucket) ?? 0) + failures);
  let beyond = 0;
  for (const failures of buckets.values()) beyond += Math.max(0, failures - cap);
  return beyond;
}
