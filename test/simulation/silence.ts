import type { FaultId, Weather } from './weather.ts';
import type { World } from './world.ts';

/** What becomes of a call to a port that says nothing. */
export interface Fate {
  readonly happens: 'at once' | 'late' | 'never';
  readonly afterMs: number;
  readonly isAnswered: boolean;
}

interface Period {
  readonly fault: FaultId;
  readonly untilMs: number;
  calls: number;
}

/** So long after its beginning nobody waits for a call any more, in milliseconds. */
const waitedMs = 35_000;
const fates = ['at once', 'late', 'never'] as const;

/** Ports that say nothing, to one call or for a while. */
export class Silence {
  readonly #weather: Weather;
  readonly #periods = new Map<string, Period>();

  constructor(weather: Weather) {
    this.#weather = weather;
  }

  /** Null: the port answers. */
  meets(port: string, world: World): Fate | null {
    const { environment } = world.scope;
    if (port === 'journal' || this.#weather.isCalm(environment)) return null;
    const period = this.#periodOf(port, world);
    if (period === null) return null;
    const { fault, untilMs } = period;
    const draw = this.#weather.howMuch(fault, 0, 5) + period.calls++;
    const { now } = world.time;
    const afterMs = Math.max(untilMs - now, this.#weather.howMuch(fault, 2_000, 120_000));
    this.#note(port, world, afterMs);
    return { happens: fates[draw % 3] ?? 'never', afterMs, isAnswered: draw % 2 === 0 };
  }

  #periodOf(port: string, world: World): Period | null {
    const { environment } = world.scope;
    const key = `${port} ${environment}`;
    const { now } = world.time;
    const known = this.#periods.get(key);
    if (known !== undefined && now < known.untilMs) return known;
    const fault = this.#weather.strikes('silence', environment);
    if (fault === null) return null;
    world.count(`faults: silence of the ${port}`);
    const isLong = this.#weather.isLikely(fault, 0.5);
    const period = { fault, untilMs: now + (isLong ? this.#weather.howMuch(fault, 5_000, 120_000) : 0), calls: 0 };
    this.#periods.set(key, period);
    return period;
  }

  /** Some calls are about all environments. */
  #note(port: string, { shore }: World, afterMs: number): void {
    shore.count('calls that were met by silence');
    if (port !== 'target') shore.problemsBesideTarget++;
    shore.note(`the ${port} says nothing`);
    shore.mishaps++;
    shore.hanging++;
    shore.time.after(Math.max(afterMs, waitedMs), () => shore.hanging--);
  }
}
