import type { EpochCounters } from '../../core/routing-document.ts';

/**
 * A proxy of a build without durations counts late requests by one threshold at most, and takes a list of them, which it may
 * be sent now, for something else: those counts are left out.
 */
export function countersInPresentForm(epoch: EpochCounters): EpochCounters {
  if (Object.hasOwn(epoch, 'durations')) return epoch;
  return { ...epoch, counts: epoch.counts.map((count) => ({ ...count, late: [] })), durations: [] };
}
