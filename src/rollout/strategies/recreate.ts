import { claimingWorkers, oldServices, runningSlots, type PlanInput } from '../plan-input.ts';
import type { Step } from '../plan.ts';
import type { Revision } from '../release.ts';
import * as moves from './moves.ts';
import * as shared from './shared-steps.ts';

/** How many requests wait during a pause and how long each of them, in milliseconds; beyond that 503. */
const held = { maxHeld: 10_000, maxHoldMs: 30_000 };
/** How long requests under way may take to finish before the old is stopped all the same, in milliseconds. */
const finishMs = 5_000;
/**
 * WebSockets and event streams are closed at once, in milliseconds: everybody waits meanwhile, and those who come again
 * are held like all others, so to spread them would help nobody.
 */
const streamsMs = 0;

/**
 * Pause and switch, for what cannot run twice: requests are held while the old stops and the new starts. The way back
 * is the same in the other direction.
 */
export function recreateSteps(input: PlanInput): readonly Step[] {
  const { from } = input;
  if (from === null) return firstSteps(input);
  return [
    pauseStep(input, from),
    stopOldStep(input),
    startAloneStep(input),
    ...shared.verifyStep(input, 'before'),
    switchStep(input),
    ...shared.verifyStep(input, 'after'),
    ...shared.watchStep(input),
  ];
}

/** Nothing runs yet, so nothing has to stop. */
function firstSteps(input: PlanInput): readonly Step[] {
  return [
    shared.startStep(input, input.to.services),
    ...shared.verifyStep(input, 'before'),
    shared.shiftStep(input),
    ...shared.verifyStep(input, 'after'),
    ...shared.watchStep(input),
  ];
}

function pauseStep(input: PlanInput, from: Revision): Step {
  const shares = [{ revision: from.id, permille: 1000 }];
  const old = moves.none(oldServices(input));
  return moves.step({
    id: 'pause',
    phase: 'shift',
    title: 'hold requests',
    effects: [moves.route({ kind: 'paused', shares, ...held }, moves.draining(from, old, streamsMs))],
    until: moves.drained(from, old, finishMs),
    gates: input.gates.map((gate) => gate.id),
    compensation: {
      title: shared.backTitle(input),
      effects: [moves.route(shared.levelBefore(input.before))],
      until: moves.answering(from),
      deadlineMs: moves.answerDeadlineMs,
      ifFails: 'strand',
    },
  });
}

function stopOldStep(input: PlanInput): Step {
  const from = input.from ?? input.to;
  const old = oldServices(input);
  const back = old.map((service) => ({ service, slots: runningSlots(input, service.service) }));
  return moves.step({
    id: 'stop-old',
    phase: 'shift',
    title: `stop ${from.release}`,
    effects: moves.ensure(from, moves.none(old)),
    until: moves.stopped(from, moves.none(old)),
    deadlineMs: moves.longestDrainMs(old) + moves.stopGraceMs,
    compensation: {
      title: `start ${from.release} again`,
      effects: [...moves.claim(from, claimingWorkers(old), 'all'), ...moves.ensure(from, back)],
      until: moves.ready(from, back),
      deadlineMs: moves.startDeadlineMs,
      ifFails: 'strand',
    },
    expectedMs: 1_000,
  });
}

function startAloneStep(input: PlanInput): Step {
  const start = shared.startStep(input, input.to.services);
  const claims = moves.claim(input.to, claimingWorkers(input.to.services), 'all');
  const orders = start.effects.filter((effect) => effect.kind === 'ensure');
  return { ...start, gates: [], effects: [...claims, ...orders] };
}

function switchStep(input: PlanInput): Step {
  const shift = shared.shiftStep(input);
  const shares = [{ revision: input.to.id, permille: 1000 }];
  const gone = moves.none(input.to.services);
  return {
    ...shift,
    // Asked right before the pause; nobody waits for a gate while requests are held.
    gates: [],
    compensation: {
      title: 'hold requests',
      effects: [moves.route({ kind: 'paused', shares, ...held }, moves.draining(input.to, gone, streamsMs))],
      until: moves.drained(input.to, gone, finishMs),
      deadlineMs: moves.answerDeadlineMs,
      ifFails: 'go-on',
    },
  };
}
