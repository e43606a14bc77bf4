import { quantile } from '../quantile.ts';
import type { RequestRecord } from './request-record.ts';

/** What users would have seen. Times in milliseconds; latencies count from when a request was due. */
export interface LoadReport {
  readonly sent: number;
  readonly failed: number;
  /** How many of each: `ECONNRESET reused GET`, `HTTP 502 fresh POST`, … */
  readonly failures: Readonly<Record<string, number>>;
  /** Of the requests that are not slow by themselves and were answered. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
  /** How late the generator itself was at its worst: what it adds to the latencies. */
  readonly sentLateMs: number | null;
}

export function reportOf(records: readonly RequestRecord[]): LoadReport {
  const latencies = records
    .filter((each) => each.failure === null && !each.isSlow)
    .map((each) => each.doneMs - each.dueMs);
  const failures = failuresOf(records);
  return {
    sent: records.length,
    failed: Object.values(failures).reduce((sum, count) => sum + count, 0),
    failures,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    maxMs: quantile(latencies, 1),
    sentLateMs: quantile(
      records.map((each) => each.sentMs - each.dueMs),
      1,
    ),
  };
}

export function failuresOf(records: readonly RequestRecord[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { failure, connection, method } of records) {
    if (failure === null) continue;
    const kind = `${failure} ${connection} ${method}`;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** When the last request was due that another version than `version` answered; null when none did. */
export function lastOfOthersMs(records: readonly RequestRecord[], version: string): number | null {
  const others = records.filter((each) => each.failure === null && each.version !== version).map((each) => each.dueMs);
  return quantile(others, 1);
}
