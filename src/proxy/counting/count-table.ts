import { durationBin, durationBins } from '../../core/durations.ts';
import { bucketCount } from '../../core/routing-document.ts';
import type { Epoch } from './traffic-counters.ts';

/** What is counted of each bucket, in the order in which it lies in a table; how many were late, by threshold, follows. */
export const countFields = ['started', 'ok', 'clientError', 'serverError', 'failed', 'clientGone', 'untimed'] as const;
type CountField = (typeof countFields)[number];
/** How a request ended. */
export type Outcome = Exclude<CountField, 'started' | 'untimed'>;

const offsets = {
  started: 0,
  ok: 1,
  clientError: 2,
  serverError: 3,
  failed: 4,
  clientGone: 5,
  untimed: 6,
} as const satisfies Record<CountField, number>;
const firstLate = countFields.length;
/** Of the place after the bins. */
const sumAt = durationBins;

/** What one worker has counted of one service revision in one epoch. */
export interface TableReport {
  readonly service: string;
  readonly revision: string;
  /** By these `late` is counted, in milliseconds, ascending. */
  readonly lateAfterMs: readonly number[];
  /** Rows with anything in them, flat: bucket, the counts in the order of `countFields`, late ones by threshold. */
  readonly rows: readonly number[];
  /** Requests by bin of their duration, without zeros at the end. */
  readonly durations: readonly number[];
  readonly durationSumMs: number;
}

/**
 * Counts of one service revision in one epoch. Row 0 is for requests without a bucket, row b+1 for bucket b. The
 * thresholds are those of the epoch's first document, because they change only together with the epoch.
 */
export class CountTable {
  readonly service: string;
  readonly revision: string;
  readonly lateAfterMs: readonly number[];
  readonly epoch: Epoch;
  readonly #width: number;
  #values: Float64Array;
  readonly #durations = new Float64Array(durationBins + 1);

  constructor(service: string, revision: string, lateAfterMs: readonly number[], epoch: Epoch) {
    this.service = service;
    this.revision = revision;
    this.lateAfterMs = lateAfterMs;
    this.epoch = epoch;
    this.#width = firstLate + lateAfterMs.length;
    this.#values = new Float64Array(this.#width);
  }

  #row(bucket: number): number {
    if (bucket >= 0 && this.#values.length === this.#width) {
      const values = new Float64Array(this.#width * (bucketCount + 1));
      values.set(this.#values);
      this.#values = values;
    }
    return (bucket + 1) * this.#width;
  }

  start(bucket: number): void {
    const row = this.#row(bucket);
    this.#values[row] = (this.#values[row] ?? 0) + 1;
    this.epoch.inFlight++;
  }

  finish(bucket: number, outcome: Outcome): void {
    const at = this.#row(bucket) + offsets[outcome];
    this.#values[at] = (this.#values[at] ?? 0) + 1;
    this.epoch.inFlight--;
    this.epoch.noteFinished();
  }

  /** A request that is about to finish says nothing about how long it took. */
  untimed(bucket: number): void {
    const at = this.#row(bucket) + offsets.untimed;
    this.#values[at] = (this.#values[at] ?? 0) + 1;
  }

  /** `threshold`: index in `lateAfterMs`. */
  late(bucket: number, threshold: number): void {
    const at = this.#row(bucket) + firstLate + threshold;
    this.#values[at] = (this.#values[at] ?? 0) + 1;
  }

  /** A request that is about to finish took so long. */
  took(durationMs: number): void {
    const bin = durationBin(durationMs);
    this.#durations[bin] = (this.#durations[bin] ?? 0) + 1;
    this.#durations[sumAt] = (this.#durations[sumAt] ?? 0) + durationMs;
  }

  report(): TableReport {
    const { service, revision, lateAfterMs } = this;
    const bins = this.#durations.subarray(0, durationBins);
    const end = bins.findLastIndex((count) => count > 0) + 1;
    return {
      ...{ service, revision, lateAfterMs, rows: this.#rows() },
      ...{ durations: [...bins.subarray(0, end)], durationSumMs: this.#durations[sumAt] ?? 0 },
    };
  }

  #rows(): readonly number[] {
    const width = this.#width;
    const rows: number[] = [];
    for (let row = 0; row < this.#values.length; row += width) {
      if (this.#values[row] === 0) continue;
      rows.push(row / width - 1, ...this.#values.subarray(row, row + width));
    }
    return rows;
  }
}
