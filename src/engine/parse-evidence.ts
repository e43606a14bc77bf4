import type { JudgeState } from '../rollout/judge/judge.ts';
import { noProbes, type ProbeState } from './probe-pairs.ts';

/** Grows whenever the judge's state or anything else in the row means something else than before. */
const format = 3;

/** What the judge of one rollout knows, as it stands in its checkpoint. */
export interface Evidence {
  /** Null: it has not looked yet. */
  readonly judge: JudgeState | null;
  readonly probes: ProbeState;
}

export const noEvidence: Evidence = { judge: null, probes: noProbes };

export function formatEvidence(evidence: Evidence): string {
  return JSON.stringify({ format, ...evidence });
}

/**
 * Null: it is damaged, or was written by another version; then the judge begins anew. Only Lotse writes these rows, so
 * the judge's own state is taken as it is: whoever makes a judge from it has to expect that this fails.
 */
export function parseEvidence(text: string): Evidence | null {
  const row = parseObject(text);
  if (row?.['format'] !== format || !isProbeState(row['probes'])) return null;
  return row as unknown as Evidence;
}

function isProbeState(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { counts, next, running } = value as Partial<ProbeState>;
  const numbers = [counts?.new?.asked, counts?.new?.failed, counts?.old?.asked, counts?.old?.failed, next];
  return numbers.every((number) => Number.isSafeInteger(number)) && running !== undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}
