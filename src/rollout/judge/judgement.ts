import type { EpochCounters } from '../../core/routing-document.ts';
import type { ServiceName, UnixMs } from '../../core/ids.ts';
import type { Comparing } from './comparison.ts';

/**
 * `failures`: 5xx by the app, and answers that the proxy had to give for it. `late`: past one threshold. `durations`: the
 * rank of finished requests. `probes`: the verification, asked of both revisions.
 */
export type Metric = 'failures' | 'late' | 'durations' | 'probes';

/** What is thought of one metric of one service. */
export interface Finding extends Comparing {
  /** Null for `probes`, which ask the app as a whole. */
  readonly service: ServiceName | null;
  readonly metric: Metric;
  /** Of `late`; else null. */
  readonly thresholdMs: number | null;
  /** Counted since the judge began, per revision. `events` are what the metric counts; 0 for `durations`. */
  readonly counted: Readonly<Record<'new' | 'old', { readonly requests: number; readonly events: number }>>;
}

export interface Judgement {
  readonly at: UnixMs;
  /** Harmful when any finding is, healthy when all are that healthy is asked of. */
  readonly verdict: 'harmful' | 'healthy' | 'undecided';
  readonly findings: readonly Finding[];
  /** Limits and signals that are broken, one sentence each. */
  readonly broken: readonly string[];
  /** Failed requests beyond those that the old release would have had; `budget` null: there is no limit. */
  readonly exposure: { readonly spent: number; readonly budget: number | null };
  /** What the judge thinks, why, and what it would take to know more: one plain sentence. */
  readonly sentence: string;
}

/** How evidence grew: what a chart shows. Both as parts of what is needed, 0 … 1 and beyond. */
export interface EvidencePoint {
  readonly at: UnixMs;
  readonly harm: number;
  readonly health: number;
}

/** What one look brings. Counts only ever grow. */
export interface JudgeInput {
  readonly at: UnixMs;
  /** The environment's counters as they are now, open and closed epochs. */
  readonly epochs: readonly EpochCounters[];
  /** Runs of the verification against each revision so far; they are asked in pairs, in random order. */
  readonly probes: Readonly<Record<'new' | 'old', { readonly asked: number; readonly failed: number }>>;
  /** Readings that are new since the look before. */
  readonly signals: readonly SignalReading[];
}

export interface SignalReading {
  readonly signal: string;
  readonly at: UnixMs;
  /** Null: the query gave no number. `old` is null also where the query does not name a release. */
  readonly new: number | null;
  readonly old: number | null;
  /** Something else than a release is the likely cause: what was read of this signal so far is held against none. */
  readonly hasOtherCause?: true;
}
