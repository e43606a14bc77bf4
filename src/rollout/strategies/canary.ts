import {
  claimingWorkers,
  heldBack,
  machinesOf,
  whyNoComparison,
  type CanaryShare,
  type PlanInput,
} from '../plan-input.ts';
import type { Effect, Step } from '../plan.ts';
import type { Revision, ServiceDefinition } from '../release.ts';
import * as moves from './moves.ts';
import * as shared from './shared-steps.ts';

/** From this share on, in thousandths, the judge must have found the new release healthy before the next step. */
const healthyFromPermille = 50;
/** The least time at a share, in milliseconds: a few looks of the judge. */
const leastShareMs = 5_000;

/** One share with what it is among the others. */
interface Round {
  readonly number: number;
  readonly share: CanaryShare;
  readonly isLast: boolean;
}

/**
 * Old and new side by side, the new one with a growing share of users, judged all the while; then as blue-green goes on.
 * `from` is the revision that serves. The old one stays as it is until the watch is over, so the way back is one switch
 * from every step.
 */
export function canarySteps(input: PlanInput, from: Revision): readonly Step[] {
  const shares = canaryShares(input);
  const rounds = shares.map((share, index) => ({ number: index + 1, share, isLast: index === shares.length - 1 }));
  const exposed = [
    ...rounds.flatMap((round) => [
      ...growStep(input, round.number, round.share.permille),
      shareStep(input, from, round),
    ]),
    ...growStep(input, rounds.length + 1, 1000),
    ...shared.workersPauseStep(input).map(ungated),
    ungated(shared.shiftStep(input)),
    ...shared.workersTakeStep(input),
    ...shared.verifyStep(input, 'after'),
    ...shared.watchStep(input),
  ];
  return [
    startFew(input),
    ...shared.verifyStep(input, 'before'),
    ...shared.usersFirst(wayBack(input, shares), exposed),
    ...shared.shiftRestStep(input),
    ...shared.retireSteps(input),
  ];
}

/** Shares before the full shift, ascending; one that is no smaller than the full shift is the full shift. */
export function canaryShares(input: PlanInput): readonly CanaryShare[] {
  const full = 1000 - heldBack(input);
  const shares = input.canary?.shares ?? [];
  return shares.filter(({ permille }, index) => permille > (shares[index - 1]?.permille ?? 0) && permille < full);
}

/** Why this cannot be a canary; null: it can. */
export function whyNoCanary(input: PlanInput): string | null {
  return whyNoComparison(input) ?? (canaryShares(input).length === 0 ? 'it has no share to begin with' : null);
}

/** At once for users and for work: what the new workers share is taken from them too. */
function wayBack(input: PlanInput, shares: readonly CanaryShare[]): readonly Effect[] {
  const workers = sharingWorkers(input, shares.at(-1)?.permille ?? 0);
  return [shared.routeBack(input), ...moves.claim(input.to, workers, 'none')];
}

/** Gates were asked before the first share: one that closes later would hold a canary half-way, with users on it. */
function ungated(step: Step): Step {
  return { ...step, gates: [] };
}

/** As many as the first share needs; the others start when it is their turn. */
function startFew(input: PlanInput): Step {
  const start = shared.startStep(input, shared.startable(input));
  const counted = countedAt(input, firstPermille(input));
  return {
    ...start,
    effects: [...claimsOf(start), ...moves.ensure(input.to, counted)],
    until: moves.ready(input.to, counted),
  };
}

function claimsOf(start: Step): readonly Effect[] {
  return start.effects.filter((effect) => effect.kind === 'claim');
}

function firstPermille(input: PlanInput): number {
  return canaryShares(input)[0]?.permille ?? 1000;
}

/** Instances of the new release at a share. */
function countedAt(input: PlanInput, permille: number): moves.Counted {
  return shared.startable(input).map((service) => ({ service, slots: slotsAt(input, service, permille) }));
}

/**
 * Workers are the share. Web services have room for it, and so much that none has more to do than one of the old, as long
 * as there are any left to start: durations of the two are compared. Each machine has one: users come to all of them.
 */
function slotsAt(input: PlanInput, { service, kind, instances }: ServiceDefinition, permille: number): number {
  if (permille === 1000) return instances;
  const own = (instances * permille) / 1000;
  if (kind === 'worker') return Math.min(instances, Math.max(1, Math.round(own)));
  const old = input.from?.services.find((each) => each.service === service)?.instances ?? 0;
  const asBusy = (old * permille) / (1000 - permille);
  return Math.min(instances, Math.max(machinesOf(input), Math.ceil(Math.max(own, asBusy))));
}

/** Workers that take work beside the old ones at this share. */
export function sharingWorkers(input: PlanInput, permille: number): readonly ServiceDefinition[] {
  if (input.to.stores.some((store) => !store.shared)) return [];
  return claimingWorkers(input.to.services).filter(({ instances }) => Math.round((instances * permille) / 1000) >= 1);
}

/** More instances, before users need them. What it starts is stopped with everything that the first step started. */
function growStep(input: PlanInput, number: number, permille: number): readonly Step[] {
  const before = number === 1 ? firstPermille(input) : (canaryShares(input)[number - 2]?.permille ?? 0);
  const more = countedAt(input, permille).filter(({ service, slots }) => slots > slotsAt(input, service, before));
  if (more.length === 0) return [];
  return [
    moves.step({
      id: `grow-${number}`,
      phase: 'shift',
      title: `start more instances of ${input.to.release}`,
      effects: moves.ensure(input.to, more),
      until: moves.ready(input.to, more),
      deadlineMs: moves.startDeadlineMs,
      expectedMs: input.bootMs,
      crashBudget: shared.crashBudget,
    }),
  ];
}

/** Users' requests and, where workers may share, their work. It lasts until its time is over and the judge is content. */
function shareStep(input: PlanInput, from: Revision, { number, share, isLast }: Round): Step {
  const { permille } = share;
  const workers = sharingWorkers(input, permille);
  const leastMs = Math.max(share.everyMs, leastShareMs);
  const mustBeHealthy = isLast || permille >= healthyFromPermille;
  const judgingMs = mustBeHealthy ? (input.judge?.withinMs ?? 0) : 0;
  const gone = moves.none(input.to.services);
  return moves.step({
    id: `share-${number}`,
    phase: 'shift',
    title: `send ${shared.percentText(permille)} requests to ${input.to.release}`,
    effects: [...moves.claim(input.to, workers, 'all'), moves.route(moves.split(from, input.to, permille))],
    until: [
      { kind: 'elapsed', ms: leastMs },
      ...moves.ready(input.to, countedAt(input, permille)),
      ...(mustBeHealthy ? [{ kind: 'judged-healthy' } as const] : []),
    ],
    // What is still undecided when judging may take no longer has turned long before.
    deadlineMs: leastMs + judgingMs + moves.answerDeadlineMs,
    gates: number === 1 ? shared.recheckedGates(input) : [],
    compensation: {
      title: shared.backTitle(input),
      effects: [shared.routeBack(input)],
      until: [...moves.answering(from), ...moves.drained(input.to, gone)],
      deadlineMs: moves.answerDeadlineMs + moves.longestDrainMs(input.to.services),
      ifFails: 'strand',
    },
    expectedMs: Math.max(leastMs, share.expectedMs ?? 0),
    crashBudget: shared.crashBudget,
  });
}
