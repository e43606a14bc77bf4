import type { Actor } from '../core/events.ts';
import type { AppName, EnvironmentName, RolloutId, ServiceName } from '../core/ids.ts';
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
  readonly gates: readonly GateDefinition[];
  readonly partSteps: readonly Step[];
  /** How long the old release stays warm after the last shift, in milliseconds. */
  readonly watchMs: number;
  /** Services that listen on a port of their own choice, and stores that two releases may not share. */
  readonly cannotRunTwice: readonly string[];
  /** How long the start of this app took lately, in milliseconds. */
  readonly bootMs: number;
}

/** Slots that a service of the old revision runs on now. */
export function runningSlots(input: PlanInput, service: ServiceName): number {
  return input.running[service] ?? 0;
}

export function oldServices(input: PlanInput): readonly ServiceDefinition[] {
  return input.from?.services.filter((service) => runningSlots(input, service.service) > 0) ?? [];
}

/** Workers that only stop and start: they cannot be told to take nothing. */
export function blindWorkers(services: readonly ServiceDefinition[]): readonly ServiceDefinition[] {
  return services.filter((service) => service.kind === 'worker' && !service.readsClaim);
}

export function claimingWorkers(services: readonly ServiceDefinition[]): readonly ServiceDefinition[] {
  return services.filter((service) => service.kind === 'worker' && service.readsClaim);
}

export function webOnly(services: readonly ServiceDefinition[]): readonly ServiceDefinition[] {
  return services.filter((service) => service.kind === 'web');
}
