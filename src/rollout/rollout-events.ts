import type { Actor } from '../core/events.ts';
import type { UnixMs } from '../core/ids.ts';
import type { Address } from '../core/routing-document.ts';
import type { Cause } from './facts.ts';
import type { GateResult } from './gate.ts';
import type { Effect, Plan, TrafficLevel } from './plan.ts';

export type Direction = 'forward' | 'back';

/** How a rollout ends. */
export type End = 'settled' | 'returned' | 'stranded';

/** Everything that happens to a rollout, as it stands in the journal. */
export type RolloutEvent =
  | { readonly type: 'rollout-planned'; readonly payload: { readonly plan: Plan } }
  | {
      readonly type: 'gates-waiting';
      readonly payload: { readonly step: string; readonly results: readonly GateResult[] };
    }
  | {
      readonly type: 'gates-passed';
      readonly payload: { readonly step: string; readonly results: readonly GateResult[] };
    }
  /** The intent: written before the effects are performed, so it holds them. */
  | {
      readonly type: 'step-intended';
      readonly payload: { readonly step: string; readonly direction: Direction; readonly effects: readonly Effect[] };
    }
  | { readonly type: 'step-performed'; readonly payload: { readonly step: string; readonly direction: Direction } }
  | {
      readonly type: 'step-done';
      readonly payload: {
        readonly step: string;
        readonly direction: Direction;
        /** What went wrong without changing the outcome, for people. */
        readonly note: string | null;
        /** What the judge thought at that moment; absent where nobody judged. */
        readonly judged?: string;
      };
    }
  | { readonly type: 'rollout-live'; readonly payload: { readonly step: string } }
  | { readonly type: 'rollout-turned'; readonly payload: { readonly cause: Cause } }
  | { readonly type: 'rollout-paused'; readonly payload: { readonly until: UnixMs } }
  | { readonly type: 'rollout-resumed'; readonly payload: Record<string, never> }
  | { readonly type: 'rollout-advanced'; readonly payload: { readonly step: string } }
  /** Its deadline passed while nobody looked (a restart, a clock jump): the step gets its time again. */
  | { readonly type: 'rollout-taken-up'; readonly payload: { readonly step: string } }
  /** A person took the whole environment down: nothing runs, users get the maintenance page. Belongs to no rollout. */
  | { readonly type: 'environment-downed'; readonly payload: Record<string, never> }
  /** A person said what serves today: release 0, an address that Lotse routes to and never starts or stops. Belongs to no rollout. */
  | { readonly type: 'upstream-adopted'; readonly payload: Address }
  | {
      readonly type: 'rollout-ended';
      readonly payload: {
        readonly end: End;
        readonly cause: Cause | null;
        /** Only when stranded: where traffic goes now. */
        readonly level: TrafficLevel | null;
      };
    };

/** An event that `decide` wants written, and by whom (the machine itself where nobody is named). */
export type DecidedEvent = RolloutEvent & { readonly actor?: Actor; readonly reason?: string | null };

/** As it comes back from the journal. */
export type WrittenEvent = RolloutEvent & {
  readonly at: UnixMs;
  readonly actor: Actor;
  readonly reason: string | null;
};

export const rolloutEventTypes = [
  'rollout-planned',
  'gates-waiting',
  'gates-passed',
  'step-intended',
  'step-performed',
  'step-done',
  'rollout-live',
  'rollout-turned',
  'rollout-paused',
  'rollout-resumed',
  'rollout-advanced',
  'rollout-taken-up',
  'rollout-ended',
  'environment-downed',
  'upstream-adopted',
] as const satisfies readonly RolloutEvent['type'][];

/** The version of an event's payload as it is written today. */
export function payloadVersion(type: RolloutEvent['type']): number {
  // Version 2 says what is judged.
  return type === 'rollout-planned' ? 2 : 1;
}

/** Is it an event of the machine? Their payloads hold ids only, so none of them is ever erased. */
export function isRolloutEvent<Event extends { readonly type: string }>(event: Event): event is Event & WrittenEvent {
  return rolloutEventTypes.some((type) => type === event.type);
}
