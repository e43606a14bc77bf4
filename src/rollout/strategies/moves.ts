import { streamCloseHandshakeMs, streamCloseSpreadMs } from '../../core/routing-document.ts';
import type { RevisionId } from '../../core/ids.ts';
import type { Claim, Condition, Effect, Step, TrafficLevel } from '../plan.ts';
import type { Revision, ServiceDefinition } from '../release.ts';

/** How long instances may take until they are ready, in milliseconds. Crash loops give up long before. */
export const startDeadlineMs = 600_000;
/** How long the public route may take to answer with the right revision, in milliseconds. */
export const answerDeadlineMs = 60_000;
/** What a stop may take beyond the service's own drain, in milliseconds. */
export const stopGraceMs = 30_000;
/** Answers in a row, on fresh connections, before a release counts as live. */
const answersInARow = 5;

type Draining = Extract<Effect, { kind: 'route' }>['draining'];

export type Counted = readonly { readonly service: ServiceDefinition; readonly slots: number }[];

export const all = (services: readonly ServiceDefinition[]): Counted =>
  services.map((service) => ({ service, slots: service.instances }));

export const none = (services: readonly ServiceDefinition[]): Counted =>
  services.map((service) => ({ service, slots: 0 }));

export function ensure(revision: Revision, counted: Counted): readonly Effect[] {
  return counted.map(({ service, slots }) => ({
    kind: 'ensure',
    revision: revision.id,
    service: service.service,
    slots,
  }));
}

export function claim(revision: Revision, services: readonly ServiceDefinition[], value: Claim): readonly Effect[] {
  return services.map(({ service }) => ({ kind: 'claim', revision: revision.id, service, claim: value }));
}

export function ready(revision: Revision, counted: Counted): readonly Condition[] {
  return counted.map(({ service, slots }) => ({
    kind: 'ready',
    revision: revision.id,
    service: service.service,
    slots,
  }));
}

export function stopped(revision: Revision, counted: Counted): readonly Condition[] {
  return counted.map(({ service, slots }) => ({
    kind: 'stopped',
    revision: revision.id,
    service: service.service,
    fromSlot: slots,
  }));
}

/**
 * The slots from these counts upwards have nothing open any more, or the time is over (at most `capMs`) in which the
 * proxy closes what stays open by itself.
 */
export function drained(revision: Revision, counted: Counted, capMs = Infinity): readonly Condition[] {
  return counted
    .filter(({ service }) => service.kind === 'web')
    .map(({ service, slots }) => ({
      kind: 'drained',
      revision: revision.id,
      service: service.service,
      fromSlot: slots,
      budgetMs: Math.min(service.drainMs + streamCloseSpreadMs(service.drainMs) + streamCloseHandshakeMs, capMs),
    }));
}

export function answering(revision: Revision): readonly Condition[] {
  const isReachable = revision.services.some((service) => service.kind === 'web');
  return isReachable ? [answeringAs(revision.id)] : [];
}

export function answeringAs(revision: RevisionId): Condition {
  return { kind: 'answering', revision, times: answersInARow };
}

export function route(level: TrafficLevel, draining: Draining = []): Effect {
  return { kind: 'route', level, draining };
}

/** The slots from these counts upwards get no new request; streams may stay for `drainMs`, by default the service's own. */
export function draining(revision: Revision, counted: Counted, drainMs?: number): Draining {
  const within = drainMs === undefined ? {} : { drainMs };
  return counted
    .filter(({ service }) => service.kind === 'web')
    .map(({ service, slots }) => ({ revision: revision.id, service: service.service, fromSlot: slots, ...within }));
}

export function everything(revision: string): TrafficLevel {
  return { kind: 'shares', shares: [{ revision, permille: 1000 }] };
}

/** So much of the environment goes to the new revision, the rest to the old one. The new one comes last: bucket 0 is its own. */
export function split(from: Revision, to: Revision, permille: number): TrafficLevel {
  const shares = [
    { revision: from.id, permille: 1000 - permille },
    { revision: to.id, permille },
  ];
  return { kind: 'shares', shares: shares.filter((share) => share.permille > 0) };
}

export function longestDrainMs(services: readonly ServiceDefinition[]): number {
  return Math.max(0, ...services.map((service) => service.drainMs));
}

type Sketch = Pick<Step, 'id' | 'phase' | 'title'> & Partial<Step>;

/** A step with what most steps have. */
export function step(sketch: Sketch): Step {
  return {
    effects: [],
    until: [],
    deadlineMs: answerDeadlineMs,
    ifFails: 'turn',
    gates: [],
    compensation: null,
    expectedMs: 0,
    makesLive: false,
    crashBudget: null,
    isJudged: false,
    ...sketch,
  };
}
