import { checkCondition, gaveUp, type Verdict } from './conditions.ts';
import type { Decision } from './decide.ts';
import { decideFailure, pauseOverdue } from './decide-failure.ts';
import type { Cause, Observation } from './facts.ts';
import type { Condition, Step } from './plan.ts';
import type { DecidedEvent } from './rollout-events.ts';
import { currentMove, currentStep, type RolloutState } from './rollout-state.ts';

/** Sleep between two looks while a step waits for something, in milliseconds. */
const lookIntervalMs = 25;
const watchIntervalMs = 1_000;

interface Answer {
  readonly condition: Condition;
  readonly verdict: Verdict;
}

const wait = (wakeAt: number): Decision => ({ events: [], effects: [], ask: null, wakeAt, refused: null });

/** Follows one look at the world: the step is done, has failed, or is looked at again. */
export function decideObserved(state: RolloutState, seen: Observation): Decision {
  const step = currentStep(state);
  const move = currentMove(state);
  if (step === null || move === null || state.performedAt === null) return wait(seen.at);
  const crashed = state.direction === 'forward' ? crashCause(state, step, seen) : null;
  if (crashed) return decideFailure(state, step, crashed, seen.slots);

  const asked = move.until.filter((condition) => !(state.advanced && condition.kind === 'elapsed'));
  const since = state.performedAt;
  const answers = asked.map((condition) => ({ condition, verdict: checkCondition(condition, seen, since) }));
  const failed = answers.map((answer) => answer.verdict).find((verdict) => verdict.kind === 'failed');
  if (failed) return decideFailure(state, step, failed.cause, seen.slots);
  if (state.pause !== null) {
    return seen.at < state.pause.until ? wait(seen.at + watchIntervalMs) : pauseOverdue(state, step);
  }
  if (answers.every((answer) => answer.verdict.kind === 'met')) return done(state, step, seen);
  const overdue = seen.at - (state.intendedAt ?? seen.at) >= move.deadlineMs;
  if (overdue) return decideFailure(state, step, overdueCause(move.title, answers), seen.slots);
  const isOnlyWatching = answers.every(({ condition, verdict }) => verdict.kind === 'met' || isLong(condition));
  return wait(seen.at + (isOnlyWatching ? watchIntervalMs : lookIntervalMs));
}

function isLong(condition: Condition): boolean {
  return condition.kind === 'elapsed' && condition.ms > watchIntervalMs;
}

function done(state: RolloutState, step: Step, seen: Observation): Decision {
  const finished: DecidedEvent = {
    type: 'step-done',
    payload: { step: step.id, direction: state.direction, note: outsideNote(seen) },
  };
  const live: DecidedEvent = { type: 'rollout-live', payload: { step: step.id } };
  const events = step.makesLive && state.direction === 'forward' ? [live, finished] : [finished];
  return { events, effects: [], ask: null, wakeAt: null, refused: null };
}

/** Live is what the public name says; when it cannot be reached from here, that is said too. */
function outsideNote(seen: Observation): string | null {
  const unseen = seen.answers.find((answers) => answers.outsideProblem !== undefined);
  return unseen === undefined ? null : `live, not seen from outside: ${unseen.outsideProblem}`;
}

/** A start or verification that takes too long lies in the release; a route that does not answer lies elsewhere. */
function overdueCause(title: string, answers: readonly Answer[]): Omit<Cause, 'step'> {
  const open = answers.flatMap(({ condition, verdict }) =>
    verdict.kind === 'open' ? [{ kind: condition.kind, what: verdict.what }] : [],
  );
  return {
    code: 'timeout',
    kind: 'deadline',
    message: `${title} took longer than it may: ${open.map((each) => each.what).join('; ')}`,
    logTail: [],
    inRelease: open.some((each) => each.kind === 'ready' || each.kind === 'job-succeeded'),
  };
}

/** More unexpected exits of new instances than the step tolerates, or one that is given up. */
function crashCause(state: RolloutState, step: Step, seen: Observation): Omit<Cause, 'step'> | null {
  if (step.crashBudget === null) return null;
  const fresh = seen.slots.filter((slot) => slot.revision === state.plan.to.revision && slot.state !== 'stopping');
  const lost = fresh.find((slot) => slot.state === 'gave-up');
  if (lost) return { ...gaveUp(lost), kind: 'crashed' };
  const worst = fresh.find((slot) => slot.unexpectedExits > 0);
  const exits = fresh.reduce((sum, slot) => sum + slot.unexpectedExits, 0);
  if (!worst || exits <= step.crashBudget) return null;
  const note = worst.note === null ? '' : `: ${worst.note}`;
  const message = `${worst.service} of the new release ended ${exits} times by itself${note}`;
  return { code: 'returned', kind: 'crashed', message, logTail: worst.logTail, inRelease: true };
}
