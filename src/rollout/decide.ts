import type { RevisionId, UnixMs } from '../core/ids.ts';
import { decideCommand } from './decide-command.ts';
import { harmCause, isJudged, isJudgingOverdue } from './decide-judged.ts';
import { decideObserved, performRetryMs } from './decide-observed.ts';
import { decideFailure, mayStrand, pauseOverdue } from './decide-failure.ts';
import type { Fact } from './facts.ts';
import { isOpen, type GateResult } from './gate.ts';
import type { Effect, Step } from './plan.ts';
import type { DecidedEvent } from './rollout-events.ts';
import { currentMove, currentStep, movingSince, type RolloutState } from './rollout-state.ts';

/** What the machine wants to know next. */
export type Ask =
  | { readonly kind: 'gates'; readonly step: string; readonly gates: readonly string[] }
  | {
      readonly kind: 'observation';
      /** Is it asked what the proxy has open to the slots? */
      readonly open: boolean;
      /** Is the judge asked? */
      readonly judged: boolean;
      readonly jobs: readonly string[];
      readonly answers: readonly { readonly revision: RevisionId; readonly times: number }[];
    };

/** Events are written first, then effects performed, then the question asked; `wakeAt` bounds the sleep before the next tick. */
export interface Decision {
  readonly events: readonly DecidedEvent[];
  readonly effects: readonly Effect[];
  readonly ask: Ask | null;
  readonly wakeAt: UnixMs | null;
  /** Set when a command does not apply: why, and what would. */
  readonly refused: string | null;
}

export const nothing: Decision = { events: [], effects: [], ask: null, wakeAt: null, refused: null };

export function write(...events: readonly DecidedEvent[]): Decision {
  return { ...nothing, events };
}

/** How often open gates are asked again while persons or hours are waited for, in milliseconds. */
const gateIntervalMs = 5_000;
/** How long a rollout waits for gates before it gives up, while nothing of it has happened yet, and later. */
const gateDeadlineMs = { untouched: 7 * 86_400_000, moving: 86_400_000 };

/**
 * The heart: pure, total, one transition per call. The engine calls it again at once whenever it returned events.
 * Deadlines fire on fresh observations only, and start anew after a restart or a clock jump that made them overdue.
 */
export function decide(state: RolloutState, fact: Fact, now: UnixMs): Decision {
  if (state.end !== null) return fact.kind === 'command' ? { ...nothing, refused: 'the rollout has ended' } : nothing;
  switch (fact.kind) {
    case 'tick':
      return decideNext(state, now);
    case 'restarted':
      return decideTakenUp(state, now);
    case 'observed':
      return decideObserved(state, fact.observation);
    case 'judged':
      return decideJudged(state, fact, now);
    case 'performed':
      return decidePerformed(state);
    case 'perform-failed':
      return decidePerformFailed(state, fact, now);
    case 'gates':
      return decideGates(state, fact.results, now);
    case 'command':
      return decideCommand(state, fact.command, now);
  }
}

function decideTakenUp(state: RolloutState, now: UnixMs): Decision {
  const step = currentStep(state);
  const move = currentMove(state);
  if (step === null || move === null) return decideNext(state, now);
  const ageMs = now - (movingSince(state) ?? now);
  const isOverdue = ageMs < 0 || ageMs >= move.deadlineMs || isJudgingOverdue(state, now);
  if (!isOverdue) return decideNext(state, now);
  return write({ type: 'rollout-taken-up', payload: { step: step.id } });
}

function decideNext(state: RolloutState, now: UnixMs): Decision {
  const move = currentMove(state);
  if (move === null) return write({ type: 'rollout-ended', payload: ending(state) });
  switch (state.stage) {
    case 'next':
      return decideIntent(state, now);
    case 'intended':
      return move.effects.length === 0 ? decidePerformed(state) : { ...nothing, effects: move.effects };
    case 'performed':
      return { ...nothing, ask: askAbout(state) };
  }
}

function ending(state: RolloutState) {
  return { end: state.direction === 'forward' ? 'settled' : 'returned', cause: state.cause, level: null } as const;
}

function decideIntent(state: RolloutState, now: UnixMs): Decision {
  const step = currentStep(state);
  if (step === null) return nothing;
  if (state.pause !== null) return decidePaused(state, step, now);
  if (state.direction === 'forward' && step.gates.length > 0) {
    return { ...nothing, ask: { kind: 'gates', step: step.id, gates: step.gates } };
  }
  return intend(state, step);
}

function intend(state: RolloutState, step: Step): Decision {
  const effects = currentMove(state)?.effects ?? [];
  return {
    ...nothing,
    events: [{ type: 'step-intended', payload: { step: step.id, direction: state.direction, effects } }],
    effects,
  };
}

function decidePaused(state: RolloutState, step: Step, now: UnixMs): Decision {
  const until = state.pause?.until ?? now;
  // Users of both revisions are there all the same: what the judge finds turns the rollout also now.
  if (isJudged(state)) return { ...nothing, ask: askJudge };
  return now < until ? { ...nothing, wakeAt: until } : pauseOverdue(state, step);
}

function decidePerformed(state: RolloutState): Decision {
  const step = currentStep(state);
  if (step === null || state.stage !== 'intended') return nothing;
  return write({ type: 'step-performed', payload: { step: step.id, direction: state.direction } });
}

/** Nothing else is known now: only harm matters. */
function decideJudged(state: RolloutState, fact: Extract<Fact, { kind: 'judged' }>, now: UnixMs): Decision {
  const step = currentStep(state);
  const harm = harmCause(state, fact.judgement);
  if (step === null || harm === null) return { ...nothing, wakeAt: now + performRetryMs };
  return decideFailure(state, step, harm, fact.slots);
}

function decidePerformFailed(
  state: RolloutState,
  fact: Extract<Fact, { kind: 'perform-failed' }>,
  now: UnixMs,
): Decision {
  const step = currentStep(state);
  const move = currentMove(state);
  if (step === null || move === null || state.stage !== 'intended') return nothing;
  const overdue = now - (movingSince(state) ?? now) >= move.deadlineMs;
  if (fact.retriable && !overdue) {
    return isJudged(state) ? { ...nothing, ask: askJudge } : { ...nothing, wakeAt: now + performRetryMs };
  }
  // Who can serve is chosen by what is there now: until that can be seen, the way back is tried again.
  if (fact.slots === null && mayStrand(state)) return { ...nothing, wakeAt: now + performRetryMs };
  const message = `${move.title}: ${fact.message}`;
  const cause = { code: fact.code, kind: 'port-failed', message, logTail: [], inRelease: false } as const;
  return decideFailure(state, step, cause, fact.slots ?? []);
}

/** Open gates and the intent are one write: no crash and no pause can come between the proof and the step. */
function decideGates(state: RolloutState, results: readonly GateResult[], now: UnixMs): Decision {
  const step = currentStep(state);
  if (step === null || state.stage !== 'next' || state.direction !== 'forward' || state.pause !== null) return nothing;
  const unanswered = step.gates.find((gate) => results.every((result) => result.gate !== gate));
  if (unanswered !== undefined)
    return decideFailure(state, step, gateCause('gate-closed', `nothing is known of the gate ${unanswered}`));
  if (results.every(isOpen)) {
    const intended = intend(state, step);
    return { ...intended, events: [{ type: 'gates-passed', payload: { step: step.id, results } }, ...intended.events] };
  }
  const shut = results.find((result) => result.state.kind === 'closed' || result.state.kind === 'not-proven');
  if (shut) return decideFailure(state, step, gateCause('gate-closed', `${shut.title}: ${shut.message}`));
  const since = state.waiting?.since ?? now;
  const patience = state.index === 0 ? gateDeadlineMs.untouched : gateDeadlineMs.moving;
  if (now - since >= patience)
    return decideFailure(state, step, gateCause('gate-deadline', 'nobody opened the gates in time'));
  const events: DecidedEvent[] = sameResults(state.waiting?.results ?? [], results)
    ? []
    : [{ type: 'gates-waiting', payload: { step: step.id, results } }];
  return { ...nothing, events, wakeAt: Math.min(now + gateIntervalMs, since + patience) };
}

function gateCause(kind: 'gate-closed' | 'gate-deadline', message: string) {
  return { code: 'gate-closed', kind, message, logTail: [], inRelease: false } as const;
}

/** What is open may be worded anew at each look (free memory, say): only what still holds the rollout counts. */
function sameResults(before: readonly GateResult[], now: readonly GateResult[]): boolean {
  const digest = (results: readonly GateResult[]) =>
    JSON.stringify(results.map((each) => [each.gate, each.state.kind, isOpen(each) ? '' : each.message]));
  return digest(before) === digest(now);
}

/** Where nothing else can be asked: is the new release harmful? */
const askJudge: Ask = { kind: 'observation', open: false, judged: true, jobs: [], answers: [] };

function askAbout(state: RolloutState): Ask {
  const until = currentMove(state)?.until ?? [];
  return {
    kind: 'observation',
    open: until.some((condition) => condition.kind === 'drained'),
    judged: isJudged(state),
    jobs: until.flatMap((condition) => (condition.kind === 'job-succeeded' ? [condition.key] : [])),
    answers: until.flatMap((condition) =>
      condition.kind === 'answering' ? [{ revision: condition.revision, times: condition.times }] : [],
    ),
  };
}
