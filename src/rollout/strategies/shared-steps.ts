import { blindWorkers, claimingWorkers, heldBack, oldServices, runningSlots, type PlanInput } from '../plan-input.ts';
import type { Before, Condition, Effect, Step, TrafficLevel } from '../plan.ts';
import type { ServiceDefinition } from '../release.ts';
import { releaseZero, upstreamUrl } from '../release-zero.ts';
import * as moves from './moves.ts';

/** Unexpected exits of new instances that are tolerated between their start and the end of the watch. */
export const crashBudget = 1;

/** What users get when the rollout returns. */
export function levelBefore(before: Before): TrafficLevel {
  switch (before.kind) {
    case 'revision':
      return moves.everything(before.revision);
    case 'adopted':
      return { kind: 'adopted', host: before.host, port: before.port };
    case 'maintenance':
      return { kind: 'maintenance', message: 'This service is not available yet.' };
  }
}

/** Everything of the new revision that may run beside the old: all but workers that cannot be told to wait. */
export function startable(input: PlanInput): readonly ServiceDefinition[] {
  const blind = blindWorkers(input.to.services);
  return input.from === null ? input.to.services : input.to.services.filter((service) => !blind.includes(service));
}

export function startStep(input: PlanInput, services: readonly ServiceDefinition[]): Step {
  const counted = moves.all(services);
  return moves.step({
    id: 'start',
    phase: 'start',
    title: `start ${input.to.release}`,
    effects: [
      ...moves.claim(input.to, claimingWorkers(services), input.from === null ? 'all' : 'marked'),
      ...moves.ensure(input.to, counted),
    ],
    until: moves.ready(input.to, counted),
    deadlineMs: moves.startDeadlineMs,
    gates: input.gates.map((gate) => gate.id),
    compensation: stopNew(input, services),
    expectedMs: input.bootMs,
  });
}

function stopNew(input: PlanInput, services: readonly ServiceDefinition[]): Step['compensation'] {
  return {
    title: `stop ${input.to.release}`,
    effects: moves.ensure(input.to, moves.none(services)),
    until: moves.stopped(input.to, moves.none(services)),
    deadlineMs: moves.longestDrainMs(services) + moves.stopGraceMs,
    ifFails: 'go-on',
  };
}

/**
 * The app's own story against the new revision: before it has users, and when it has them through the public route.
 * Where some are held back the public route may lead to the old release, so the new one is asked directly once more.
 */
export function verifyStep(input: PlanInput, when: 'before' | 'after'): readonly Step[] {
  const verification = input.to.verification;
  if (verification === null || input.kind === 'rollback') return [];
  const id = `verify-${when}`;
  const key = `${input.app}/${input.environment}/${input.rollout}/${id}`;
  const baseUrl = when === 'before' || heldBack(input) > 0 ? 'pinned' : 'public';
  const again = baseUrl === 'pinned' ? 'verify the new release again' : 'verify through the public route';
  return [
    moves.step({
      id,
      phase: when === 'before' ? 'start' : 'shift',
      title: when === 'before' ? 'verify the new release' : again,
      effects: [{ kind: 'job', key, job: verification.job, revision: input.to.id, baseUrl }],
      until: [{ kind: 'job-succeeded', key }],
      deadlineMs: verification.withinMs + moves.stopGraceMs,
      expectedMs: Math.min(verification.withinMs, 10_000),
      crashBudget,
    }),
  ];
}

/** The old workers take nothing new, or stop where they cannot be told. */
export function workersPauseStep(input: PlanInput): readonly Step[] {
  const from = input.from;
  const old = oldServices(input).filter((service) => service.kind === 'worker');
  if (from === null || old.length === 0) return [];
  const blind = blindWorkers(old);
  const back = blind.map((service) => ({ service, slots: runningSlots(input, service.service) }));
  return [
    moves.step({
      id: 'workers-pause',
      phase: 'shift',
      title: 'the old workers take nothing new',
      effects: [...moves.claim(from, claimingWorkers(old), 'none'), ...moves.ensure(from, moves.none(blind))],
      until: moves.stopped(from, moves.none(blind)),
      deadlineMs: moves.longestDrainMs(blind) + moves.stopGraceMs,
      gates: recheckedGates(input),
      compensation: {
        title: 'the old workers go on',
        effects: [...moves.ensure(from, back), ...moves.claim(from, claimingWorkers(old), 'all')],
        until: moves.ready(from, back),
        deadlineMs: moves.startDeadlineMs,
        ifFails: 'strand',
      },
      expectedMs: blind.length > 0 ? input.bootMs : 0,
      crashBudget,
    }),
  ];
}

/** The new workers take everything; those that could not wait beside the old are started now. */
export function workersTakeStep(input: PlanInput): readonly Step[] {
  const { to } = input;
  const claiming = claimingWorkers(to.services);
  const late = input.from === null ? [] : blindWorkers(to.services);
  if (input.from === null || claiming.length + late.length === 0) return [];
  return [
    moves.step({
      id: 'workers-take',
      phase: 'shift',
      title: 'the new workers take everything',
      effects: [...moves.claim(to, claiming, 'all'), ...moves.ensure(to, moves.all(late))],
      until: moves.ready(to, moves.all(late)),
      deadlineMs: moves.startDeadlineMs,
      compensation: {
        title: 'the new workers take nothing new',
        effects: [...moves.claim(to, claiming, 'none'), ...moves.ensure(to, moves.none(late))],
        until: [],
        deadlineMs: moves.stopGraceMs,
        ifFails: 'go-on',
      },
      expectedMs: late.length > 0 ? input.bootMs : 0,
      crashBudget,
    }),
  ];
}

/** All users' requests but those that are held back go to the new revision; live once the public route has said so. */
export function shiftStep(input: PlanInput): Step {
  const held = heldBack(input);
  const level = input.from === null ? moves.everything(input.to.id) : moves.split(input.from, input.to, 1000 - held);
  const late = input.from === null ? [] : blindWorkers(input.to.services);
  const before = input.from === null ? answeringUpstream(input.before) : moves.answering(input.from);
  const gone = moves.none(input.to.services);
  return moves.step({
    id: 'shift',
    phase: 'shift',
    title: `send ${held === 0 ? 'all' : percentText(1000 - held)} requests to ${input.to.release}`,
    effects: [moves.route(level)],
    until: moves.answering(input.to),
    // Nobody waits for a gate while no worker takes work: then it was asked right before the workers paused.
    gates: workersPauseStep(input).length === 0 ? recheckedGates(input) : [],
    compensation: {
      title: backTitle(input),
      effects: [routeBack(input)],
      until: [...before, ...moves.stopped(input.to, moves.none(late)), ...moves.drained(input.to, gone)],
      deadlineMs: moves.answerDeadlineMs + moves.longestDrainMs(input.to.services),
      ifFails: 'strand',
    },
    expectedMs: 1_000,
    makesLive: true,
    crashBudget,
  });
}

/** What was adopted serves again when it says so; the maintenance page need not be asked. */
function answeringUpstream({ kind }: Before): readonly Condition[] {
  return kind === 'adopted' ? [moves.answeringAs(releaseZero.revision)] : [];
}

/** Everybody is served as before at once; the new instances finish what they have. */
export function routeBack(input: PlanInput): Effect {
  return moves.route(levelBefore(input.before), moves.draining(input.to, moves.none(input.to.services)));
}

/** `1 % of`, `99.5 % of`. */
export function percentText(permille: number): string {
  return `${permille / 10} % of`;
}

export function backTitle(input: PlanInput): string {
  const { before } = input;
  if (before.kind === 'revision') return `send all requests back to ${before.release}`;
  return before.kind === 'adopted' ? `send all requests back to ${upstreamUrl(before)}` : 'show the maintenance page';
}

/** Asked again right before users are moved: all but what was about the moment of the start. */
export function recheckedGates(input: PlanInput): readonly string[] {
  return input.gates.filter((gate) => gate.kind !== 'hours').map((gate) => gate.id);
}

export function watchStep(input: PlanInput): readonly Step[] {
  if (input.watchMs === 0) return [];
  return [
    moves.step({
      id: 'watch',
      phase: 'watch',
      title: 'watch the new release while the old one stays warm',
      // A release that is not ready when its time is over does not settle.
      until: [{ kind: 'elapsed', ms: input.watchMs }, ...moves.ready(input.to, moves.all(input.to.services))],
      deadlineMs: input.watchMs + moves.answerDeadlineMs,
      expectedMs: input.watchMs,
      crashBudget,
    }),
  ];
}

/** Those who were held back follow. Should it fail, the next step orders the same again. */
export function shiftRestStep(input: PlanInput): readonly Step[] {
  const held = heldBack(input);
  if (held === 0) return [];
  return [
    moves.step({
      id: 'shift-rest',
      phase: 'settled',
      title: `send the last ${percentText(held)} requests to ${input.to.release}`,
      effects: [moves.route(moves.everything(input.to.id))],
      ifFails: 'go-on',
    }),
  ];
}

/**
 * While two revisions have users, whatever is taken back first begins with `back`. `steps` are those from the first one
 * after which the new revision has any.
 */
export function usersFirst(back: readonly Effect[], steps: readonly Step[]): readonly Step[] {
  const named = back.map((effect) => JSON.stringify(effect));
  return steps.map((step) => {
    if (step.compensation === null) return step;
    const { effects } = step.compensation;
    return {
      ...step,
      compensation: {
        ...step.compensation,
        effects: [...back, ...effects.filter((effect) => !named.includes(JSON.stringify(effect)))],
      },
    };
  });
}

/**
 * After the watch there is no way back by this rollout: the old instances finish what they have, and stop. `level`: what
 * users get by then.
 */
export function retireSteps(input: PlanInput, level: TrafficLevel = moves.everything(input.to.id)): readonly Step[] {
  const { from } = input;
  const old = oldServices(input);
  if (from === null || old.length === 0) return [];
  const patience = moves.longestDrainMs(old) + moves.stopGraceMs;
  return [
    moves.step({
      id: 'drain-old',
      phase: 'settled',
      title: `${from.release} finishes what it has`,
      effects: [moves.route(level, moves.draining(from, moves.none(old)))],
      until: moves.drained(from, moves.none(old)),
      deadlineMs: patience,
      ifFails: 'go-on',
      expectedMs: 500,
    }),
    moves.step({
      id: 'stop-old',
      phase: 'settled',
      title: `stop ${from.release}`,
      effects: moves.ensure(from, moves.none(old)),
      until: moves.stopped(from, moves.none(old)),
      deadlineMs: patience,
      ifFails: 'go-on',
      expectedMs: 500,
    }),
  ];
}
