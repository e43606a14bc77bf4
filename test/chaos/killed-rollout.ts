import type { TemporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { comesAtItsOwnTime, isOfStart, namePoints, pointsOf } from './name-points.ts';
import type { RolloutRecord } from './rollout-record.ts';

/** A rollout with all its steps in processes that live for one point only takes its time. */
const patienceMs = 120_000;

/** What the judge does at a look while a step is waited for. */
const atLooks = [
  'judge: before keeping evidence',
  'judge: evidence kept',
  'judge: before acknowledging counters',
  'judge: counters acknowledged',
];
const beforeWriting = '1 before writing *';
/** What the judge does once the rollout has ended. */
export const afterTheEnd = ['judge: before closing evidence', 'judge: evidence closed', 'judge: checkpoint removed'];

export interface KilledOptions {
  /** A control plane runs, and no rollout is under way. */
  readonly lotse: TemporaryLotse;
  /** Of the rollout that is begun and killed. */
  readonly record: RolloutRecord;
  readonly release: string;
  /**
   * Points between two crashes. 1: after each write and each call, one after the other, and around whatever the judge
   * does at each step; right before a write or a call nothing is other than after the one before.
   */
  readonly stride: number;
  /** Where the first crash comes (`crashPoint`), before those that are told; default: at the first point. */
  readonly begin?: string;
}

export interface Killed {
  readonly crashes: number;
  /** Points of the rollout that were passed. */
  readonly passed: ReadonlySet<string>;
  /** Those at which it was killed, in this order; the judge's by step: `watch judge: evidence kept`. */
  readonly hit: ReadonlySet<string>;
}

/** One rollout in many control planes, each of which is killed at a later point than the one before. */
export class KilledRollout {
  readonly #lotse: TemporaryLotse;
  readonly #options: KilledOptions;
  readonly #record: RolloutRecord;
  readonly #passed = new Set<string>();
  readonly #hit = new Set<string>();
  #crashes = 0;

  constructor(options: KilledOptions) {
    this.#options = options;
    this.#lotse = options.lotse;
    this.#record = options.record;
  }

  /** Resolves when the rollout has ended and a control plane runs that nobody kills. */
  async run(): Promise<Killed> {
    const { stride, begin } = this.#options;
    await this.#lotse.plane.end('SIGTERM');
    if (begin !== undefined) await this.#killAt(begin);
    this.#passed.clear();
    this.#hit.clear();
    if (stride === 1) await this.#killAtEach();
    else while ((await this.#killAt(`${stride} *`, true)) !== null);
    await this.#lotse.restart();
    return { crashes: this.#crashes, passed: this.#passed, hit: this.#hit };
  }

  async #killAtEach(): Promise<void> {
    for (;;) {
      const { last, step, written } = this.#record.stand;
      const isStill = () => this.#record.stand.written === written;
      if (last === 'rollout-ended') {
        for (const place of afterTheEnd) await this.#killAt(`1 ${place}`);
        return;
      }
      const isJudged = last === 'step-performed' && this.#record.judgedSteps.includes(step ?? '');
      for (const place of isJudged ? atLooks : []) {
        const point = await this.#killAt(`1 ${place} | ${beforeWriting}`);
        if (point !== place) break; // The step was done before.
      }
      for (let number = 1; isStill(); number++) await this.#killAt(`${number} before * > *`);
    }
  }

  /** Answers where it was killed; null, where it may pass: the rollout has ended before it got there. */
  async #killAt(where: string, mayPass = false): Promise<string | null> {
    const { written, step } = this.#record.stand;
    const started = await this.#lotse.tryStart({ variables: { LOTSE_CRASH_AT: where } });
    if (started.kind === 'problem') throw new Error(`the control plane did not start: ${started.message}`);
    const { plane } = started;
    if (started.kind === 'ready') {
      if (written === 0) await this.#lotse.client.start(this.#options.release).catch(() => undefined);
      const isOver = () => mayPass && this.#record.stand.last === 'rollout-ended' && !this.#record.hasEvidence;
      await until(`${this.#record.id} is killed at ${where}`, () => plane.hasEnded || isOver(), patienceMs);
    }
    if (started.kind === 'ended') await plane.ended;
    const points = pointsOf(plane.said);
    const names = namePoints(points, written);
    for (const [at, name] of names.entries()) if (isOfRollout(name, points[at] ?? '')) this.#passed.add(name);
    if (!plane.hasEnded) return null;
    const [point = '', name = ''] = [points.at(-1), names.at(-1)];
    this.#hit.add(comesAtItsOwnTime(point) && step !== null ? `${step} ${point}` : name);
    this.#crashes += 1;
    return point;
  }
}

const isOfRollout = (name: string, label: string): boolean => !isOfStart(name) && !comesAtItsOwnTime(label);
