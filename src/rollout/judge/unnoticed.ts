import { durationBin } from '../../core/durations.ts';

/**
 * What nobody notices, in milliseconds. A good release that serves few requests is slower by this much for reasons of its
 * own: connections that are opened anew, caches and code that are seldom used, the scheduler.
 */
export const unnoticedMs = 10;

const noticedBin = durationBin(unnoticedMs);

/** Requests by bin, as if none had been shorter than can be noticed. */
export function withoutUnnoticed(counts: readonly number[]): readonly number[] {
  const short = counts.slice(0, noticedBin + 1).reduce((sum, count) => sum + count, 0);
  return [...Array.from({ length: noticedBin }, () => 0), short, ...counts.slice(noticedBin + 1)];
}
