import type { Judged } from '../../engine/engine.ts';
import { currentStep, type RolloutState } from '../../rollout/rollout-state.ts';
import type { GateResult } from '../../rollout/gate.ts';
import type { Plan, Step } from '../../rollout/plan.ts';
import { releaseBefore } from '../../rollout/release-zero.ts';
import type { WrittenEvent } from '../../rollout/rollout-events.ts';
import { judgedView, shareOfStep } from './judged-view.ts';
import type { GateResultView, RolloutView, StepView } from './releases-api.ts';

/** A rollout as people see it. `events` give the times of its steps; `judged`: what is thought of it, or of another one of its environment. */
export function rolloutView(state: RolloutState, events: readonly WrittenEvent[], judged: Judged | null): RolloutView {
  const { plan } = state;
  const status = statusOf(state);
  return {
    id: plan.rollout,
    app: plan.app,
    environment: plan.environment,
    kind: plan.kind,
    strategy: plan.strategy,
    release: plan.to.release,
    revision: plan.to.revision,
    before: releaseBefore(plan.before),
    status,
    startedBy: plan.startedBy.id,
    startedAt: state.plannedAt,
    liveAt: state.liveAt,
    endedAt: state.end?.at ?? null,
    live: state.liveAt !== null && state.direction === 'forward',
    steps: plan.steps.map((step, index) => stepView(step, plan, stepProgress(state, events, step, index))),
    waitingFor: (state.waiting?.results ?? []).map(gateView),
    pause: status === 'paused' ? pauseView(state.pause) : null,
    cause: state.cause === null ? null : { ...state.cause, logTail: [...state.cause.logTail] },
    judged: judged?.rollout === plan.rollout ? judgedView(judged) : null,
    notes: [...plan.notes, ...state.notes],
  };
}

function pauseView(pause: RolloutState['pause']): RolloutView['pause'] {
  return pause === null ? null : { by: pause.by.id, reason: pause.reason, until: pause.until };
}

export function gateView(result: GateResult): GateResultView {
  const { gate, title, state, message } = result;
  return { gate, title, message, state: state.kind, opensAt: state.kind === 'waiting' ? state.opensAt : null };
}

export type StepProgress = Pick<StepView, 'state' | 'startedAt' | 'endedAt'>;

export const notStarted: StepProgress = { state: 'next', startedAt: null, endedAt: null };

export function stepView(step: Step, plan: Plan, progress: StepProgress): StepView {
  return {
    id: step.id,
    phase: step.phase,
    title: step.title,
    compensation: step.compensation?.title ?? null,
    deadlineMs: step.deadlineMs,
    expectedMs: step.expectedMs,
    gates: [...step.gates],
    permille: shareOfStep(step, plan),
    judged: step.isJudged,
    ...progress,
  };
}

function statusOf(state: RolloutState): RolloutView['status'] {
  if (state.end !== null) return state.end.kind;
  if (state.direction === 'back') return 'returning';
  if (state.pause !== null) return 'paused';
  if (state.waiting !== null) return 'waiting';
  const phase = currentStep(state)?.phase;
  if (phase === 'watch') return 'watching';
  return phase === 'settled' ? 'settling' : 'moving';
}

function stepProgress(state: RolloutState, events: readonly WrittenEvent[], step: Step, index: number): StepProgress {
  const times = stepTimes(events, step.id);
  return { state: stepState(state, times, step.id, index), startedAt: times.startedAt, endedAt: times.endedAt };
}

interface StepTimes {
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly undoingAt: number | null;
  readonly undoneAt: number | null;
}

function stepTimes(events: readonly WrittenEvent[], step: string): StepTimes {
  const find = (type: 'step-intended' | 'step-done', direction: 'forward' | 'back') =>
    events.find((event) => event.type === type && event.payload.step === step && event.payload.direction === direction)
      ?.at ?? null;
  return {
    startedAt: find('step-intended', 'forward'),
    endedAt: find('step-done', 'forward'),
    undoingAt: find('step-intended', 'back'),
    undoneAt: find('step-done', 'back'),
  };
}

function stepState(state: RolloutState, times: StepTimes, step: string, index: number): StepView['state'] {
  if (times.undoneAt !== null) return 'undone';
  if (times.undoingAt !== null) return 'undoing';
  if (times.endedAt !== null) return 'done';
  const isOver = state.end !== null || state.direction === 'back';
  if (state.cause?.step === step) return 'failed';
  if (isOver) return times.startedAt === null ? 'skipped' : 'failed';
  return times.startedAt !== null && state.index === index ? 'running' : 'next';
}
