import type { JudgeRules } from '../../src/rollout/judge/judge-rules.ts';
import type { Plan } from '../../src/rollout/plan.ts';
import { releaseZero } from '../../src/rollout/release-zero.ts';
import { harmful, hopeless, qualities, sound, type Quality } from './behaviour.ts';
import type { Course } from './course.ts';
import { giveEvidence } from './people.ts';
import type { Random } from './random.ts';
import { gates, revision, someServices, type Wanted } from './shapes.ts';
import { sales } from './simulated-signals.ts';
import type { World } from './world.ts';

/** What somebody wants next in this environment. It follows from seed, environment and number alone. */
export function nextWanted(world: World, number: number, course: Course): Wanted {
  const random = world.chanceOf('rollout', world.scope.environment, number);
  const { previous, serving } = world.invariants.environment;
  const isBack = random.chance(0.2);
  const to = release(world, random, number);
  const isTired = random.chance(0.06) && !course.isSteady;
  const isGated = course.hasPeople && random.chance(0.4);
  const wish = random.pick(['blue-green', 'rolling', 'recreate', 'canary', 'canary'] as const);
  const strategy = wish === 'canary' && course.isSteady ? 'blue-green' : wish;
  const watchMs = random.pick([0, 2_000, 6_000]);
  const isJudged = strategy === 'canary' || (!course.isSteady && random.chance(0.2));
  const usual = isJudged ? judging(random) : {};
  const hasMigration = random.chance(0.1);
  const back = isBack && previous !== null ? revisionOf(world, previous) : undefined;
  if (back !== undefined) return { kind: 'rollback', to: back, strategy: 'blue-green', watchMs: 0, gates: [] };
  const quality = qualityOf(random, { ...course, isJudged, hasMigration });
  const chance = world.chanceOf('signals', world.scope.environment, number);
  const hearsSignals = strategy === 'canary' && chance.chance(0.03);
  const judged = hearsSignals ? withSignals(chance, usual) : usual;
  world.add(to, hearsSignals && chance.chance(0.5) ? 'sells-less' : quality);
  if (isTired && serving !== null) world.tired.add(serving.revision);
  if (isGated) giveEvidence(world, random, to.release);
  return { kind: 'deploy', to, strategy, watchMs, gates: isGated ? gates : [], hasMigration, ...judged };
}

function revisionOf({ scope, revisions }: World, { revision: id, release }: Plan['to']) {
  if (id === releaseZero.revision) return { ...revision(0, [], false, scope), id, release };
  return revisions.get(id);
}

function release(world: World, random: Random, number: number) {
  const plain = revision(number, someServices(random), random.chance(0.8), world.scope);
  return { ...plain, jobs: [{ job: 'migrate', argv: ['npm', 'run', 'migrate'], root: '.', withinMs: 10_000 }] };
}

function qualityOf(
  random: Random,
  { isSteady, isJudged, hasMigration }: Course & { isJudged: boolean; hasMigration: boolean },
): Quality {
  if (hasMigration && random.chance(0.2)) return 'migration-fails';
  if (isSteady) return random.chance(0.5) ? random.pick(['good', 'slow'] as const) : random.pick(hopeless);
  if (!isJudged) return random.chance(0.5) ? random.pick(sound) : random.pick(qualities);
  // Most of what is judged is about users: good, or harmful only to them.
  if (random.chance(0.4)) return random.pick(harmful);
  return random.chance(0.6) ? 'good' : random.pick(qualities);
}

type Judged = Pick<Wanted, 'canary' | 'holdbackPermille' | 'rules'>;

/** Signals are read a few times a minute: with them a canary takes its time. */
function withSignals(random: Random, judged: Judged): Judged {
  const { rules } = judged;
  if (rules === undefined) return judged;
  const limits = random.chance(0.6) ? [{ kind: 'signal', signal: sales.rule.signal, value: sales.limit } as const] : [];
  return {
    ...judged,
    canary: { shares: [50, 250, 500].map((permille) => ({ permille, everyMs: 60_000, expectedMs: null })) },
    rules: { ...rules, signals: [sales.rule], limits: [...rules.limits, ...limits], withinMs: 400_000 },
  };
}

function judging(random: Random): Judged {
  const shares = random.pick<readonly number[]>([[10, 50, 250], [50, 250], [100], [10, 200, 500], [300, 600]]);
  const everyMs = random.pick([0, 0, 3_000]);
  const rules: Omit<JudgeRules, 'newRevision' | 'oldRevision' | 'services'> = {
    margin: 1.1,
    tolerance: random.pick([2, 4]),
    toleratedRate: random.pick([0.02, 0.05, 0.1]),
    limits: random.chance(0.2) ? [{ kind: 'failures', mostRate: 0.4 }] : [],
    signals: [],
    exposureBudget: random.pick([null, null, 15, 100]),
    withinMs: random.pick([20_000, 30_000, 60_000]),
  };
  return {
    canary: { shares: shares.map((permille) => ({ permille, everyMs, expectedMs: null })) },
    holdbackPermille: random.pick([0, 50, 50, 200]),
    rules,
  };
}
