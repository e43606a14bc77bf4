import type { EpochCounters, TrafficCount } from '../core/routing-document.ts';
import { countFields } from './traffic-counters.ts';
import type { EpochReport } from './traffic-counters.ts';

const keptPerEnvironment = 64;
const rowLength = countFields.length + 1;

/** The last word of one worker about one epoch. */
interface Contribution {
  readonly report: EpochReport | null;
  readonly isFinal: boolean;
}

interface OpenEpoch {
  readonly scope: string;
  readonly epoch: number;
  readonly salt: string;
  readonly openedAtMs: number;
  /** Wall clock at which another epoch took over; null: in force. */
  endedAtMs: number | null;
  readonly contributions: Map<object, Contribution>;
}

export interface EpochName {
  readonly app: string;
  readonly environment: string;
  readonly epoch: number;
  readonly proxyStart: string;
}

/**
 * The counters of all workers together, in the proxy's parent. An epoch that ended is closed, and never changes again,
 * once every worker that took part has said its last word about it or has died.
 */
export class CounterBook {
  readonly #proxyStart: string;
  readonly #open = new Map<string, OpenEpoch>();
  #closed: EpochCounters[] = [];

  constructor(proxyStart: string) {
    this.#proxyStart = proxyStart;
  }

  /** `worker` now counts into these epochs; all others of the same environments have ended for it. */
  enter(
    worker: object,
    epochs: readonly { readonly scope: string; readonly epoch: number; readonly salt: string }[],
    nowMs: number,
  ): void {
    const keys = new Set(epochs.map(keyOf));
    for (const [key, open] of this.#open) if (!keys.has(key)) open.endedAtMs ??= nowMs;
    for (const epoch of epochs) {
      const open = this.#open.get(keyOf(epoch)) ?? {
        ...epoch,
        openedAtMs: nowMs,
        endedAtMs: null,
        contributions: new Map<object, Contribution>(),
      };
      this.#open.set(keyOf(epoch), open);
      if (!open.contributions.has(worker)) open.contributions.set(worker, { report: null, isFinal: false });
    }
    this.#closeQuiet();
  }

  record(worker: object, report: EpochReport): void {
    const open = this.#open.get(keyOf(report));
    const known = open?.contributions.get(worker);
    // A late answer must not undo the last word.
    if (open === undefined || known?.isFinal === true) return;
    open.contributions.set(worker, { report, isFinal: report.isFinal });
    if (report.isFinal) this.#closeQuiet();
  }

  /** What a dead worker last told stands; what it counted since then is lost with it. */
  leave(worker: object): void {
    for (const open of this.#open.values()) {
      const known = open.contributions.get(worker);
      if (known !== undefined) open.contributions.set(worker, { report: known.report, isFinal: true });
    }
    this.#closeQuiet();
  }

  /** Closed epochs that are not acknowledged, then the open ones. */
  all(): readonly EpochCounters[] {
    return [...this.#closed, ...[...this.#open.values()].map((open) => this.#publish(open, null))];
  }

  acknowledge(names: readonly EpochName[]): void {
    this.#closed = this.#closed.filter(
      (closed) =>
        !names.some(
          (name) =>
            name.app === closed.app &&
            name.environment === closed.environment &&
            name.epoch === closed.epoch &&
            name.proxyStart === closed.proxyStart,
        ),
    );
  }

  #closeQuiet(): void {
    for (const [key, open] of this.#open) {
      if (open.endedAtMs === null || ![...open.contributions.values()].every((contribution) => contribution.isFinal))
        continue;
      this.#open.delete(key);
      this.#closed.push(this.#publish(open, Math.max(open.endedAtMs, open.openedAtMs)));
      this.#forgetOldest(open.scope);
    }
  }

  #forgetOldest(scope: string): void {
    const ofScope = this.#closed.filter((closed) => `${closed.app}/${closed.environment}` === scope);
    const oldest = ofScope[0];
    if (ofScope.length > keptPerEnvironment) this.#closed = this.#closed.filter((closed) => closed !== oldest);
  }

  #publish(open: OpenEpoch, closedAtMs: number | null): EpochCounters {
    const [app = '', environment = ''] = open.scope.split('/');
    const reports = [...open.contributions.values()].flatMap(({ report }) => (report === null ? [] : [report]));
    return {
      app,
      environment,
      epoch: open.epoch,
      proxyStart: this.#proxyStart,
      openedAtMs: open.openedAtMs,
      closedAtMs,
      counts: sum(reports),
    };
  }
}

function keyOf(epoch: { readonly scope: string; readonly epoch: number; readonly salt: string }): string {
  return `${epoch.scope} ${epoch.epoch} ${epoch.salt}`;
}

function sum(reports: readonly EpochReport[]): readonly TrafficCount[] {
  const sums = new Map<string, { service: string; revision: string; bucket: number; values: number[] }>();
  for (const { tables } of reports) {
    for (const { service, revision, rows } of tables) {
      for (let at = 0; at < rows.length; at += rowLength) {
        const bucket = rows[at] ?? -1;
        const key = `${service} ${revision} ${bucket}`;
        const line = sums.get(key) ?? { service, revision, bucket, values: countFields.map(() => 0) };
        line.values = line.values.map((value, field) => value + (rows[at + 1 + field] ?? 0));
        sums.set(key, line);
      }
    }
  }
  return [...sums.values()].map(toCount).sort(byServiceRevisionBucket);
}

function toCount(line: {
  readonly service: string;
  readonly revision: string;
  readonly bucket: number;
  readonly values: readonly number[];
}): TrafficCount {
  const [started = 0, ok = 0, clientError = 0, serverError = 0, failed = 0, clientGone = 0, late = 0] = line.values;
  return {
    service: line.service,
    revision: line.revision,
    bucket: line.bucket,
    started,
    ok,
    clientError,
    serverError,
    failed,
    clientGone,
    late,
  };
}

function byServiceRevisionBucket(a: TrafficCount, b: TrafficCount): number {
  return a.service.localeCompare(b.service) || a.revision.localeCompare(b.revision) || a.bucket - b.bucket;
}
