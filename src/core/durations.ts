/** How durations of requests are binned: six bins for each doubling, from 1 ms on; the last bin takes all that is longer. */
export const durationBins = 96;
const binsPerDoubling = 6;

/** The bin of a duration in milliseconds; everything below 1 ms is in the first one. */
export function durationBin(ms: number): number {
  if (!(ms > 1)) return 0;
  return Math.min(durationBins - 1, Math.floor(Math.log2(ms) * binsPerDoubling));
}

/** Where a bin ends, in milliseconds. */
export function durationBinEndMs(bin: number): number {
  return 2 ** ((bin + 1) / binsPerDoubling);
}
