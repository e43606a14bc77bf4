import { bucketCount } from '../core/routing-document.ts';

/** What is counted, in the order in which it lies in a table and travels to the proxy's parent. */
export const countFields = ['started', 'ok', 'clientError', 'serverError', 'failed', 'clientGone', 'late'] as const;
export type CountField = (typeof countFields)[number];
/** How a request ended. */
export type Outcome = Exclude<CountField, 'started' | 'late'>;

const offsets = {
  started: 0,
  ok: 1,
  clientError: 2,
  serverError: 3,
  failed: 4,
  clientGone: 5,
  late: 6,
} as const satisfies Record<CountField, number>;
const width = countFields.length;

/** Counts of one service revision in one epoch. Row 0 is for requests without a bucket, row b+1 for bucket b. */
export class CountTable {
  readonly service: string;
  readonly revision: string;
  readonly epoch: Epoch;
  #values = new Float64Array(width);

  constructor(service: string, revision: string, epoch: Epoch) {
    this.service = service;
    this.revision = revision;
    this.epoch = epoch;
  }

  #row(bucket: number): number {
    if (bucket >= 0 && this.#values.length === width) {
      const values = new Float64Array(width * (bucketCount + 1));
      values.set(this.#values);
      this.#values = values;
    }
    return (bucket + 1) * width;
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

  late(bucket: number): void {
    const at = this.#row(bucket) + offsets.late;
    this.#values[at] = (this.#values[at] ?? 0) + 1;
  }

  /** Rows with anything in them, flat: bucket, then the counts in the order of `countFields`. */
  rows(): readonly number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.#values.length; row += width) {
      if (this.#values[row] === 0) continue;
      rows.push(row / width - 1, ...this.#values.subarray(row, row + width));
    }
    return rows;
  }
}

export interface EpochReport {
  /** `<app>/<environment>`. */
  readonly scope: string;
  readonly epoch: number;
  readonly salt: string;
  /** Nothing will change any more: the epoch is over and its requests are finished (or no longer waited for). */
  readonly isFinal: boolean;
  readonly tables: readonly { readonly service: string; readonly revision: string; readonly rows: readonly number[] }[];
}

/** One epoch of one environment, as one proxy worker saw it. */
export class Epoch {
  readonly scope: string;
  readonly epoch: number;
  readonly salt: string;
  inFlight = 0;
  /** Clock (ms) at which another epoch took over; null: in force. */
  endedAtMs: number | null = null;
  readonly #tables = new Map<string, CountTable>();
  readonly #onQuiet: (epoch: Epoch) => void;

  constructor(scope: string, epoch: number, salt: string, onQuiet: (epoch: Epoch) => void) {
    this.scope = scope;
    this.epoch = epoch;
    this.salt = salt;
    this.#onQuiet = onQuiet;
  }

  table(service: string, revision: string): CountTable {
    const key = `${service} ${revision}`;
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    const table = new CountTable(service, revision, this);
    this.#tables.set(key, table);
    return table;
  }

  noteFinished(): void {
    if (this.endedAtMs !== null && this.inFlight === 0) this.#onQuiet(this);
  }

  report(isFinal: boolean): EpochReport {
    return {
      scope: this.scope,
      epoch: this.epoch,
      salt: this.salt,
      isFinal,
      tables: [...this.#tables.values()].map((table) => ({
        service: table.service,
        revision: table.revision,
        rows: table.rows(),
      })),
    };
  }
}

/** The counters of one proxy worker: the epoch in force of each environment, and ended ones until their last request is done. */
export class TrafficCounters {
  readonly #current = new Map<string, Epoch>();
  readonly #ended = new Set<Epoch>();
  readonly #lingerMs: number;
  readonly #onFinal: (report: EpochReport) => void;

  constructor(lingerMs: number, onFinal: (report: EpochReport) => void) {
    this.#lingerMs = lingerMs;
    this.#onFinal = onFinal;
  }

  /** The epoch of this name; another epoch or salt ends the one before. */
  epoch(scope: string, epoch: number, salt: string, nowMs: number): Epoch {
    const current = this.#current.get(scope);
    if (current !== undefined && current.epoch === epoch && current.salt === salt) return current;
    if (current !== undefined) this.#end(current, nowMs);
    const next = new Epoch(scope, epoch, salt, (quiet) => this.#close(quiet));
    this.#current.set(scope, next);
    return next;
  }

  /** Ends the epochs of environments that are no longer in the document. */
  keepOnly(scopes: ReadonlySet<string>, nowMs: number): void {
    for (const [scope, epoch] of this.#current) {
      if (scopes.has(scope)) continue;
      this.#current.delete(scope);
      this.#end(epoch, nowMs);
    }
  }

  #end(epoch: Epoch, nowMs: number): void {
    epoch.endedAtMs = nowMs;
    this.#ended.add(epoch);
    if (epoch.inFlight === 0) this.#close(epoch);
  }

  #close(epoch: Epoch): void {
    if (this.#ended.delete(epoch)) this.#onFinal(epoch.report(true));
  }

  /** Stops waiting for requests of epochs that ended long ago. Returns true while some are waited for. */
  checkLinger(nowMs: number): boolean {
    for (const epoch of this.#ended) {
      if (epoch.endedAtMs !== null && nowMs - epoch.endedAtMs >= this.#lingerMs) this.#close(epoch);
    }
    return this.#ended.size > 0;
  }

  report(): readonly EpochReport[] {
    return [...this.#current.values(), ...this.#ended].map((epoch) => epoch.report(false));
  }

  /** Ends everything, for a worker that leaves. */
  endAll(nowMs: number): void {
    this.keepOnly(new Set(), nowMs);
    for (const epoch of this.#ended) this.#close(epoch);
  }
}
