import type { UnixMs } from '../core/ids.ts';
import type { Plan } from './plan.ts';
import type { WrittenEvent } from './rollout-events.ts';
import { nextCompensation, type RolloutState } from './rollout-state.ts';

/** The state that a plan starts from. */
export function plannedState(plan: Plan, at: UnixMs): RolloutState {
  return {
    plan,
    plannedAt: at,
    direction: 'forward',
    index: 0,
    stage: 'next',
    intendedAt: null,
    performedAt: null,
    waiting: null,
    pause: null,
    advanced: false,
    liveAt: null,
    cause: null,
    end: null,
    notes: [],
  };
}

/** Folds all events of one rollout, oldest first; the first must be `rollout-planned`. Null for an empty list. */
export function foldRollout(events: readonly WrittenEvent[]): RolloutState | null {
  let state: RolloutState | null = null;
  for (const event of events) {
    state =
      event.type === 'rollout-planned' ? plannedState(event.payload.plan, event.at) : state && evolve(state, event);
  }
  return state;
}

/** Pure: what the state is after an event. It never refuses; `decide` is what decides. */
export function evolve(state: RolloutState, event: WrittenEvent): RolloutState {
  switch (event.type) {
    case 'rollout-planned':
      return plannedState(event.payload.plan, event.at);
    case 'gates-waiting':
      return { ...state, waiting: { since: state.waiting?.since ?? event.at, results: event.payload.results } };
    case 'gates-passed':
      return { ...state, waiting: null };
    case 'step-intended':
      return { ...state, stage: 'intended', intendedAt: event.at, performedAt: null, waiting: null };
    case 'step-performed':
      return { ...state, stage: 'performed', performedAt: event.at };
    case 'step-done':
      return afterStep(state, event.payload.note);
    case 'rollout-live':
      return { ...state, liveAt: event.at };
    case 'rollout-turned':
      return turned(state, event.payload.cause);
    case 'rollout-paused':
      return { ...state, pause: { by: event.actor, reason: event.reason, until: event.payload.until } };
    case 'rollout-resumed':
      return unpaused(state, event.at);
    case 'rollout-advanced':
      return { ...unpaused(state, event.at), advanced: true };
    case 'rollout-taken-up':
      return { ...state, intendedAt: event.at };
    case 'environment-downed':
      return state;
    case 'rollout-ended':
      return { ...state, end: { kind: event.payload.end, at: event.at }, cause: event.payload.cause ?? state.cause };
  }
}

/** Deadlines of the move and of its gates start anew: the pause was not their fault. */
function unpaused(state: RolloutState, at: UnixMs): RolloutState {
  if (state.pause === null) return state;
  return { ...state, pause: null, waiting: null, intendedAt: state.intendedAt === null ? null : at };
}

const fresh = {
  stage: 'next',
  intendedAt: null,
  performedAt: null,
  waiting: null,
  advanced: false,
} as const;

function afterStep(state: RolloutState, note: string | null): RolloutState {
  const notes = note === null ? state.notes : [...state.notes, note];
  const index = state.direction === 'forward' ? state.index + 1 : nextCompensation(state.plan, state.index - 1);
  return { ...state, ...fresh, index, notes };
}

function turned(state: RolloutState, cause: RolloutState['cause']): RolloutState {
  const touched = state.stage === 'next' ? state.index - 1 : state.index;
  return { ...state, ...fresh, direction: 'back', index: nextCompensation(state.plan, touched), pause: null, cause };
}
