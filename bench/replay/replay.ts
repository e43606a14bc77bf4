import { planJudging } from '../../src/capabilities/releases/judging.ts';
import { servicesIn, storesOf } from '../../src/capabilities/releases/release-manifest.ts';
import { revisionId, type Scope } from '../../src/core/ids.ts';
import type { StrategyDefinition } from '../../src/manifest/app-manifest.ts';
import { findEnvironment } from '../../src/manifest/effective-service.ts';
import { parseManifest } from '../../src/manifest/parse-manifest.ts';
import { compilePlan } from '../../src/rollout/compile-plan.ts';
import type { Cause } from '../../src/rollout/facts.ts';
import type { Plan } from '../../src/rollout/plan.ts';
import type { Revision } from '../../src/rollout/release.ts';
import type { End } from '../../src/rollout/rollout-events.ts';
import { VirtualTime } from '../../test/simulation/virtual-time.ts';
import { manifestWith } from '../bildwerk/make-source.ts';
import type { Chance } from '../canary/chance.ts';
import { Crowd, type Habits } from './crowd.ts';
import type { RecordedRelease } from './recorded-release.ts';
import { ReplayedEngine } from './replayed-engine.ts';
import { ReplayedTraffic, type Met } from './replayed-traffic.ts';
import { strategies, type Setting } from './settings.ts';

/** What replays are made of. */
export interface Library {
  /** The text of bildwerk's own lotse.yaml. */
  readonly manifest: string;
  readonly habits: Habits;
  readonly lengthMs: number;
  readonly releases: ReadonlyMap<string, RecordedRelease>;
}

/** What became of one canary. */
export interface Replayed {
  readonly end: End;
  readonly cause: Cause['kind'] | null;
  /** In words; null: it settled. */
  readonly why: string | null;
  /** From the first share until it turned back; without that, until it had settled. In milliseconds. */
  readonly tookMs: number;
  /** Of these, the new release had begun so many by then. */
  readonly requests: number;
  /** Requests that had ended by then and had failed because of the release. */
  readonly failures: number;
  /** Requests that were under way then and failed because of it. */
  readonly failuresInFlight: number;
}

const scope: Scope = { app: 'bildwerk', environment: 'production' };
/** How long the old release serves alone before the canary, in milliseconds. */
const beforeMs = 60_000;
/** Longer than any rollout may take, in milliseconds. */
const patienceMs = 4 * 3_600_000;

/** One canary: the real plan, engine and judge; a fresh salt, people drawn anew, from anywhere in the recording on. */
export async function replay(library: Library, setting: Setting, chance: Chance): Promise<Replayed> {
  const time = new VirtualTime();
  const crowd = new Crowd(library.habits, setting.strangers, time.now, chance);
  const serving = met(library, 'good', chance);
  const coming = setting.kind === 'good' ? serving : met(library, setting.kind, chance);
  const traffic = new ReplayedTraffic(time, crowd, chance, (revision) =>
    revision === revisionId(scope.environment, 1) ? serving : coming,
  );
  const manifest = parseManifest(manifestWith(library.manifest, strategies[setting.strategy]), {
    file: 'lotse.yaml',
    hasDockerfile: false,
  });
  const definition = findEnvironment(manifest, scope.environment);
  const revisions = [1, 2].map((number) => revisionOf(number, servicesIn(manifest, definition), storesOf(manifest)));
  const engine = new ReplayedEngine(time, traffic, scope, revisions);
  const [old, fresh] = revisions;
  if (old === undefined || fresh === undefined) throw new Error('there are two revisions');
  await engine.open();
  await engine.run(firstPlan(old), patienceMs);
  await time.passMs(beforeMs);
  const counters = await traffic.counters();
  const plan = canaryPlan(definition.strategy, { from: old, to: fresh, counters, now: time.now }, saltOf(chance));
  const ended = await engine.run(plan, patienceMs);
  await engine.close();
  return ended;
}

/** Both releases of a good rollout are where the recording is at that moment: they share a machine. */
function met({ releases, lengthMs }: Library, kind: string, chance: Chance): Met {
  const release = releases.get(kind);
  if (release === undefined) throw new Error(`the recording has no “${kind}”`);
  return { release, fromMs: chance.uniform() * lengthMs };
}

function saltOf(chance: Chance): string {
  return [1, 2]
    .map(() =>
      chance
        .below(2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    )
    .join('');
}

function revisionOf(number: number, services: Revision['services'], stores: Revision['stores']): Revision {
  const artifact = `sha256:${String(number).padStart(64, '0')}`;
  const nothing = {
    target: 'process',
    plannedAt: 0,
    jobs: [],
    verification: null,
    secretNames: [],
    configVersion: '',
  } as const;
  const id = revisionId(scope.environment, number);
  return { ...scope, ...nothing, id, number, release: `r${number}-0000000`, artifact, services, stores };
}

const common = {
  ...scope,
  kind: 'deploy',
  startedBy: { kind: 'person', id: 'ada' },
  gates: [],
  partSteps: [],
  cannotRunTwice: [],
  bootMs: 1_500,
} as const;

function firstPlan(to: Revision): Plan {
  return compilePlan({
    ...common,
    rollout: `${scope.environment}-rollout-1`,
    salt: 'before',
    strategy: 'blue-green',
    before: { kind: 'maintenance' },
    from: null,
    running: {},
    to,
    watchMs: 0,
    canary: null,
    holdbackPermille: 0,
    judge: null,
  });
}

type Situation = Omit<Parameters<typeof planJudging>[1], 'scope' | 'from'> & { readonly from: Revision };

function canaryPlan(strategy: StrategyDefinition, situation: Situation, salt: string): Plan {
  const { load: _load, ...judging } = planJudging(strategy, { scope, ...situation });
  const { from, to } = situation;
  return compilePlan({
    ...common,
    ...judging,
    rollout: `${scope.environment}-rollout-2`,
    salt,
    strategy: strategy.name,
    before: { kind: 'revision', revision: from.id, release: from.release },
    from,
    running: Object.fromEntries(from.services.map(({ service, instances }) => [service, instances])),
    to,
    watchMs: strategy.watchMs,
  });
}
