import type { Actor } from '../core/events.ts';
import type { UnixMs } from '../core/ids.ts';
import type { Cause } from './facts.ts';
import type { GateResult } from './gate.ts';
import type { Move, Plan, Step } from './plan.ts';
import type { Direction, End } from './rollout-events.ts';

/** Where a rollout stands: a fold over its events, nothing else. */
export interface RolloutState {
  readonly plan: Plan;
  readonly plannedAt: UnixMs;
  readonly direction: Direction;
  /** The step that is next or under way; -1 when there is nothing left to take back. */
  readonly index: number;
  /** `next`: not yet intended. `intended`: its effects may or may not have happened. `performed`: they have. */
  readonly stage: 'next' | 'intended' | 'performed';
  readonly intendedAt: UnixMs | null;
  readonly performedAt: UnixMs | null;
  /** The machine's hold: waiting for persons or for time. */
  readonly waiting: { readonly since: UnixMs; readonly results: readonly GateResult[] } | null;
  /** A person's pause. */
  readonly pause: { readonly by: Actor; readonly reason: string | null; readonly until: UnixMs } | null;
  /** Since when it is judged, for the deadline of judging; null: it is not judged yet. */
  readonly judgedSince: UnixMs | null;
  /** A person asked to go on without waiting for the rest of the current step's time. */
  readonly advanced: boolean;
  readonly liveAt: UnixMs | null;
  readonly cause: Cause | null;
  readonly end: { readonly kind: End; readonly at: UnixMs } | null;
  /** Things that went wrong without changing the outcome, for people. */
  readonly notes: readonly string[];
}

/** The step under way, or null when the rollout has nothing left to do. */
export function currentStep(state: RolloutState): Step | null {
  return state.plan.steps[state.index] ?? null;
}

/** What is being done about the current step: the step itself, or its compensation on the way back. */
export function currentMove(state: RolloutState): Move | null {
  const step = currentStep(state);
  if (step === null) return null;
  return state.direction === 'forward' ? step : step.compensation;
}

/**
 * Since when the current move counts towards its deadline; null: it is not under way. What is waited for once its effects
 * are performed has the whole of it, however long nobody was there to perform them.
 */
export function movingSince({ intendedAt, performedAt }: RolloutState): UnixMs | null {
  return intendedAt === null ? null : Math.max(intendedAt, performedAt ?? intendedAt);
}

/** Has the step that makes it live not been intended yet? */
export function isBeforeLive({ plan, index, stage }: RolloutState): boolean {
  const live = plan.steps.findIndex((step) => step.makesLive);
  return index < live || (index === live && stage === 'next');
}

/** The closest step at or below `from` that has something to take back; -1 when there is none. */
export function nextCompensation(plan: Plan, from: number): number {
  for (let index = from; index >= 0; index--) {
    if (plan.steps[index]?.compensation) return index;
  }
  return -1;
}
