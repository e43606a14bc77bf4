import { revisionId, rolloutId, type Scope } from '../../src/core/ids.ts';
import { compilePlan } from '../../src/rollout/compile-plan.ts';
import type { JudgeRules } from '../../src/rollout/judge/judge-rules.ts';
import type { GateDefinition, Plan, StrategyName } from '../../src/rollout/plan.ts';
import { webServices, type Revision, type ServiceDefinition } from '../../src/rollout/release.ts';

/** Apps with a staging and a production each: the environments that one control plane of the bench has. */
export interface Fleet {
  readonly environments: number;
  readonly servicesEach: number;
}

/** An hour: longer than any bench, so that nothing of a held rollout is overdue. */
const longMs = 3_600_000;

export function scopesOf({ environments }: Fleet): readonly Scope[] {
  return Array.from({ length: environments }, (_, index) => ({
    app: `app${Math.floor(index / 2) + 1}`,
    environment: index % 2 === 0 ? 'staging' : 'production',
  }));
}

export const domainOf = ({ app, environment }: Scope): string => `${environment}.${app}.localhost`;

/** Of five services two are workers, of which one can be told what to take. The first one has two copies. */
function serviceOf(index: number): ServiceDefinition {
  const isWorker = index % 5 === 2 || index % 5 === 3;
  const name = `${isWorker ? 'worker' : 'web'}${index + 1}`;
  return {
    service: name,
    kind: isWorker ? 'worker' : 'web',
    argv: ['node', `${name}.js`],
    root: '.',
    port: isWorker ? null : 3000,
    path: index === 0 ? '/' : `/${name}`,
    ready: isWorker ? null : { kind: 'http', path: '/ready' },
    live: null,
    drainMs: longMs,
    instances: index === 0 ? 2 : 1,
    memoryBytes: 268_435_456,
    cpuCores: null,
    stickiness: { kind: 'cookie' },
    assets: null,
    readsClaim: index % 5 === 2,
  };
}

export function revisionOf(scope: Scope, number: number, { servicesEach }: Fleet): Revision {
  return {
    ...scope,
    id: revisionId(scope.environment, number),
    number,
    release: `r${number}-0000000`,
    artifact: `sha256:${String(number).padStart(64, '0')}`,
    plannedAt: 0,
    services: Array.from({ length: servicesEach }, (_, index) => serviceOf(index)),
    jobs: [],
    verification: { job: 'verify', argv: ['npm', 'test'], root: '.', withinMs: longMs },
    stores: [],
    target: 'process',
    secretNames: [],
    configVersion: configVersionOf(scope),
  };
}

export const configVersionOf = ({ app, environment }: Scope): string => `config of ${app}/${environment}`;

export interface Voyage {
  readonly strategy: StrategyName;
  readonly watchMs: number;
  readonly gates: readonly GateDefinition[];
}

/** The first is open at any time, the second never. */
export const openGate: GateDefinition = { id: 'not-quarantined', kind: 'not-quarantined' };
export const shutGate: GateDefinition = { id: 'approval', kind: 'approval', approvals: 1 };

/** The plan that brings an environment from its revision before (0: from the maintenance page) to revision `number`. */
export function planTo(scope: Scope, number: number, fleet: Fleet, voyage: Voyage): Plan {
  const to = revisionOf(scope, number, fleet);
  const from = number === 1 ? null : revisionOf(scope, number - 1, fleet);
  const isCanary = voyage.strategy === 'canary';
  const plan = compilePlan({
    ...scope,
    ...voyage,
    rollout: rolloutId(scope.environment, number),
    kind: 'deploy',
    startedBy: { kind: 'person', id: 'ada' },
    salt: `salt-${number}`,
    before: from === null ? { kind: 'maintenance' } : { kind: 'revision', revision: from.id, release: from.release },
    from,
    running: Object.fromEntries((from?.services ?? []).map(({ service, instances }) => [service, instances])),
    to,
    partSteps: [],
    canary: isCanary ? { shares: [{ permille: 50, everyMs: longMs, expectedMs: null }] } : null,
    holdbackPermille: isCanary ? 50 : 0,
    judge: isCanary && from !== null ? rulesOf(from, to) : null,
    cannotRunTwice: [],
    bootMs: 200,
  });
  return { ...plan, steps: plan.steps.map(patient) };
}

function rulesOf(from: Revision, to: Revision): JudgeRules {
  const web = webServices(to).map(({ service }) => ({
    service,
    isSticky: true,
    lateAfterMs: [100, 250, 500],
    timedUpToPermille: 500,
  }));
  const bounds = { margin: 1.1, tolerance: 2, toleratedRate: 0.005, exposureBudget: null, withinMs: longMs * 2 };
  return { newRevision: to.id, oldRevision: from.id, services: web, ...bounds, limits: [], signals: [] };
}

/** However long a bench holds a step, it is not overdue. */
function patient(step: Plan['steps'][number]): Plan['steps'][number] {
  const { compensation } = step;
  return {
    ...step,
    deadlineMs: longMs * 2,
    compensation: compensation === null ? null : { ...compensation, deadlineMs: longMs * 2 },
  };
}
