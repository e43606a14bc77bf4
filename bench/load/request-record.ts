import { z } from 'zod';

/** What became of one request. Times are milliseconds on the clock of `clockMs`, the same in all processes. */
export const requestRecord = z.object({
  /** When it was due; latency counts from here, so a generator or server that falls behind hides nothing. */
  dueMs: z.number(),
  sentMs: z.number(),
  doneMs: z.number(),
  /** `fresh`: a connection of its own; `reused`: one that has carried requests; `new`: the first of a kept one. */
  connection: z.enum(['fresh', 'new', 'reused']),
  method: z.enum(['GET', 'POST']),
  isSlow: z.boolean(),
  /** `x-version` of the answer. */
  version: z.string().nullable(),
  /** When the app got the request, by its own word (`x-received`); null where it does not say. */
  receivedMs: z.number().nullable(),
  /** `EOF`, `ECONNRESET`, `HTTP 502`, `timeout`, …; null when it was answered well. */
  failure: z.string().nullable(),
});

export type RequestRecord = z.infer<typeof requestRecord>;

/** Milliseconds since 1970, finer than `Date.now()`, comparable between processes of one machine. */
export function clockMs(): number {
  return performance.timeOrigin + performance.now();
}
