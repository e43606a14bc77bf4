import type { Actor } from '../core/events.ts';
import type { Share } from '../core/routing-document.ts';
import type { JudgeRules } from './judge/judge-rules.ts';
import type { AppName, EnvironmentName, ReleaseId, RevisionId, RolloutId, ServiceName } from '../core/ids.ts';
import type { Severity } from '../core/severities.ts';

/** Parts contribute steps to fixed phases, in this order. */
export const phases = ['before', 'expand', 'start', 'shift', 'watch', 'settled'] as const;
export type Phase = (typeof phases)[number];

export type StrategyName = 'blue-green' | 'rolling' | 'recreate' | 'canary';
export type Claim = 'none' | 'marked' | 'all';

/** What an environment answers with as a whole; a level, not a deed. */
export type TrafficLevel =
  | { readonly kind: 'shares'; readonly shares: readonly Share[] }
  | { readonly kind: 'maintenance'; readonly message: string }
  | { readonly kind: 'paused'; readonly shares: readonly Share[]; readonly maxHeld: number; readonly maxHoldMs: number }
  | { readonly kind: 'adopted'; readonly host: string; readonly port: number };

/**
 * Effects are levels: performing one twice is performing it once. The engine journals the intent before the call and
 * the outcome after it; identity is service revision + slot + attempt.
 */
export type Effect =
  /** `slots` copies of the service run; further ones drain and stop. Zero stops the service of that revision. */
  | { readonly kind: 'ensure'; readonly revision: RevisionId; readonly service: ServiceName; readonly slots: number }
  /** Which workers of a revision take what; only services that read a claim. */
  | { readonly kind: 'claim'; readonly revision: RevisionId; readonly service: ServiceName; readonly claim: Claim }
  /** The public route, and which slots of a revision get no new request (from `drainFrom` upwards). */
  | {
      readonly kind: 'route';
      readonly level: TrafficLevel;
      readonly draining: readonly {
        readonly revision: RevisionId;
        readonly service: ServiceName;
        readonly fromSlot: number;
        /** How long WebSockets and event streams may stay, in milliseconds; by default the service's own drain. */
        readonly drainMs?: number;
      }[];
    }
  /** A job runs at most once under its key, and is adopted with its exit status. */
  | {
      readonly kind: 'job';
      readonly key: string;
      readonly job: string;
      readonly revision: RevisionId;
      /** `pinned`: BASE_URL reaches this revision only; `public`: the environment's own address. */
      readonly baseUrl: 'pinned' | 'public';
    };

/** What must be observed, not assumed, before a step counts as done. */
export type Condition =
  | { readonly kind: 'ready'; readonly revision: RevisionId; readonly service: ServiceName; readonly slots: number }
  /** No copy of the service runs at or above this slot. */
  | {
      readonly kind: 'stopped';
      readonly revision: RevisionId;
      readonly service: ServiceName;
      readonly fromSlot: number;
    }
  /** The proxy has no request or connection open to these slots, or the budget is over. */
  | {
      readonly kind: 'drained';
      readonly revision: RevisionId;
      readonly service: ServiceName;
      readonly fromSlot: number;
      readonly budgetMs: number;
    }
  | { readonly kind: 'job-succeeded'; readonly key: string }
  /** The public route has answered `times` in a row, on fresh connections, with this revision. */
  | { readonly kind: 'answering'; readonly revision: RevisionId; readonly times: number }
  | { readonly kind: 'elapsed'; readonly ms: number }
  /** The judge has found the new revision healthy. */
  | { readonly kind: 'judged-healthy' };

export interface Move {
  readonly title: string;
  readonly effects: readonly Effect[];
  readonly until: readonly Condition[];
  /** From the intent; past it the move has failed. */
  readonly deadlineMs: number;
  /**
   * `turn`: the rollout returns. `strand`: a compensation without which the old cannot serve. `go-on`: a person is
   * told and the rollout goes on, because users are served either way.
   */
  readonly ifFails: 'turn' | 'strand' | 'go-on';
}

export interface Step extends Move {
  readonly id: string;
  readonly phase: Phase;
  /** Gates asked right before the step, by id. */
  readonly gates: readonly string[];
  /** What takes the step back; null where there is nothing to take back. */
  readonly compensation: Move | null;
  /** For people: what it usually costs, in milliseconds. */
  readonly expectedMs: number;
  /** True for the step after which the environment is live with the new revision. */
  readonly makesLive: boolean;
  /** Unexpected exits of new instances that this step tolerates before the rollout returns; null: not watched. */
  readonly crashBudget: number | null;
  /** While it is under way both revisions have users, and harm that the judge finds turns the rollout. */
  readonly isJudged: boolean;
}

/** What served before, and so what a rollout returns to. */
export type Before =
  | { readonly kind: 'revision'; readonly revision: RevisionId; readonly release: ReleaseId }
  | { readonly kind: 'adopted'; readonly host: string; readonly port: number }
  | { readonly kind: 'maintenance' };

export interface Plan {
  readonly rollout: RolloutId;
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly kind: 'deploy' | 'rollback';
  readonly startedBy: Actor;
  readonly strategy: StrategyName;
  /** Fresh for each rollout, so that the same visitors are not always the first. */
  readonly salt: string;
  readonly before: Before;
  readonly to: { readonly revision: RevisionId; readonly release: ReleaseId };
  /** What users reach, of either side: a stranded rollout goes to the side that has all of its own. */
  readonly webServices: readonly { readonly revision: RevisionId; readonly service: ServiceName }[];
  readonly steps: readonly Step[];
  /** All gates of the rollout, by id; a step names those asked right before it. */
  readonly gates: readonly GateDefinition[];
  /** What the new revision is judged by while both have users; null: nothing to compare. */
  readonly judge: JudgeRules | null;
  /** Why it is so and what it means, for people (e.g. "sizes cannot read a claim: its way back is a start"). */
  readonly notes: readonly string[];
}

/** A condition somebody or something must meet; the record that it holds is evidence. */
export type GateDefinition =
  | { readonly id: string; readonly kind: 'verified'; readonly environment: EnvironmentName }
  | { readonly id: string; readonly kind: 'approval'; readonly approvals: number }
  | { readonly id: string; readonly kind: 'checklist'; readonly file: string; readonly lines: readonly ChecklistLine[] }
  | { readonly id: string; readonly kind: 'hours'; readonly windows: readonly HoursWindow[]; readonly timezone: string }
  | { readonly id: string; readonly kind: 'not-quarantined' }
  /** Scans were made, and none of the latest has found anything so severe. */
  | { readonly id: string; readonly kind: 'scans'; readonly failOn: Severity }
  /** These jobs of the release's pipeline have passed. */
  | { readonly id: string; readonly kind: 'pipeline'; readonly jobs: readonly string[] }
  /** One item of the preflight: the proof is asked of the release part of that name. */
  | { readonly id: string; readonly kind: 'proof'; readonly part: string; readonly title: string };

export interface ChecklistLine {
  /** Hash of the line's text: a signature is for these words. */
  readonly id: string;
  readonly text: string;
}

export interface HoursWindow {
  /** 1 Monday … 7 Sunday (ISO 8601). */
  readonly weekdays: readonly number[];
  /** Minutes since midnight in the gate's timezone; the end is exclusive. */
  readonly fromMinute: number;
  readonly toMinute: number;
}
