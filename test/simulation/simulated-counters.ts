import type {
  DurationCount,
  EpochCounters,
  RoutedEnvironment,
  Share,
  TrafficCount,
} from '../../src/core/routing-document.ts';
import { durationBin, durationBins } from '../../src/core/durations.ts';
import type { Scope } from '../../src/core/ids.ts';

type Counts = { -readonly [Field in keyof TrafficCount]: TrafficCount[Field] } & { late: number[]; untimed: number };

/** What is counted of one service of one revision in one epoch. */
export class CountedService {
  readonly service: string;
  readonly revision: string;
  readonly lateAfterMs: readonly number[];
  readonly #rows = new Map<number, Counts>();
  readonly #durations = new Uint32Array(durationBins);
  #lastBin = -1;

  constructor(service: string, revision: string, lateAfterMs: readonly number[]) {
    this.service = service;
    this.revision = revision;
    this.lateAfterMs = lateAfterMs;
  }

  row(bucket: number): Counts {
    const known = this.#rows.get(bucket);
    if (known !== undefined) return known;
    const { service, revision } = this;
    const zero = { started: 0, ok: 0, clientError: 0, serverError: 0, failed: 0, clientGone: 0, untimed: 0 };
    const row = { service, revision, bucket, ...zero, late: this.lateAfterMs.map(() => 0) };
    this.#rows.set(bucket, row);
    return row;
  }

  lasted(ms: number): void {
    const bin = durationBin(ms);
    this.#durations[bin] = (this.#durations[bin] ?? 0) + 1;
    this.#lastBin = Math.max(this.#lastBin, bin);
  }

  /** `excusedMs`: its instance was warming up, and it is late only after that. */
  took(row: Counts, ms: number, excusedMs: number): void {
    if (excusedMs === 0) this.lasted(ms);
    if (ms < excusedMs) {
      row.untimed++;
      return;
    }
    for (let index = 0; index < this.lateAfterMs.length; index++)
      if (ms > (this.lateAfterMs[index] ?? Infinity)) row.late[index] = (row.late[index] ?? 0) + 1;
  }

  get counts(): readonly TrafficCount[] {
    return [...this.#rows.values()].map((row) => ({ ...row, late: [...row.late] }));
  }

  /** Requests that have ended in an answer, or for want of one; and how many of them failed. */
  get ended(): { readonly requests: number; readonly failures: number } {
    let requests = 0;
    let failures = 0;
    for (const { ok, clientError, serverError, failed } of this.#rows.values()) {
      failures += serverError + failed;
      requests += ok + clientError + serverError + failed;
    }
    return { requests, failures };
  }

  get durations(): DurationCount {
    const counts = [...this.#durations.subarray(0, this.#lastBin + 1)];
    return { service: this.service, revision: this.revision, counts };
  }
}

/** A request that is under way for longer. */
interface Waiting {
  readonly sinceMs: number;
  readonly row: Counts;
  readonly service: CountedService;
  readonly until: Ending;
  readonly excusedMs: number;
  passed: number;
}

/** How it ends at last. */
export interface Ending {
  readonly atMs: number;
  readonly as: 'ok' | 'failed' | 'clientGone';
}

/** One epoch of one environment in one proxy. */
export class CountedEpoch {
  readonly epoch: number;
  readonly salt: string;
  readonly shares: readonly Share[];
  readonly proxyStart: string;
  readonly openedAtMs: number;
  endedAtMs: number | null = null;
  closedAtMs: number | null = null;
  readonly #services = new Map<string, CountedService>();
  #waiting: Waiting[] = [];

  constructor({ epoch, salt, shares }: RoutedEnvironment, proxyStart: string, openedAtMs: number) {
    this.epoch = epoch;
    this.salt = salt;
    this.shares = shares;
    this.proxyStart = proxyStart;
    this.openedAtMs = openedAtMs;
  }

  service(service: string, revision: string, lateAfterMs: readonly number[]): CountedService {
    const key = `${service} ${revision}`;
    const known = this.#services.get(key) ?? new CountedService(service, revision, lateAfterMs);
    this.#services.set(key, known);
    return known;
  }

  waits(sinceMs: number, row: Counts, service: CountedService, until: Ending, excusedMs: number): void {
    this.#waiting.push({ sinceMs, row, service, until, excusedMs, passed: 0 });
  }

  /** Requests are late when the clock says so. An epoch that has ended is closed once none is waited for. */
  tick(nowMs: number, lingerMs: number): void {
    if (this.closedAtMs !== null) return;
    this.#waiting = this.#waiting.filter((request) => !hasEnded(request, nowMs));
    if (this.endedAtMs === null) return;
    if (this.#waiting.length === 0 || nowMs >= this.endedAtMs + lingerMs) this.closedAtMs = nowMs;
  }

  ended(revision: string, services: readonly string[]): { readonly requests: number; readonly failures: number } {
    const own = [...this.#services.values()]
      .filter((each) => each.revision === revision && services.includes(each.service))
      .map((each) => each.ended);
    return {
      requests: own.reduce((sum, each) => sum + each.requests, 0),
      failures: own.reduce((sum, each) => sum + each.failures, 0),
    };
  }

  report({ app, environment }: Scope): EpochCounters {
    const services = [...this.#services.values()];
    const { epoch, shares, proxyStart, openedAtMs, closedAtMs } = this;
    const named = { app, environment, epoch, shares, proxyStart, openedAtMs, closedAtMs };
    const counts = services.flatMap((each) => each.counts);
    return { ...named, counts, durations: services.map((each) => each.durations) };
  }
}

function hasEnded(request: Waiting, nowMs: number): boolean {
  const { row, service, sinceMs, until, excusedMs } = request;
  const waitedMs = Math.min(nowMs, until.atMs) - sinceMs;
  for (const afterMs of service.lateAfterMs.slice(request.passed)) {
    if (waitedMs < Math.max(afterMs, excusedMs)) break;
    row.late[request.passed] = (row.late[request.passed] ?? 0) + 1;
    request.passed++;
  }
  if (nowMs < until.atMs) return false;
  row[until.as]++;
  if (until.as === 'clientGone') return true;
  if (excusedMs === 0) service.lasted(waitedMs);
  else if (request.passed === 0) row.untimed++;
  return true;
}
