import { revisionId, type Scope } from '../../src/core/ids.ts';
import { compilePlan } from '../../src/rollout/compile-plan.ts';
import type { EnvironmentState } from '../../src/rollout/environment-state.ts';
import { service as exampleService } from '../../src/rollout/fixtures/example-rollout.ts';
import type { JudgeRules } from '../../src/rollout/judge/judge-rules.ts';
import type { CanaryInput } from '../../src/rollout/plan-input.ts';
import type { Before, GateDefinition, Plan, Step, StrategyName } from '../../src/rollout/plan.ts';
import { releaseZero } from '../../src/rollout/release-zero.ts';
import { webServices, type Revision, type ServiceDefinition } from '../../src/rollout/release.ts';
import type { Random } from './random.ts';
import { scope, type World } from './world.ts';

/** Deadlines are shortened to this, in milliseconds, so that a release that never gets ready costs little to simulate. */
const longestDeadlineMs = 20_000;
/** What comes on top of the time for judging, in milliseconds. */
const afterJudgingMs = 6_000;

/** Gates of those rollouts that have any. */
export const gates: readonly GateDefinition[] = [
  { id: 'approval', kind: 'approval', approvals: 1 },
  { id: 'proof:artifacts', kind: 'proof', part: 'artifacts', title: 'the artifact is there' },
];

/** Drains are short, for the same reason. */
export const service = (name: string, more: Partial<ServiceDefinition> = {}): ServiceDefinition =>
  exampleService(name, { drainMs: 800, ...more });

export function revision(
  number: number,
  services: readonly ServiceDefinition[],
  isVerified = true,
  of: Scope = scope,
): Revision {
  const verification = { job: 'verify', argv: ['npm', 'test'], root: '.', withinMs: 10_000 };
  return {
    ...of,
    id: revisionId(of.environment, number),
    number,
    release: `r${number}-0000000`,
    artifact: `sha256:${String(number).padStart(64, '0')}`,
    plannedAt: 0,
    services,
    jobs: [],
    verification: isVerified ? verification : null,
    stores: [],
    target: 'process',
    secretNames: [],
    configVersion: '',
  };
}

/** Services of a release: now and then one is new, is gone, or has another number of instances. */
export function someServices(random: Random): readonly ServiceDefinition[] {
  const few = () => random.between(1, 3);
  const drainMs = random.between(50, 700);
  const web = service('web', { instances: few(), drainMs });
  const api = service('api', { path: '/api', instances: few(), drainMs, stickiness: { kind: 'none' } });
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
  readonly canary?: CanaryInput;
  readonly holdbackPermille?: number;
  readonly rules?: Omit<JudgeRules, 'newRevision' | 'oldRevision' | 'services'>;
  /** Jobs of the release that run before anything else, and after everything else. */
  readonly hasMigration?: boolean;
}

/** The plan that the releases capability would make, with short deadlines. */
export function planFor(world: World, environment: EnvironmentState, number: number, wanted: Wanted): Plan {
  const { serving, upstream } = environment;
  const isBackToZero = wanted.to.id === releaseZero.revision;
  const from = serving === null ? null : (world.revisions.get(serving.revision) ?? null);
  const orders = environment.orders.filter((order) => order.revision === from?.id);
  const before: Before =
    serving === null ? world.before : { kind: 'revision', revision: serving.revision, release: serving.release };
  const rollout = `${world.scope.environment}-rollout-${number}`;
  const judge = judgeOf(world, from, wanted);
  const plan = compilePlan({
    ...world.scope,
    ...wanted,
    rollout,
    startedBy: { kind: 'person', id: 'ada' },
    salt: `salt-${number}`,
    before,
    from,
    ...(isBackToZero && upstream !== null ? { upstream } : {}),
    running: Object.fromEntries(orders.map((order) => [order.service, order.slots])),
    partSteps: wanted.hasMigration === true ? migrations(world.scope, rollout, wanted.to.id) : [],
    canary: wanted.canary ?? null,
    holdbackPermille: wanted.holdbackPermille ?? 0,
    judge,
    cannotRunTwice: [],
    bootMs: 200,
  });
  return { ...plan, steps: plan.steps.map((step) => shortened(step, judge?.withinMs ?? 0)) };
}

function judgeOf(world: World, from: Revision | null, { to, rules }: Wanted): JudgeRules | null {
  if (from === null || rules === undefined) return null;
  const old = webServices(from).map(({ service: name }) => name);
  const services = webServices(to)
    .filter(({ service: name }) => old.includes(name))
    .map(({ service: name, stickiness }) => ({
      service: name,
      isSticky: stickiness.kind !== 'none',
      lateAfterMs: [world.traffic.flow.users.slowMs],
      timedUpToPermille: 500,
    }));
  return services.length === 0 ? null : { ...rules, newRevision: to.id, oldRevision: from.id, services };
}

/** What a release's stores need: before it starts, and when no older one needs the old form any more. */
function migrations({ app, environment }: Scope, rollout: string, of: string): readonly Step[] {
  const step = (id: string, phase: 'expand' | 'settled', ifFails: 'turn' | 'go-on'): Step => {
    const key = `${app}/${environment}/${rollout}/${id}`;
    return {
      id,
      phase,
      title: id,
      effects: [{ kind: 'job', key, job: 'migrate', revision: of, baseUrl: 'pinned' }],
      until: [{ kind: 'job-succeeded', key }],
      deadlineMs: longestDeadlineMs,
      ifFails,
      gates: [],
      compensation: null,
      expectedMs: 0,
      makesLive: false,
      crashBudget: null,
      isJudged: false,
    };
  };
  return [step('migrate', 'expand', 'turn'), step('contract', 'settled', 'go-on')];
}

function shortened(step: Step, judgingMs: number): Step {
  const waits = step.until.reduce((ms, each) => ms + (each.kind === 'elapsed' ? each.ms : 0), 0);
  const isLong = step.until.some((each) => each.kind === 'judged-healthy');
  const { compensation } = step;
  const longestMs = waits + (isLong ? judgingMs + afterJudgingMs : longestDeadlineMs);
  const deadlineMs = (ms: number) => Math.min(ms, longestMs);
  return {
    ...step,
    deadlineMs: deadlineMs(step.deadlineMs),
    compensation: compensation === null ? null : { ...compensation, deadlineMs: deadlineMs(compensation.deadlineMs) },
  };
}
