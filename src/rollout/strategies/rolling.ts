import { blindWorkers, machinesOf, oldServices, runningSlots, webOnly, type PlanInput } from '../plan-input.ts';
import type { Effect, Step } from '../plan.ts';
import type { ServiceDefinition } from '../release.ts';
import { blueGreenSteps } from './blue-green.ts';
import * as moves from './moves.ts';
import * as shared from './shared-steps.ts';

/**
 * One instance after the other: a new one starts, gets its share, an old one drains and stops. It needs room for one
 * more instance only; its way back starts old instances again. On several machines it is one instance on each of them
 * after the other: users of each need somebody who answers, whatever release they are sent to.
 */
export function rollingSteps(input: PlanInput): readonly Step[] {
  const most = Math.max(1, ...webOnly(input.to.services).map((service) => service.instances));
  const rounds = Math.ceil(most / machinesOf(input));
  if (input.from === null || rounds === 1 || input.kind === 'rollback') return blueGreenSteps(input);
  const steps: Step[] = [];
  for (let round = 1; round <= rounds; round++) {
    steps.push(startRound(input, round));
    if (round === 1) steps.push(...shared.verifyStep(input, 'before'), ...shared.workersPauseStep(input));
    steps.push(shareRound(input, round, rounds), stopRound(input, round, rounds));
  }
  return [
    ...steps,
    ...shared.workersTakeStep(input),
    ...shared.verifyStep(input, 'after'),
    ...shared.watchStep(input),
    ...shared.retireSteps(withoutOldWeb(input)),
  ];
}

/** By then the old web instances are gone; what is left to retire are its workers. */
function withoutOldWeb(input: PlanInput): PlanInput {
  const web = webOnly(input.from?.services ?? []).map((service) => service.service);
  const running = Object.fromEntries(Object.entries(input.running).filter(([service]) => !web.includes(service)));
  return { ...input, running };
}

/** New instances of a service after a round; the first round also starts the workers that may wait beside the old. */
function upTo(input: PlanInput, round: number): moves.Counted {
  return shared
    .startable(input)
    .filter((service) => service.kind === 'web' || round > 0)
    .map((service) => ({
      service,
      slots: service.kind === 'web' ? Math.min(round * machinesOf(input), service.instances) : service.instances,
    }));
}

/** Old instances that are left after a round: as many as their share of requests needs, and one on each machine. */
function leftOver(input: PlanInput, round: number, rounds: number): moves.Counted {
  return webOnly(oldServices(input)).map((service) => {
    const running = runningSlots(input, service.service);
    const least = round === rounds ? 0 : Math.min(running, machinesOf(input));
    return { service, slots: Math.max(least, Math.ceil((running * (rounds - round)) / rounds)) };
  });
}

function startRound(input: PlanInput, round: number): Step {
  const counted = upTo(input, round);
  const first = shared.startStep(input, shared.startable(input));
  const claims = first.effects.filter((effect) => effect.kind === 'claim');
  const before: moves.Counted = round === 1 ? moves.none(shared.startable(input)) : upTo(input, round - 1);
  return moves.step({
    id: `start-${round}`,
    phase: 'start',
    title: `start ${whichOf(input, round)} of ${input.to.release}`,
    effects: [...(round === 1 ? claims : []), ...moves.ensure(input.to, counted)],
    until: moves.ready(input.to, counted),
    deadlineMs: moves.startDeadlineMs,
    gates: round === 1 ? first.gates : [],
    compensation: {
      title: `stop ${whichOf(input, round)} of ${input.to.release}`,
      effects: moves.ensure(input.to, before),
      until: moves.stopped(input.to, before),
      deadlineMs: moves.longestDrainMs(input.to.services) + moves.stopGraceMs,
      ifFails: 'go-on',
    },
    expectedMs: input.bootMs,
    crashBudget: round === 1 ? null : shared.crashBudget,
  });
}

function shareRound(input: PlanInput, round: number, rounds: number): Step {
  const from = input.from ?? input.to;
  const isLast = round === rounds;
  return moves.step({
    id: `shift-${round}`,
    phase: 'shift',
    title: `send ${Math.round((100 * round) / rounds)} % of requests to ${input.to.release}`,
    effects: [shareEffect(input, round, rounds, moves.draining(from, leftOver(input, round, rounds)))],
    until: [...moves.drained(from, leftOver(input, round, rounds)), ...(isLast ? moves.answering(input.to) : [])],
    deadlineMs: moves.answerDeadlineMs + moves.longestDrainMs(from.services),
    gates: round === 1 ? shared.shiftStep(input).gates : [],
    compensation: shareBack(input, round, rounds),
    expectedMs: 1_000,
    makesLive: isLast,
    crashBudget: shared.crashBudget,
  });
}

/** The new instance of the round drains before it is stopped; in the end workers stop that cannot run beside the old. */
function shareBack(input: PlanInput, round: number, rounds: number): Step['compensation'] {
  const from = input.from ?? input.to;
  const left = upTo(input, round - 1);
  const late = round === 1 ? moves.stopped(input.to, moves.none(blindWorkers(input.to.services))) : [];
  const percent = Math.round((100 * (round - 1)) / rounds);
  return {
    title: round === 1 ? shared.backTitle(input) : `send ${percent} % of requests to ${input.to.release}`,
    effects: [shareEffect(input, round - 1, rounds, moves.draining(input.to, left))],
    until: [...(round === 1 ? moves.answering(from) : []), ...late, ...moves.drained(input.to, left)],
    deadlineMs: moves.answerDeadlineMs + moves.longestDrainMs(input.to.services),
    ifFails: 'strand',
  };
}

function shareEffect(
  input: PlanInput,
  round: number,
  rounds: number,
  draining: ReturnType<typeof moves.draining>,
): Effect {
  const from = input.from ?? input.to;
  const permille = Math.floor((1000 * round) / rounds);
  const shares = [
    { revision: from.id, permille: 1000 - permille },
    { revision: input.to.id, permille },
  ].filter((share) => share.permille > 0);
  return moves.route({ kind: 'shares', shares }, draining);
}

function stopRound(input: PlanInput, round: number, rounds: number): Step {
  const from = input.from ?? input.to;
  const left = leftOver(input, round, rounds);
  const before = leftOver(input, round - 1, rounds);
  return moves.step({
    id: `stop-${round}`,
    phase: 'shift',
    title: `stop ${whichOf(input, round)} of ${from.release}`,
    effects: moves.ensure(from, left),
    until: moves.stopped(from, left),
    deadlineMs: moves.longestDrainMs(webServicesOf(left)) + moves.stopGraceMs,
    compensation: {
      title: `start ${whichOf(input, round)} of ${from.release} again`,
      effects: moves.ensure(from, before),
      until: moves.ready(from, before),
      deadlineMs: moves.startDeadlineMs,
      ifFails: 'strand',
    },
    expectedMs: 500,
    crashBudget: shared.crashBudget,
  });
}

function whichOf(input: PlanInput, round: number): string {
  return machinesOf(input) === 1 ? `instance ${round}` : `instance ${round} on each machine`;
}

function webServicesOf(counted: moves.Counted): readonly ServiceDefinition[] {
  return counted.map(({ service }) => service);
}
