import type { Actor } from '../core/events.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { ReleaseId, RevisionId, ServiceName, UnixMs } from '../core/ids.ts';
import type { GateResult } from './gate.ts';
import type { Judgement } from './judge/judgement.ts';

/** What a target reports about one slot. */
export interface ObservedSlot {
  readonly revision: RevisionId;
  readonly service: ServiceName;
  readonly slot: number;
  readonly attempt: number;
  /** `gave-up`: the restart budget is spent. `stopping`: drains and stops as ordered. */
  readonly state: 'starting' | 'ready' | 'unready' | 'restarting' | 'gave-up' | 'stopping';
  /** Exits that nobody ordered, of any attempt of this slot. */
  readonly unexpectedExits: number;
  /** Requests and connections that the proxy has open to it; null: the proxy did not say. */
  readonly open: number | null;
  /** One sentence for people: why it is not ready, how it ended. */
  readonly note: string | null;
  /** Last lines of its log, oldest first, while it is not ready; else those of the attempt that ended by itself last. */
  readonly logTail: readonly string[];
}

export interface ObservedJob {
  readonly key: string;
  readonly state: 'running' | 'succeeded' | 'failed' | 'lost';
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly logTail: readonly string[];
}

/** The answer of the public route to signed probes on fresh connections. */
export interface ObservedAnswers {
  readonly revision: RevisionId;
  /** How many of the latest probes in a row named this revision. */
  readonly inARow: number;
  /** Why the last one did not count, for people. */
  readonly problem: string | null;
  /** Set when the public name cannot be reached from here, and the proxy was asked directly: why. */
  readonly outsideProblem?: string;
}

export interface Observation {
  readonly at: UnixMs;
  readonly slots: readonly ObservedSlot[];
  readonly jobs: readonly ObservedJob[];
  readonly answers: readonly ObservedAnswers[];
  /** What the judge thinks; null: it was not asked, or could not look. */
  readonly judgement: Judgement | null;
}

/** Why a rollout turns back, or was held. `inRelease`: the cause lies in the release, so it goes into quarantine. */
export interface Cause {
  readonly code: ErrorCode;
  readonly kind:
    | 'start-failed'
    | 'unhealthy'
    | 'crashed'
    | 'verification-failed'
    | 'deadline'
    | 'port-failed'
    /** The judge is sure that it is worse than the old release. */
    | 'judged-harmful'
    /** It broke an absolute limit, or a signal did. */
    | 'limit-broken'
    /** The time or the failed requests that judging may cost are spent, and nothing is proven. */
    | 'undecided'
    | 'gate-closed'
    | 'gate-deadline'
    | 'aborted';
  readonly step: string;
  readonly message: string;
  readonly logTail: readonly string[];
  readonly inRelease: boolean;
}

export type Command =
  | { readonly kind: 'pause'; readonly actor: Actor; readonly reason: string | null }
  | { readonly kind: 'resume'; readonly actor: Actor; readonly reason: string | null }
  | { readonly kind: 'advance'; readonly actor: Actor; readonly reason: string | null }
  /** A newer deploy takes the place of one that waits and has ordered nothing yet. */
  | { readonly kind: 'supersede'; readonly actor: Actor; readonly reason: string | null; readonly release: ReleaseId }
  /** `blame`: the person says that the release is at fault, so it goes into quarantine. */
  | { readonly kind: 'abort'; readonly actor: Actor; readonly reason: string | null; readonly blame: boolean };

/** Facts are all that the outside tells the machine. Failures are facts, not exceptions. */
export type Fact =
  | { readonly kind: 'tick' }
  | { readonly kind: 'observed'; readonly observation: Observation }
  /** What the judge thinks, where nothing else could be seen, or need be. */
  | { readonly kind: 'judged'; readonly judgement: Judgement; readonly slots: readonly ObservedSlot[] }
  /** Every effect of the intended move has been performed. */
  | { readonly kind: 'performed' }
  /** `slots` as they are now; null: nobody could see. A rollout is not stranded by what was seen earlier. */
  | {
      readonly kind: 'perform-failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly retriable: boolean;
      readonly slots: readonly ObservedSlot[] | null;
    }
  | { readonly kind: 'gates'; readonly results: readonly GateResult[] }
  | { readonly kind: 'command'; readonly command: Command }
  /** The control plane has started again, or the clock has jumped: an overdue deadline starts anew. */
  | { readonly kind: 'restarted' };
