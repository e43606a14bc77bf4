import { setTimeout as sleep } from 'node:timers/promises';

/** Generous: a machine that is busy with other things may take its time. */
export const patienceMs = 150_000;
const lookIntervalMs = 25;

/** Looks until the answer is neither null nor false. Rejects with what was waited for, and the last error if any. */
export async function until<Value>(
  what: string,
  look: () => Promise<Value | null | false> | Value | null | false,
  withinMs = patienceMs,
): Promise<Value> {
  const deadline = performance.now() + withinMs;
  let problem: unknown = null;
  while (performance.now() < deadline) {
    try {
      const found = await look();
      if (found !== null && found !== false) return found;
      problem = null;
    } catch (error) {
      problem = error;
    }
    await sleep(lookIntervalMs);
  }
  throw new Error(`waited ${withinMs / 1000} s in vain until ${what}`, { cause: problem });
}
