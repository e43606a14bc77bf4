import type { UnixMs } from '../../core/ids.ts';

/** Requests per second of late, older ones counting less and less. Plain data. */
export interface Pace {
  readonly at: UnixMs;
  readonly sum: number;
  /** How much of the past is in `sum`, 0 … 1. */
  readonly weight: number;
}

/** What is so long ago counts a third, in milliseconds. */
const memoryMs = 60_000;

/** `requests`: since the look before. A clock that stands or goes back leaves the pace as it was. */
export function paceAfter(pace: Pace | null, at: UnixMs, requests: number): Pace {
  if (pace === null) return { at, sum: 0, weight: 0 };
  const passedMs = at - pace.at;
  if (passedMs <= 0) return { ...pace, at };
  const kept = Math.exp(-passedMs / memoryMs);
  const perSecond = requests / (passedMs / 1000);
  return { at, sum: pace.sum * kept + perSecond * (1 - kept), weight: pace.weight * kept + (1 - kept) };
}

/** 0 while nothing is known. */
export function perSecond(pace: Pace | null): number {
  return pace === null || pace.weight === 0 ? 0 : pace.sum / pace.weight;
}
