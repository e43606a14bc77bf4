import { hopeless, isOneOf, qualities, sound, steady } from './behaviour.ts';
import { checkEnd, checkStranding, checkVerdict, endState } from './end-state.ts';
import { disturb, giveEvidence } from './people.ts';
import { Random } from './random.ts';
import { gates, planFor, revision, someServices, type Wanted } from './shapes.ts';
import { Voyage } from './voyage.ts';
import { calm, type Climate } from './weather.ts';

const climates = {
  calm,
  crashes: { ...calm, crashes: 0.01 },
  faults: { failing: 0.03, losingReplies: 0.03, delays: 0.1, crashes: 0, outages: 0.002 },
  storm: { failing: 0.03, losingReplies: 0.03, delays: 0.1, crashes: 0.008, outages: 0.002 },
} as const satisfies Record<string, Climate>;

const rolloutsPerVoyage = 4;

/** What a seed stands for. */
export interface Course {
  readonly seed: number;
  readonly climate: keyof typeof climates;
  /** Persons give and withhold evidence, pause, advance and abort. */
  readonly hasPeople: boolean;
  /** Nothing in it depends on the moment: a crash of the control plane must not change how it ends. */
  readonly isSteady: boolean;
}

export interface Sailed {
  readonly rollouts: number;
  readonly violations: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
  readonly trace: readonly string[];
  readonly endState: string;
}

export function courseOf(seed: number): Course {
  const random = new Random(seed);
  const climate = random.pick(['calm', 'crashes', 'crashes', 'faults', 'storm', 'storm'] as const);
  const isSteady = climate === 'crashes' && random.chance(0.6);
  return { seed, climate, isSteady, hasPeople: !isSteady && random.chance(0.6) };
}

/** Sails a course to its end, or to the first violation. `withoutCrashes`: the same one under a lucky star. */
export async function sail(course: Course, { withoutCrashes = false } = {}): Promise<Sailed> {
  const { seed, climate, hasPeople } = course;
  const random = new Random(seed + 1_000_003);
  const voyage = new Voyage(seed, withoutCrashes ? { ...climates[climate], crashes: 0 } : climates[climate]);
  const { world } = voyage;
  world.count(`voyages: ${climate}${hasPeople ? ', with people' : ''}${withoutCrashes ? ', crashes left out' : ''}`);
  let wasStranded = false;
  let rollouts = 0;
  while (rollouts < rolloutsPerVoyage && world.violations.length === 0) {
    const number = ++rollouts;
    const wanted = nextWanted(voyage, random, number, course);
    const plan = await voyage.begin((view) => planFor(world, view.environment, number, wanted));
    if (hasPeople) disturb(voyage, random, plan);
    const end = await voyage.end();
    if (end === null || world.violations.length > 0) break;
    world.count(`rollouts: ${plan.strategy} ${plan.kind} ${end}`);
    await voyage.calmDown();
    checkEnd(world, plan, end, wasStranded);
    if (end === 'stranded' && !wasStranded) checkStranding(world, plan);
    const isDecided = isOneOf(steady, world.qualityOf(plan.to.revision)) || climate === 'calm';
    if (!hasPeople && isDecided && !wasStranded && world.tired.size === 0) checkVerdict(world, plan, end);
    wasStranded = end === 'stranded' || (wasStranded && end === 'returned');
  }
  await voyage.close();
  const { violations, counts, trace } = world;
  return { rollouts, violations, counts, trace, endState: endState(world) };
}

function nextWanted(voyage: Voyage, random: Random, number: number, { hasPeople, isSteady }: Course): Wanted {
  const { world } = voyage;
  const { previous, serving } = world.invariants.environment;
  const strategy = random.pick(['blue-green', 'rolling', 'recreate'] as const);
  const watchMs = random.pick([0, 2_000, 6_000]);
  const isBack = random.chance(0.25);
  const steadily = random.chance(0.5) ? random.pick(['good', 'slow'] as const) : random.pick(hopeless);
  const anyhow = random.chance(0.5) ? random.pick(sound) : random.pick(qualities);
  const to = revision(number, someServices(random), random.chance(0.8));
  const isTired = random.chance(0.06) && !isSteady;
  const isGated = hasPeople && random.chance(0.4);
  const back = isBack && previous !== null ? world.revisions.get(previous.revision) : undefined;
  if (back !== undefined) return { kind: 'rollback', to: back, strategy: 'blue-green', watchMs: 0, gates: [] };
  world.add(to, isSteady ? steadily : anyhow);
  if (isTired && serving !== null) world.tired.add(serving.revision);
  if (isGated) giveEvidence(voyage, random, to.release);
  return { kind: 'deploy', to, strategy, watchMs, gates: isGated ? gates : [] };
}
