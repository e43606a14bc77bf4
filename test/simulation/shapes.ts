import { revisionId } from '../../src/core/ids.ts';
import { compilePlan } from '../../src/rollout/compile-plan.ts';
import type { EnvironmentState } from '../../src/rollout/environment-state.ts';
import { service as exampleService } from '../../src/rollout/fixtures/example-rollout.ts';
import type { Before, GateDefinition, Plan, Step, StrategyName } from '../../src/rollout/plan.ts';
import type { Revision, ServiceDefinition } from '../../src/rollout/release.ts';
import type { Random } from './random.ts';
import { scope, type World } from './world.ts';

/** Deadlines are shortened to this, in milliseconds, so that a release that never gets ready costs little to simulate. */
const longestDeadlineMs = 10_000;

/** Gates of those rollouts that have any. */
export const gates: readonly GateDefinition[] = [
  { id: 'approval', kind: 'approval', approvals: 1 },
  { id: 'proof:artifacts', kind: 'proof', part: 'artifacts', title: 'the artifact is there' },
];

/** Drains are short, for the same reason. */
export const service = (name: string, more: Partial<ServiceDefinition> = {}): ServiceDefinition =>
  exampleService(name, { drainMs: 800, ...more });

export function revision(number: number, services: readonly ServiceDefinition[], isVerified = true): Revision {
  const verification = { job: 'verify', argv: ['npm', 'test'], root: '.', withinMs: 10_000 };
  return {
    ...scope,
    id: revisionId(scope.environment, number),
    number,
    release: `r${number}-0000000`,
    artifact: `sha256:${String(number).padStart(64, '0')}`,
    plannedAt: 0,
    services,
    jobs: [],
    verification: isVerified ? verification : null,
    stores: [],
    configVersion: '',
  };
}

/** Services of a release: now and then one is new, is gone, or has another number of instances. */
export function someServices(random: Random): readonly ServiceDefinition[] {
  const few = () => random.between(1, 3);
  const drainMs = random.between(50, 1_500);
  const web = service('web', { instances: few(), drainMs });
  const api = service('api', { path: '/api', instances: few(), drainMs });
  const claiming = service('sizes', { kind: 'worker', port: null, readsClaim: true, instances: few(), drainMs });
  const blind = service('mails', { kind: 'worker', port: null, drainMs });
  const more = [api, claiming, blind].filter(() => random.chance(0.5));
  return random.chance(0.05) ? [claiming, blind] : [web, ...more];
}

export interface Wanted {
  readonly kind: Plan['kind'];
  readonly to: Revision;
  readonly strategy: StrategyName;
  readonly watchMs: number;
  readonly gates: readonly GateDefinition[];
}

/** The plan that the releases capability would make, with short deadlines. */
export function planFor(world: World, environment: EnvironmentState, number: number, wanted: Wanted): Plan {
  const { serving } = environment;
  const from = serving === null ? null : (world.revisions.get(serving.revision) ?? null);
  const orders = environment.orders.filter((order) => order.revision === from?.id);
  const before: Before =
    serving === null
      ? { kind: 'maintenance' }
      : { kind: 'revision', revision: serving.revision, release: serving.release };
  const plan = compilePlan({
    ...scope,
    ...wanted,
    rollout: `${scope.environment}-rollout-${number}`,
    startedBy: { kind: 'person', id: 'ada' },
    salt: `salt-${number}`,
    before,
    from,
    running: Object.fromEntries(orders.map((order) => [order.service, order.slots])),
    partSteps: [],
    cannotRunTwice: [],
    bootMs: 200,
  });
  return { ...plan, steps: plan.steps.map(shortened) };
}

function shortened(step: Step): Step {
  const waits = step.until.reduce((ms, each) => ms + (each.kind === 'elapsed' ? each.ms : 0), 0);
  const { compensation } = step;
  const deadlineMs = (ms: number) => Math.min(ms, longestDeadlineMs + waits);
  return {
    ...step,
    deadlineMs: deadlineMs(step.deadlineMs),
    compensation: compensation === null ? null : { ...compensation, deadlineMs: deadlineMs(compensation.deadlineMs) },
  };
}
