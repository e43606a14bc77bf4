import type { Scope } from '../../src/core/ids.ts';
import type { JobOrder, ServiceOrder, TargetSlot } from '../../src/ports/targets/targets.ts';
import type { ObservedJob } from '../../src/rollout/facts.ts';
import type { Plan } from '../../src/rollout/plan.ts';

/** What the bench, which is machines and proxy, and the control plane that it starts and kills say to each other. */
export type ToControlPlane =
  /** All slots of an environment, whenever one of them has changed. */
  | { readonly kind: 'slots'; readonly scope: Scope; readonly slots: readonly TargetSlot[] }
  | { readonly kind: 'job'; readonly job: ObservedJob }
  /** All that runs was told: the control plane may open. */
  | { readonly kind: 'all-told' }
  /** A call of the control plane is done; null: without a problem. */
  | { readonly kind: 'done'; readonly call: number }
  | { readonly kind: 'ask'; readonly call: number; readonly question: Question };

export type Question =
  | { readonly kind: 'begin'; readonly plans: readonly Plan[] }
  | { readonly kind: 'usage' }
  | { readonly kind: 'standing' }
  /** Answered when the rollouts of these environments have ended. */
  | { readonly kind: 'ends'; readonly scopes: readonly Scope[] };

export type ToBench =
  | { readonly kind: 'hello' }
  /** Every environment has been taken up; how long each part of the start took, from the start of the process. */
  | { readonly kind: 'taken-up'; readonly course: Course }
  | { readonly kind: 'order'; readonly call: number; readonly order: OrderToMachines }
  | { readonly kind: 'answer'; readonly call: number; readonly answer: Answer };

export type OrderToMachines =
  | { readonly kind: 'ensure'; readonly order: ServiceOrder }
  | { readonly kind: 'start-job'; readonly order: JobOrder }
  | { readonly kind: 'cancel-job'; readonly key: string };

/** Milliseconds since the process was started, at the end of each part. */
export interface Course {
  readonly programMs: number;
  readonly databaseMs: number;
  readonly journalMs: number;
  readonly openMs: number;
  readonly takenUpMs: number;
  /** Processor time that all of it took. */
  readonly processorMs: number;
}

export interface Answer {
  /** Processor time of the process so far, in milliseconds. */
  readonly processorMs: number;
  /** Memory that it holds (resident), in bytes. */
  readonly memoryBytes: number;
  /** What the engine reported so far. */
  readonly problems: readonly string[];
  /** Where the environments' rollouts stand, when that was asked: `step stage direction` or the end; `none`. */
  readonly standing: Readonly<Record<string, string>>;
}
