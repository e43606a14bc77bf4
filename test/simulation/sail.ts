import type { Plan } from '../../src/rollout/plan.ts';
import type { End } from '../../src/rollout/rollout-events.ts';
import { isOneOf, steady } from './behaviour.ts';
import type { Saboteur } from './control-plane.ts';
import { climates, type Course } from './course.ts';
import { checkEnd, checkStranding, checkVerdict, endState } from './end-state.ts';
import { countJudged } from './judged-counts.ts';
import { disturb, intrude, supersede } from './people.ts';
import { planFor, type Wanted } from './shapes.ts';
import { Shore } from './shore.ts';
import { Succession } from './succession.ts';
import { Voyage } from './voyage.ts';
import { Weather, type FaultId } from './weather.ts';
import { nextWanted } from './wishes.ts';
import { World } from './world.ts';

export interface SailOptions {
  /** The same one under a lucky star. */
  readonly withoutCrashes?: boolean;
  /** Only these of its faults strike. */
  readonly only?: ReadonlySet<FaultId> | null;
  /** Rollouts that are left out, as `<environment> <number>`. */
  readonly without?: ReadonlySet<string>;
  readonly saboteur?: Saboteur | null;
}

export interface Sailed {
  readonly rollouts: number;
  readonly violations: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
  readonly trace: readonly string[];
  /** Of each environment. */
  readonly endState: string;
  readonly faults: readonly FaultId[];
  /** `<environment> <number>` of each rollout that was begun. */
  readonly begun: readonly string[];
}

/** Sails a course to its end, or to the first violation. */
export async function sail(course: Course, options: SailOptions = {}): Promise<Sailed> {
  const { seed, climate, hasPeople, environments } = course;
  const { withoutCrashes = false, only = null, saboteur = null } = options;
  const shore = new Shore();
  const [first, ...others] = environments.map((environment) => worldOf(shore, course, environment));
  if (first === undefined) throw new Error('a course needs an environment');
  const worlds = [first, ...others] as const;
  const weather = new Weather(seed ^ 0x5eed, withoutCrashes ? { ...climates[climate], crash: 0 } : climates[climate], {
    only,
  });
  const planes = new Succession(worlds, weather, saboteur);
  shore.count(`voyages: ${climate}${hasPeople ? ', with people' : ''}${withoutCrashes ? ', crashes left out' : ''}`);
  if (worlds.length > 1) shore.count(`voyages: ${worlds.length} environments`);
  const begun: string[] = [];
  await Promise.all(worlds.map((world) => rollOut(Voyage.joining(planes, world), course, options, begun)));
  if (shore.violations.length === 0) await planes.close();
  const { violations, counts, trace } = shore;
  const ends = worlds.map((world) => `${world.scope.environment} ${endState(world)}`).join('\n');
  return { rollouts: begun.length, violations, counts, trace, endState: ends, faults: weather.struck, begun };
}

function worldOf(shore: Shore, { seed }: Course, environment: string): World {
  const world = new World(seed, { shore, scope: { app: 'shop', environment } });
  if (world.chanceOf('adopted', environment).chance(0.3))
    world.before = { kind: 'adopted', host: '127.0.0.1', port: 9_000 };
  return world;
}

/** All rollouts of one environment. */
async function rollOut(
  voyage: Voyage,
  course: Course,
  { without = new Set() }: SailOptions,
  begun: string[],
): Promise<void> {
  const { world } = voyage;
  if (world.before.kind === 'adopted') await voyage.adopt(world.before);
  let wasStranded = false;
  let isCalm = true;
  for (let number = 1; number <= course.rollouts && world.violations.length === 0; number++) {
    const name = `${world.scope.environment} ${number}`;
    if (without.has(name)) continue;
    const random = world.chanceOf('manner', world.scope.environment, number);
    const wanted = nextWanted(world, number, course);
    const mishaps = world.mishaps;
    const plan = await begin(voyage, number, wanted);
    if (plan === null) return;
    begun.push(name);
    if (course.hasPeople) disturb(voyage, random, plan);
    if (course.hasPeople && random.chance(0.3)) intrude(voyage, random, plan);
    const newer = world.chanceOf('newer deploy', world.scope.environment, number);
    if (plan.gates.length > 0 && newer.chance(0.4)) supersede(voyage, newer, plan);
    const end = await voyage.end();
    if (end === null || world.violations.length > 0) return;
    world.count(`rollouts: ${plan.strategy} ${plan.kind} ${end}`);
    countJudged(world, plan, world.mishaps > mishaps);
    // Now and then the next one comes right away, whatever the one before it has left behind.
    const comesAtOnce: boolean = !course.isSteady && random.chance(0.2);
    if (!comesAtOnce) {
      await voyage.calmDown();
      checkAfter(world, plan, end, { course, isFair: isCalm && world.mishaps === mishaps, wasStranded });
    }
    isCalm = !comesAtOnce;
    wasStranded = end === 'stranded' || (wasStranded && end === 'returned');
  }
}

/** Null: something else is broken meanwhile. */
async function begin(voyage: Voyage, number: number, wanted: Wanted): Promise<Plan | null> {
  try {
    return await voyage.begin((view) => planFor(voyage.world, view.environment, number, wanted));
  } catch (error) {
    if (voyage.world.violations.length > 0) return null;
    throw error;
  }
}

interface Circumstances {
  readonly course: Course;
  /** Nothing has happened that may change how a rollout ends. */
  readonly isFair: boolean;
  readonly wasStranded: boolean;
}

function checkAfter(world: World, plan: Plan, end: End, { course, isFair, wasStranded }: Circumstances): void {
  checkEnd(world, plan, end, wasStranded, isFair);
  if (end === 'stranded' && !wasStranded && isFair) checkStranding(world, plan);
  const isDecided = isOneOf(steady, world.qualityOf(plan.to.revision)) || course.climate === 'calm';
  if (isFair && !course.hasPeople && isDecided && !wasStranded && world.tired.size === 0)
    checkVerdict(world, plan, end);
}
