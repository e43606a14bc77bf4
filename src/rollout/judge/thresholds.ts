import { durationBinEndMs } from '../../core/durations.ts';
import { lateThresholds } from '../../core/routing-document.ts';
import type { Limit } from './judge-rules.ts';
import { unnoticedMs } from './unnoticed.ts';

/** Without history: from what feels instant to what nobody waits for, in milliseconds. The most useful first. */
const withoutHistory: readonly number[] = [1600, 400, 6400, 100];
/** The last ones tell most of a release that hangs or has become slower. */
const parts: readonly number[] = [0.99, 0.9, 0.5];
/** Fewer finished requests are no history. */
const leastRequests = 100;

/**
 * When a request of a service counts as late, in milliseconds, ascending, at most four: after what the limits say, and
 * after what a half, nine tenths and 99 of 100 requests of the old revision took, up to the end of the bin, but not
 * before it can be noticed.
 * `durations`: finished requests of the old revision by bin; null: unknown. Of more than four limits the longest are
 * left out.
 */
export function chooseThresholds(durations: readonly number[] | null, limits: readonly Limit[]): readonly number[] {
  const total = durations?.reduce((sum, count) => sum + count, 0) ?? 0;
  const wanted =
    durations === null || total < leastRequests ? withoutHistory : parts.map((part) => endOf(durations, total * part));
  const limited = limits.flatMap((limit) => (limit.kind === 'duration' ? [limit.mostMs] : []));
  const chosen = new Set(limited.toSorted((a, b) => a - b).slice(0, lateThresholds));
  for (const ms of wanted) if (chosen.size < lateThresholds) chosen.add(ms);
  return [...chosen].sort((a, b) => a - b);
}

/** Where the bin ends that holds request number `rank`, in whole milliseconds. */
function endOf(durations: readonly number[], rank: number): number {
  let below = 0;
  const bin = durations.findIndex((count) => (below += count) >= rank);
  return Math.max(unnoticedMs, Math.ceil(durationBinEndMs(Math.max(0, bin))));
}
