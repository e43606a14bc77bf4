import type { UnixMs } from '../core/ids.ts';
import type { Plan } from './plan.ts';
import type { WrittenEvent } from './rollout-events.ts';
import { currentStep, nextCompensation, type RolloutState } from './rollout-state.ts';

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
    judgedSince: null,
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
      return intended(state, event.at);
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
      return restarted(state, event.at);
    case 'environment-downed':
    case 'upstream-adopted':
      return state;
    case 'rollout-ended':
      return { ...state, end: { kind: event.payload.end, at: event.at }, cause: event.payload.cause ?? state.cause };
  }
}

function intended(state: RolloutState, at: UnixMs): RolloutState {
  const judgedSince = state.judgedSince ?? (currentStep(state)?.isJudged ? at : null);
  return { ...state, stage: 'intended', intendedAt: at, performedAt: null, waiting: null, judgedSince };
}

/** The pause was not the fault of the move, of its gates or of the judge: their deadlines start anew. */
function unpaused(state: RolloutState, at: UnixMs): RolloutState {
  return state.pause === null ? state : { ...restarted(state, at), pause: null, waiting: null };
}

/** Deadlines start anew. Where the clock was set back, what is waited for since then is waited for from now on. */
function restarted(state: RolloutState, at: UnixMs): RolloutState {
  const from = (since: UnixMs | null) => (since === null ? null : at);
  const performedAt = state.performedAt === null ? null : Math.min(state.performedAt, at);
  return { ...state, intendedAt: from(state.intendedAt), performedAt, judgedSince: from(state.judgedSince) };
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
