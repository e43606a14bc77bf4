import type { ServiceName } from '../../core/ids.ts';
import type { EpochCounters } from '../../core/routing-document.ts';
import { healthyError } from './error-budget.ts';
import { excessByEpoch, varianceOf } from './excess.ts';
import type { Excess, ExcessByEpoch } from './excess.ts';
import { answersOf } from './intervals.ts';
import type { JudgeRules } from './judge-rules.ts';
import { normalQuantile } from './rank-evidence.ts';

/** A service of which the new release leaves more requests without an answer than is tolerated. */
export interface Unanswered {
  readonly service: ServiceName;
  /** Of its requests, those without an answer, 0 … 1; and what they would be with the old release. */
  readonly newRate: number;
  readonly oldRate: number;
}

/**
 * Requests that have begun and have no answer, by epoch: they are under way still, or whoever had asked went away. A
 * release that hangs finishes nothing, so that among what it finishes all may be well.
 */
export function unansweredSince(
  before: ExcessByEpoch,
  epochs: readonly EpochCounters[],
  rules: JudgeRules,
): ExcessByEpoch {
  return excessByEpoch(before, epochs, rules, {
    of: (count) => {
      const requests = Math.max(count.started, answersOf(count).requests);
      return { requests, events: requests - answersOf(count).requests };
    },
    leastHeavy: Infinity,
  });
}

/**
 * Services that cannot be called healthy now, because too many requests have no answer: beyond chance, and beyond what
 * is tolerated of failures. Both releases have requests under way, and where answers take long so many more, so they are
 * compared in the same epoch: a release that holds each request for half a minute, as the old one does, is no worse.
 */
export function unansweredServices(byEpoch: ExcessByEpoch, rules: JudgeRules): readonly Unanswered[] {
  const all = Object.values(byEpoch);
  return rules.services.flatMap(({ service }) => {
    const own = all.flatMap((epoch) => epoch[service] ?? []);
    const sumOf = (of: 'requests' | 'expected' | 'beyond') => own.reduce((sum, each) => sum + each[of], 0);
    const [requests, expected, beyond] = [sumOf('requests'), sumOf('expected'), sumOf('beyond')];
    const tolerated = Math.max(rules.toleratedRate * requests, (rules.tolerance - 1) * expected);
    if (beyond - chanceOf(own) <= tolerated) return [];
    return [{ service, newRate: (expected + beyond) / requests, oldRate: expected / requests }];
  });
}

/** What two equal releases differ by more rarely than a bad one may be called healthy. */
function chanceOf(excesses: readonly Excess[]): number {
  return -normalQuantile(healthyError) * Math.sqrt(varianceOf(excesses));
}
