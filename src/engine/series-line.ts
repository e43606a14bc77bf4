import { durationBinEndMs, durationBins } from '../core/durations.ts';

/** How long one bucket of a series is, and how far a series goes back, in milliseconds. */
export const bucketMs = 10_000;
export const spanMs = 7_200_000;
export const bucketsKept = spanMs / bucketMs;

/** What was counted of one service of one revision during some time. */
export interface Counted {
  readonly requests: number;
  readonly failed: number;
  /** Requests by how long they took; see durations.ts. */
  readonly durations: readonly number[];
}

/** Buckets from the oldest to the newest. */
export interface Columns {
  readonly requests: readonly number[];
  readonly failed: readonly number[];
  /** Half of the requests took at most so long, in milliseconds; null: none was timed. */
  readonly medianMs: readonly (number | null)[];
  /** 95 of 100 took at most so long. */
  readonly p95Ms: readonly (number | null)[];
}

/**
 * A ring of buckets, named by their number since 1970. It takes 4 columns of 720 numbers of 4 bytes, and one histogram:
 * 12.3 KB, however much is counted.
 */
export class SeriesLine {
  readonly #requests = new Float32Array(bucketsKept);
  readonly #failed = new Float32Array(bucketsKept);
  /** 0: none was timed; every bin ends above 1 ms. */
  readonly #median = new Float32Array(bucketsKept);
  readonly #p95 = new Float32Array(bucketsKept);
  /** Of the newest bucket alone: quantiles of the others are settled. */
  readonly #durations = new Float64Array(durationBins);
  /** The newest bucket that anything was counted in. */
  #newest = -1;

  get newest(): number {
    return this.#newest;
  }

  /** Adds this part (0 … 1) of what was counted. Buckets come in order; an older one keeps its quantiles. */
  add(bucket: number, counted: Counted, part: number): void {
    if (bucket > this.#newest) this.#advance(bucket);
    if (bucket <= this.#newest - bucketsKept) return;
    const at = bucket % bucketsKept;
    this.#requests[at] = (this.#requests[at] ?? 0) + counted.requests * part;
    this.#failed[at] = (this.#failed[at] ?? 0) + counted.failed * part;
    if (bucket === this.#newest && counted.durations.length > 0) this.#time(at, counted.durations, part);
  }

  /** `from` and `to`: buckets, both included. */
  read(from: number, to: number): Columns {
    const buckets = Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
    const column = (values: Float32Array) =>
      buckets.map((bucket) => {
        const isKept = bucket <= this.#newest && bucket > this.#newest - bucketsKept;
        return isKept ? (values[bucket % bucketsKept] ?? 0) : 0;
      });
    const times = (values: Float32Array) => column(values).map((ms) => (ms === 0 ? null : roundedMs(ms)));
    return {
      requests: column(this.#requests).map(rounded),
      failed: column(this.#failed).map(rounded),
      medianMs: times(this.#median),
      p95Ms: times(this.#p95),
    };
  }

  #advance(bucket: number): void {
    const from = Math.max(this.#newest + 1, bucket - bucketsKept + 1);
    for (let each = from; each <= bucket; each += 1) {
      const at = each % bucketsKept;
      for (const column of [this.#requests, this.#failed, this.#median, this.#p95]) column[at] = 0;
    }
    this.#durations.fill(0);
    this.#newest = bucket;
  }

  #time(at: number, durations: readonly number[], part: number): void {
    for (const [bin, count] of durations.entries()) {
      this.#durations[bin] = (this.#durations[bin] ?? 0) + count * part;
    }
    this.#median[at] = quantile(this.#durations, 0.5);
    this.#p95[at] = quantile(this.#durations, 0.95);
  }
}

/** The end of the bin in which it lies, in milliseconds; 0: nothing was counted. */
function quantile(counts: Float64Array, part: number): number {
  const wanted = counts.reduce((sum, count) => sum + count, 0) * part;
  if (!(wanted > 0)) return 0;
  let below = 0;
  const bin = counts.findIndex((count) => {
    below += count;
    // Parts of counts are added in another order than their sum.
    return below >= wanted * (1 - 1e-9);
  });
  return durationBinEndMs(bin);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

function roundedMs(ms: number): number {
  return ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms);
}
