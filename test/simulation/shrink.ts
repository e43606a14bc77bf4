import type { Course } from './course.ts';
import { examine, type Examined, type Sabotage } from './examine.ts';
import type { FaultId } from './weather.ts';

/** The least that still shows what is broken, as far as it was found. */
export interface Shrunk {
  readonly course: Course;
  /** Rollouts that are left out, as `<environment> <number>`. */
  readonly without: ReadonlySet<string>;
  /** Faults that are left; null: all of the seed's. */
  readonly only: ReadonlySet<FaultId> | null;
  readonly examined: Examined;
  readonly attempts: number;
}

/** How often a smaller voyage is tried. */
const mostAttempts = 400;

/** Leaves out environments, people, rollouts and faults, one after the other, for as long as the same thing breaks. */
export async function shrink(course: Course, broken: Examined, sabotage: Sabotage | null = null): Promise<Shrunk> {
  const shrinker = new Shrinker({ course, without: new Set(), only: null, examined: broken, attempts: 0 }, sabotage);
  await shrinker.fewerEnvironments();
  await shrinker.noPeople();
  await shrinker.fewerRollouts();
  await shrinker.fewerFaults();
  await shrinker.fewerRollouts();
  return shrinker.best;
}

class Shrinker {
  best: Shrunk;
  readonly #sabotage: Sabotage | null;
  readonly #kind: string;

  constructor(first: Shrunk, sabotage: Sabotage | null) {
    this.best = first;
    this.#sabotage = sabotage;
    this.#kind = kindOf(first.examined);
  }

  async fewerEnvironments(): Promise<void> {
    for (const environment of this.best.course.environments) {
      if (this.best.course.environments.length === 1) return;
      if (await this.#try({ course: { ...this.best.course, environments: [environment] } })) return;
    }
    for (const left of this.best.course.environments) {
      const environments = this.best.course.environments.filter((each) => each !== left);
      if (environments.length > 0) await this.#try({ course: { ...this.best.course, environments } });
    }
  }

  async noPeople(): Promise<void> {
    if (this.best.course.hasPeople) await this.#try({ course: { ...this.best.course, hasPeople: false } });
  }

  async fewerRollouts(): Promise<void> {
    for (const name of this.best.examined.ships.at(-1)?.begun ?? [])
      await this.#try({ without: new Set([...this.best.without, name]) });
  }

  /** Halves, quarters and so on, down to single ones. */
  async fewerFaults(): Promise<void> {
    let left = this.best.examined.ships.flatMap((ship) => ship.faults);
    if (await this.#try({ only: new Set() })) return;
    for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let from = 0; from < left.length;) {
        const fewer = [...left.slice(0, from), ...left.slice(from + size)];
        if (await this.#try({ only: new Set(fewer) })) left = fewer;
        else from += size;
      }
    }
  }

  async #try(change: Partial<Shrunk>): Promise<boolean> {
    const attempts = this.best.attempts + 1;
    if (attempts > mostAttempts) return false;
    this.best = { ...this.best, attempts };
    const { course, without, only } = { ...this.best, ...change };
    const examined = await examine(course, { without, only }, this.#sabotage);
    const isSame = examined.violations.length > 0 && kindOf(examined) === this.#kind;
    if (isSame) this.best = { course, without, only, examined, attempts };
    return isSame;
  }
}

/** What broke first, whichever revision, environment or number it was about. */
function kindOf({ violations }: Examined): string {
  const [first = ''] = violations;
  return (first.split('\n')[0] ?? '').replace(/\b(?:production|staging|europe)\b/g, '').replaceAll(/\d+/g, '#');
}
