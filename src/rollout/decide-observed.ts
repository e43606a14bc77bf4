import { checkCondition, gaveUp, type Verdict } from './conditions.ts';
import type { Decision } from './decide.ts';
import { harmCause, isBlind, isJudged, notHealthyNote, undecidedCause } from './decide-judged.ts';
import { decideFailure, pauseOverdue } from './decide-failure.ts';
import type { UnixMs } from '../core/ids.ts';
import type { Cause, Observation } from './facts.ts';
import type { Condition, Move, Step } from './plan.ts';
import type { DecidedEvent } from './rollout-events.ts';
import { currentMove, currentStep, movingSince, type RolloutState } from './rollout-state.ts';

/** Sleep between two looks while a step waits for something: at first, and at most, in milliseconds. */
const lookIntervalMs = 25;
const watchIntervalMs = 1_000;
/** After how long a failed effect is tried again, in milliseconds. */
export const performRetryMs = 500;
/** A step that has waited long may wait this part of it longer: many rollouts that wait must not keep a core busy. */
const patience = 1 / 50;

interface Answer {
  readonly condition: Condition;
  readonly verdict: Verdict;
}

const wait = (wakeAt: number): Decision => ({ events: [], effects: [], ask: null, wakeAt, refused: null });

/** Follows one look at the world: the step is done, has failed, or is looked at again. */
export function decideObserved(state: RolloutState, seen: Observation): Decision {
  const step = currentStep(state);
  const move = currentMove(state);
  if (step === null || move === null) return wait(seen.at);
  const harm = harmCause(state, seen.judgement);
  if (harm) return decideFailure(state, step, harm, seen.slots);
  if (state.performedAt === null) return decideBefore(state, step, seen);
  const crashed = state.direction === 'forward' ? crashCause(state, step, seen) : null;
  if (crashed) return decideFailure(state, step, crashed, seen.slots);

  const since = state.performedAt;
  const answers = askedOf(state, move, seen).map((condition) => {
    return { condition, verdict: checkCondition(condition, seen, since) };
  });
  const failed = answers.map((answer) => answer.verdict).find((verdict) => verdict.kind === 'failed');
  if (failed) return decideFailure(state, step, failed.cause, seen.slots);
  if (state.pause !== null) return decideHeld(state, step, state.pause.until, seen);
  if (answers.every((answer) => answer.verdict.kind === 'met')) return done(state, step, seen);
  const overdue = overdueCause(state, move, seen, answers);
  if (overdue) return decideFailure(state, step, overdue, seen.slots);
  const isOnlyWatching = answers.every(({ condition, verdict }) => verdict.kind === 'met' || isLong(condition));
  return wait(seen.at + (isOnlyWatching ? watchIntervalMs : lookIntervalAfter(seen.at - since)));
}

function lookIntervalAfter(waitedMs: number): number {
  return Math.min(watchIntervalMs, Math.max(lookIntervalMs, Math.round(waitedMs * patience)));
}

/** Nothing of the step has happened yet, or its effects are still being tried: only harm matters. */
function decideBefore(state: RolloutState, step: Step, seen: Observation): Decision {
  if (!isJudged(state)) return wait(seen.at);
  if (state.stage === 'next' && state.pause !== null) return decideHeld(state, step, state.pause.until, seen);
  return wait(seen.at + performRetryMs);
}

/** A pause holds the rollout where it is, until it has lasted too long. */
function decideHeld(state: RolloutState, step: Step, until: UnixMs, seen: Observation): Decision {
  return seen.at < until ? wait(Math.min(seen.at + watchIntervalMs, until)) : pauseOverdue(state, step);
}

/** What is waited for: what the move says, and no more users come before anybody has looked at those that are there. */
function askedOf(state: RolloutState, { until }: Move, seen: Observation): readonly Condition[] {
  if (state.advanced) return until.filter((condition) => !isPassable(condition));
  return isBlind(state, seen) ? [...until, { kind: 'judged-healthy' }] : until;
}

/** What a person who lets the rollout advance does not wait for. */
function isPassable({ kind }: Condition): boolean {
  return kind === 'elapsed' || kind === 'judged-healthy';
}

function isLong(condition: Condition): boolean {
  return condition.kind === 'judged-healthy' || (condition.kind === 'elapsed' && condition.ms > watchIntervalMs);
}

function done(state: RolloutState, step: Step, seen: Observation): Decision {
  const note = outsideNote(seen) ?? (state.direction === 'forward' ? notHealthyNote(step, seen) : null);
  const judged = isJudged(state) && seen.judgement !== null ? { judged: seen.judgement.sentence } : {};
  const finished: DecidedEvent = {
    type: 'step-done',
    payload: { step: step.id, direction: state.direction, note, ...judged },
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

/** Judging takes too long, or the move does. */
function overdueCause(
  state: RolloutState,
  move: Move,
  seen: Observation,
  answers: readonly Answer[],
): Omit<Cause, 'step'> | null {
  const undecided = undecidedCause(state, seen);
  if (undecided) return undecided;
  const isOverdue = seen.at - (movingSince(state) ?? seen.at) >= move.deadlineMs;
  return isOverdue ? deadlineCause(move.title, answers) : null;
}

/** A start or verification that takes too long lies in the release; a route that does not answer lies elsewhere. */
function deadlineCause(title: string, answers: readonly Answer[]): Omit<Cause, 'step'> {
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
