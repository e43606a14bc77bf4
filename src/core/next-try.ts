import type { UnixMs } from './ids.ts';

/** How often and how long somebody outside is tried. */
const firstWaitMs = 10_000;
const longestWaitMs = 3_600_000;
export const giveUpAfterMs = 3 * 24 * 3_600_000;

/** When it is tried again after the n-th failure; null: three days after it was due first it is given up. */
export function nextTryAt(failures: number, dueAt: UnixMs, now: UnixMs): UnixMs | null {
  if (now - dueAt >= giveUpAfterMs) return null;
  return now + Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(failures - 1, 20));
}
