import type { RevisionId, ServiceName } from '../../core/ids.ts';

/** Everything that a rollout's judge goes by; frozen in the plan, plain JSON. */
export interface JudgeRules {
  readonly newRevision: RevisionId;
  readonly oldRevision: RevisionId;
  readonly services: readonly JudgedService[];
  /** No worse than this times the old odds is not harmful: 1.1. */
  readonly margin: number;
  /** Less than this times the old odds is healthy: 2. */
  readonly tolerance: number;
  /** A rate that is tolerated in any case: 0.005. */
  readonly toleratedRate: number;
  readonly limits: readonly Limit[];
  readonly signals: readonly SignalRule[];
  /** How many failed requests beyond those that the old release would have had the rollout may cost; null: no budget. */
  readonly exposureBudget: number | null;
  /** How long the rollout may be judged before it is at its last share, in milliseconds: undecided then, it returns. */
  readonly withinMs: number;
}

export interface JudgedService {
  readonly service: ServiceName;
  /** Do visitors stay on one revision? Then the unit of evidence is the bucket, else the request. */
  readonly isSticky: boolean;
  /** Thresholds of the proxy's `late` counts, ascending, at most `lateThresholds`; empty: durations are not judged. */
  readonly lateAfterMs: readonly number[];
  /**
   * Durations are compared while the new revision has at most this share, in thousandths: beyond it each of its
   * instances has more to do than one of the old.
   */
  readonly timedUpToPermille: number;
}

/** Absolute limits, beside new against old. Only the new release can break one. */
export type Limit =
  /** At most this part of a service's requests may fail. */
  | { readonly kind: 'failures'; readonly mostRate: number }
  /** At least this part of a service's requests (0.99 for p99) is finished within `mostMs`. */
  | { readonly kind: 'duration'; readonly part: number; readonly mostMs: number }
  /** A signal's number on its bad side of this one. */
  | { readonly kind: 'signal'; readonly signal: string; readonly value: number };

export interface SignalRule {
  readonly signal: string;
  readonly better: 'lower' | 'higher';
}
