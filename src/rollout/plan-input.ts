import type { Actor } from '../core/events.ts';
import type { AppName, EnvironmentName, RolloutId, ServiceName } from '../core/ids.ts';
import type { Address } from '../core/routing-document.ts';
import type { JudgeRules } from './judge/judge-rules.ts';
import type { Before, GateDefinition, Plan, Step, StrategyName } from './plan.ts';
import type { Revision, ServiceDefinition } from './release.ts';

/** Everything a plan is compiled from. Counts of what runs come from what runs, not from the file. */
export interface PlanInput {
  readonly rollout: RolloutId;
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly kind: Plan['kind'];
  readonly startedBy: Actor;
  readonly salt: string;
  readonly strategy: StrategyName;
  readonly before: Before;
  /** The revision that serves now; null for an adopted upstream or the maintenance page. */
  readonly from: Revision | null;
  /** Slots of `from` that are ordered now, by service. */
  readonly running: Readonly<Record<ServiceName, number>>;
  readonly to: Revision;
  /** Where release 0 answers, when `to` is release 0; missing: it is not. */
  readonly upstream?: Address;
  readonly gates: readonly GateDefinition[];
  readonly partSteps: readonly Step[];
  /** How long the old release stays warm after the last shift, in milliseconds. */
  readonly watchMs: number;
  /** Services that listen on a port of their own choice, and stores that two releases may not share. */
  readonly cannotRunTwice: readonly string[];
  /** Shares of a canary, ascending; null for every other strategy. */
  readonly canary: CanaryInput | null;
  /** What stays on the old revision until the watch is over, in thousandths; 0: nothing. */
  readonly holdbackPermille: number;
  /** What the new revision is judged by; null for a first release, or where nothing can be compared. */
  readonly judge: JudgeRules | null;
  /** How long the start of this app took lately, in milliseconds. */
  readonly bootMs: number;
}

export interface CanaryInput {
  readonly shares: readonly CanaryShare[];
}

export interface CanaryShare {
  readonly permille: number;
  /** The least time at this share, in milliseconds. */
  readonly everyMs: number;
  /** What it usually takes until the judge is sure at today's load, in milliseconds; null: there is no load to go by. */
  readonly expectedMs: number | null;
}

/** Slots that a service of the old revision runs on now. */
export function runningSlots(input: PlanInput, service: ServiceName): number {
  return input.running[service] ?? 0;
}

export function oldServices(input: PlanInput): readonly ServiceDefinition[] {
  return input.from?.services.filter((service) => runningSlots(input, service.service) > 0) ?? [];
}

/** Why the new revision cannot be compared with an old one while both have users; null: it can. */
export function whyNoComparison(input: PlanInput): string | null {
  if (input.kind === 'rollback') return 'a rollback sends everybody back';
  if (input.from === null) return 'no release of Lotse serves yet';
  if (webOnly(oldServices(input)).length === 0 || webOnly(input.to.services).length === 0) {
    return 'only a web service has users to compare';
  }
  if (input.judge === null) return 'nobody judges the new release';
  return input.judge.services.length === 0 ? 'both releases have no web service of the same name' : null;
}

/** What stays on the old revision until the watch is over, in thousandths: nothing where nobody learns from it. */
export function heldBack(input: PlanInput): number {
  return whyNoComparison(input) === null && input.watchMs > 0 ? input.holdbackPermille : 0;
}

/** Workers that only stop and start: they cannot be told to take nothing. */
export function blindWorkers(services: readonly ServiceDefinition[]): readonly ServiceDefinition[] {
  return services.filter((service) => service.kind === 'worker' && !service.readsClaim);
}

export function claimingWorkers(services: readonly ServiceDefinition[]): readonly ServiceDefinition[] {
  return services.filter((service) => service.kind === 'worker' && service.readsClaim);
}

/**
 * Machines that a share of users may come to, each of which needs an instance of every web service that has a share: slot i
 * is on machine i mod this.
 */
export function machinesOf({ from, to }: Pick<PlanInput, 'from' | 'to'>): number {
  return Math.max(1, from?.servers?.length ?? 0, to.servers?.length ?? 0);
}

export function webOnly(services: readonly ServiceDefinition[]): readonly ServiceDefinition[] {
  return services.filter((service) => service.kind === 'web');
}
