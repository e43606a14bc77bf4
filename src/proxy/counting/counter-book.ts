import type { EpochCounters, Share } from '../../core/routing-document.ts';
import { sumReports } from './sum-reports.ts';
import type { EpochKey, EpochReport } from './traffic-counters.ts';

const keptPerEnvironment = 64;

/** The last word of one worker about one epoch. */
interface Contribution {
  readonly report: EpochReport | null;
  readonly isFinal: boolean;
}

/** An epoch as the document in force has it. */
export interface EnteredEpoch extends EpochKey {
  readonly shares: readonly Share[];
}

interface OpenEpoch extends EnteredEpoch {
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
  enter(worker: object, epochs: readonly EnteredEpoch[], nowMs: number): void {
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

  /** Nothing is counted any more: no worker is left. */
  endAll(nowMs: number): void {
    for (const open of this.#open.values()) open.endedAtMs ??= nowMs;
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
      proxyStart: open.part === 0 ? this.#proxyStart : `${this.#proxyStart}.${open.part}`,
      openedAtMs: open.openedAtMs,
      closedAtMs,
      shares: open.shares,
      ...sumReports(reports),
    };
  }
}

function keyOf({ scope, epoch, salt, part }: EpochKey): string {
  return `${scope} ${epoch} ${part} ${salt}`;
}
