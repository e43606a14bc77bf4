import { rolloutEventTypes } from '../../src/rollout/rollout-events.ts';
import type { RolloutView } from '../../src/capabilities/releases/releases-api.ts';
import type { TemporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { comesAtItsOwnTime, isOfStart, namePoints, pointsOf } from './name-points.ts';

/** More points than a rollout has: says each of them and never ends. */
const nowhere = '1000000';

export interface SeriesOptions {
  readonly lotse: TemporaryLotse;
  /** A fresh release for each rollout. */
  readonly releases: readonly string[];
  /** 1: every point; 3: every third. */
  readonly step: number;
  /** Points between two crashes of one rollout, so that it gets somewhere. */
  readonly stride: number;
  /** Asserts the end state; called after each rollout. */
  readonly check: (release: string, rollout: RolloutView) => Promise<void>;
}

interface Point {
  /** As the control plane says it. */
  readonly label: string;
  readonly name: string;
}

export interface SeriesResult {
  readonly points: number;
  readonly wanted: number;
  readonly hit: number;
  readonly missed: readonly string[];
  readonly crashes: number;
  readonly rollouts: number;
}

/**
 * The same kind of rollout again and again, killed at other points each time and started anew in between, until every
 * wanted point was hit. The points are those of one rollout that nobody disturbed.
 */
export class CrashSeries {
  readonly #options: SeriesOptions;
  readonly #lotse: TemporaryLotse;
  readonly #hit = new Set<string>();
  #course: readonly Point[] = [];
  #wanted: ReadonlySet<string> = new Set();
  #crashes = 0;
  #rollouts = 0;

  constructor(options: SeriesOptions) {
    this.#options = options;
    this.#lotse = options.lotse;
  }

  async run(): Promise<SeriesResult> {
    const { releases, step } = this.#options;
    await this.#watchOne(releases[0] ?? '');
    this.#wanted = new Set([...this.#names()].filter((_, index) => index % step === 0));
    for (const release of releases.slice(1)) {
      if (this.#missed().length === 0) break;
      await this.#disturbOne(release);
    }
    const [wanted, missed] = [this.#wanted.size, this.#missed()];
    const points = this.#names().size;
    return {
      points,
      wanted,
      hit: wanted - missed.length,
      missed,
      crashes: this.#crashes,
      rollouts: this.#rollouts,
    };
  }

  /** One rollout that nobody disturbs: its points are the course. */
  async #watchOne(release: string): Promise<void> {
    const plane = await this.#lotse.restart(crashAt(nowhere));
    await until('it has taken up what there was', () => pointsOf(plane.said).includes('published'));
    const atStart = pointsOf(plane.said);
    const { id } = await this.#lotse.client.start(release);
    this.#rollouts += 1;
    const rollout = await this.#lotse.client.ended(id);
    await this.#options.check(release, rollout);
    const labels = pointsOf(plane.said).slice(atStart.length);
    this.#course = namePoints(labels, 0).map((name, index) => ({ name, label: labels[index] ?? '' }));
  }

  async #disturbOne(release: string): Promise<void> {
    const id = this.#nextRollout();
    await this.#lotse.plane.end('SIGTERM');
    let reached = -1;
    for (;;) {
      const target = this.#nextTarget(reached < 0 ? 0 : reached + this.#options.stride);
      if (!(await this.#crashesAt(id, release, target))) break;
      reached = target;
    }
    this.#rollouts += 1;
    await this.#options.check(release, await this.#lotse.client.ended(id));
  }

  /** Index of the first point from there on that was not hit yet; Infinity: none is left for this rollout. */
  #nextTarget(from: number): number {
    const isOpen = ({ name }: Point) => this.#wanted.has(name) && !this.#hit.has(name);
    const index = this.#course.findIndex((point, at) => at >= from && isOpen(point));
    return index < 0 ? Infinity : index;
  }

  /** Runs a control plane that crashes there. False when the rollout ended before. */
  async #crashesAt(id: string, release: string, target: number): Promise<boolean> {
    const written = this.#written(id);
    const started = await this.#lotse.tryStart(crashAt(this.#wayTo(target, written)));
    if (started.kind === 'problem') throw new Error(`the control plane did not start: ${started.message}`);
    const { plane } = started;
    if (started.kind === 'ready') {
      if (written === 0) await this.#lotse.client.start(release).catch(() => undefined);
      const end = await until(`${id} is over, or the control plane has crashed`, async () => {
        if (plane.hasEnded) return 'crashed';
        const rollout = await this.#lotse.client.rollout(id).catch(() => null);
        return rollout !== null && rollout.endedAt !== null && 'over';
      });
      if (end === 'over') return false;
    }
    await plane.ended;
    this.#crashes += 1;
    this.#hit.add(namePoints(pointsOf(plane.said), written).at(-1) ?? '');
    return true;
  }

  /** Says to a process where it ends (`crashPoint`), when so many events of the rollout were written before. */
  #wayTo(target: number, written: number): string {
    const point = this.#course[target];
    if (point === undefined) return nowhere;
    // Each start publishes what is in force.
    if (isOfStart(point.name)) return `1 ${point.label}`;
    const lastWrite = this.#course.findLastIndex(({ name }) => name.startsWith(`${written} after writing `));
    const places = this.#course.flatMap((_, at) => (at > lastWrite && at <= target ? [this.#placeOf(at)] : []));
    const place = this.#placeOf(target);
    return `${Math.max(1, places.filter((each) => each === place).length)} ${place}`;
  }

  /** What an effect does counts only right after that effect: a control plane repeats orders by itself, too. */
  #placeOf(at: number): string {
    const { label = '' } = this.#course[at] ?? {};
    if (!/^(?:ensured |published$)/.test(label)) return label;
    const before = this.#course.slice(0, at).findLast((each) => !comesAtItsOwnTime(each.label));
    return `${before?.label ?? ''} > ${label}`;
  }

  #names(): ReadonlySet<string> {
    return new Set(this.#course.map(({ name }) => name));
  }

  #missed(): readonly string[] {
    return [...this.#wanted].filter((name) => !this.#hit.has(name));
  }

  /** Events of the rollout in the journal of a control plane that does not run. */
  #written(id: string): number {
    const types = rolloutEventTypes.map((type) => `'${type}'`).join(', ');
    return this.#count(`correlation_id = '${id}' and type in (${types})`);
  }

  #nextRollout(): string {
    const planned = this.#count(`chain = 'shop/production' and type = 'rollout-planned'`);
    return `production-rollout-${planned + 1}`;
  }

  #count(where: string): number {
    let found = 0;
    this.#lotse.changeDatabase((database) => {
      found = Number(database.prepare(`select count(*) as found from journal where ${where}`).get()?.['found']);
    });
    return found;
  }
}

function crashAt(where: string) {
  return { variables: { LOTSE_CRASH_AT: where } };
}
