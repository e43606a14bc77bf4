import { CountTable } from './count-table.ts';
import type { TableReport } from './count-table.ts';

/** What tells epochs apart inside one proxy. */
export type EpochKey = Pick<EpochReport, 'scope' | 'epoch' | 'salt' | 'part'>;

export interface EpochReport {
  /** `<app>/<environment>`. */
  readonly scope: string;
  readonly epoch: number;
  readonly salt: string;
  /** How often a person has overridden what the document says, or ceased to. */
  readonly part: number;
  /** Nothing will change any more: the epoch is over and its requests are finished (or no longer waited for). */
  readonly isFinal: boolean;
  readonly tables: readonly TableReport[];
}

/** One epoch of one environment, as one proxy worker saw it. */
export class Epoch {
  readonly scope: string;
  readonly epoch: number;
  readonly salt: string;
  readonly part: number;
  inFlight = 0;
  /** Clock (ms) at which another epoch took over; null: in force. */
  endedAtMs: number | null = null;
  readonly #tables = new Map<string, CountTable>();
  readonly #onQuiet: (epoch: Epoch) => void;

  constructor(name: EpochKey, onQuiet: (epoch: Epoch) => void) {
    this.scope = name.scope;
    this.epoch = name.epoch;
    this.salt = name.salt;
    this.part = name.part;
    this.#onQuiet = onQuiet;
  }

  /** The table keeps the thresholds (ms, ascending) that it was first asked for with. */
  table(service: string, revision: string, lateAfterMs: readonly number[]): CountTable {
    const key = `${service} ${revision}`;
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    const table = new CountTable(service, revision, lateAfterMs, this);
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
      part: this.part,
      isFinal,
      tables: [...this.#tables.values()].map((table) => table.report()),
    };
  }
}

/** The counters of one proxy worker: the epoch in force of each environment, and ended ones until their last request is done. */
export class TrafficCounters {
  readonly #current = new Map<string, Epoch>();
  #parts: Readonly<Record<string, number>> = {};
  readonly #ended = new Set<Epoch>();
  readonly #lingerMs: number;
  readonly #onFinal: (report: EpochReport) => void;

  constructor(lingerMs: number, onFinal: (report: EpochReport) => void) {
    this.#lingerMs = lingerMs;
    this.#onFinal = onFinal;
  }

  /** From now on these are the parts, by scope, that requests are counted into; 0 for the rest. */
  setParts(parts: Readonly<Record<string, number>>): void {
    this.#parts = parts;
  }

  /** The epoch of this name; another epoch, salt or part ends the one before. */
  epoch(scope: string, epoch: number, salt: string, nowMs: number): Epoch {
    const part = this.#parts[scope] ?? 0;
    const current = this.#current.get(scope);
    const isCurrent = current?.epoch === epoch && current.salt === salt && current.part === part;
    if (current !== undefined && isCurrent) return current;
    if (current !== undefined) this.#end(current, nowMs);
    const next = new Epoch({ scope, epoch, salt, part }, (quiet) => this.#close(quiet));
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
