import { courseOf, sail, type Course, type Sailed } from './sail.ts';

/** What became of many voyages. */
export interface FleetReport {
  readonly voyages: number;
  readonly rollouts: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly failure: Failure | null;
}

export interface Failure {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly trace: readonly string[];
  /** The command that shows it again. */
  readonly replay: string;
}

/** Sails seed after seed until there are enough rollouts or `mustStop` says so, or one fails. */
export async function sailFleet(
  firstSeed: number,
  rollouts: number,
  mustStop: (voyages: number) => boolean,
): Promise<FleetReport> {
  const counts = new Map<string, number>();
  let sailed = 0;
  let voyages = 0;
  for (let seed = firstSeed; sailed < rollouts && !mustStop(voyages); seed++) {
    const course = courseOf(seed);
    const ships = [await sail(course), ...(await twinOf(course))];
    voyages++;
    for (const ship of ships) {
      sailed += ship.rollouts;
      for (const [what, times] of ship.counts) counts.set(what, (counts.get(what) ?? 0) + times);
    }
    const failure = failureOf(seed, ships);
    if (failure !== null) return { voyages, rollouts: sailed, counts, failure };
  }
  return { voyages, rollouts: sailed, counts, failure: null };
}

async function twinOf(course: Course): Promise<readonly Sailed[]> {
  return course.isSteady ? [await sail(course, { withoutCrashes: true })] : [];
}

function failureOf(seed: number, ships: readonly Sailed[]): Failure | null {
  const [first, twin] = ships;
  const violations = ships.flatMap((ship) => ship.violations);
  if (violations.length === 0 && first !== undefined && twin !== undefined && first.endState !== twin.endState)
    violations.push(`crashes changed the end:\n${first.endState}\nwithout them:\n${twin.endState}`);
  if (violations.length === 0) return null;
  const trace = ships.flatMap((ship) => ['', ...ship.trace]);
  return { seed, violations, trace, replay: `npm run simulate -- --seed ${seed} --rollouts 1` };
}

/** How many of each kind there were, a line each. */
export function countLines({ counts }: FleetReport): readonly string[] {
  return [...counts].toSorted(([one], [other]) => one.localeCompare(other)).map(([what, times]) => `${what}: ${times}`);
}
