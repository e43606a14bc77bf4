import { chainOf, type RevisionId, type Scope, type ServiceName, type UnixMs } from '../core/ids.ts';
import type { EpochCounters } from '../core/routing-document.ts';
import { bucketMs, bucketsKept, SeriesLine, spanMs, type Columns, type Counted } from './series-line.ts';

export interface SeriesQuestion {
  /** Null: every service. */
  readonly service: ServiceName | null;
  /** Earlier buckets are left out. */
  readonly since: UnixMs;
}

export interface SeriesOfService extends Columns {
  readonly service: ServiceName;
  readonly revision: RevisionId;
}

/** What users asked of an environment lately, in buckets of `stepMs`; only those that are over. */
export interface TrafficHistory {
  readonly stepMs: number;
  /** Where the first bucket begins, in unix milliseconds. */
  readonly from: UnixMs;
  /** Buckets before it show an average of the time since the shares were changed last; null: nothing was counted yet. */
  readonly exactSince: UnixMs | null;
  readonly series: readonly SeriesOfService[];
}

/** What was read of one epoch last. */
interface Reading {
  readonly at: UnixMs;
  readonly lines: ReadonlyMap<string, Counted>;
}

interface Named {
  readonly scope: Scope;
  readonly service: ServiceName;
  readonly revision: RevisionId;
  readonly line: SeriesLine;
}

/** Counters only grow, so most answers may be passed over; in milliseconds. */
const leastBetweenMs = 4_000;
const nothing: Counted = { requests: 0, failed: 0, durations: [] };

/** 500 services with an old and a new revision are 1,000. */
export const mostSeries = 1_500;

/**
 * Requests, failures and durations of the last two hours by environment, service and revision, from the counters that
 * the judge reads too. What is counted between two readings is spread evenly over the time between them; so is what an
 * epoch had counted before this process began to read.
 *
 * Memory: 12.3 KB for each service of a revision that was asked for anything within two hours, at most 1,500 of them
 * (18.5 MB; 500 services during a rollout: 12.3 MB), and the last reading of each open epoch (about 1 KB a line).
 */
export class TrafficSeries {
  #named = new Map<string, Named>();
  #readings: ReadonlyMap<string, Reading> = new Map();
  #readAt: UnixMs | null = null;
  #exactSince: UnixMs | null = null;

  get size(): number {
    return this.#named.size;
  }

  record(at: UnixMs, epochs: readonly EpochCounters[]): void {
    const sinceMs = at - (this.#readAt ?? -Infinity);
    // Whoever reads a closed epoch may let the proxy forget it.
    const hasClosed = epochs.some(({ closedAtMs }) => closedAtMs !== null);
    if (sinceMs >= 0 && sinceMs < leastBetweenMs && !hasClosed) return;
    // Somebody has set the clock: what is kept lies in the future.
    if (sinceMs < 0) this.#named.clear();
    this.#readAt = at;
    this.#exactSince = sinceMs < 0 ? at : (this.#exactSince ?? at);
    const readings = new Map<string, Reading>();
    for (const epoch of epochs) {
      const name = `${chainOf(epoch)} ${epoch.proxyStart} ${epoch.epoch}`;
      readings.set(name, this.#recordEpoch(at, epoch, this.#readings.get(name) ?? null));
    }
    this.#readings = readings;
    this.#forget(Math.floor(at / bucketMs));
  }

  of(scope: Scope, { service, since }: SeriesQuestion): TrafficHistory {
    const last = Math.floor((this.#readAt ?? 0) / bucketMs) - 1;
    const first = Math.max(Math.ceil(since / bucketMs), last - bucketsKept + 1);
    const own = [...this.#named.values()].filter(
      (each) => chainOf(each.scope) === chainOf(scope) && (service === null || each.service === service),
    );
    const asked = own.filter(({ line }) => line.newest >= first);
    return {
      stepMs: bucketMs,
      from: first * bucketMs,
      exactSince: this.#exactSince,
      series: asked.map(({ service: name, revision, line }) => ({
        ...{ service: name, revision },
        ...line.read(first, last),
      })),
    };
  }

  #recordEpoch(at: UnixMs, epoch: EpochCounters, before: Reading | null): Reading {
    const lines = countedIn(epoch);
    const to = Math.min(epoch.closedAtMs ?? at, at);
    const from = Math.min(before?.at ?? epoch.openedAtMs, to);
    for (const [name, counted] of lines) {
      const grown = grownBy(counted, before?.lines.get(name) ?? nothing);
      if (grown.requests > 0 || grown.failed > 0 || grown.durations.length > 0) {
        spread(this.#lineOf(epoch, name), from, to, at, grown);
      }
    }
    return { at: to, lines };
  }

  #lineOf(scope: Scope, name: string): SeriesLine {
    const key = `${chainOf(scope)} ${name}`;
    const known = this.#named.get(key);
    if (known !== undefined) return known.line;
    const [service = '', revision = ''] = name.split(' ');
    const { app, environment } = scope;
    const made = { scope: { app, environment }, service, revision, line: new SeriesLine() };
    this.#named.set(key, made);
    return made.line;
  }

  /** What nobody has asked for in two hours; beyond the bound, what was asked for longest ago. */
  #forget(now: number): void {
    const kept = [...this.#named].filter(([, { line }]) => line.newest > now - bucketsKept);
    if (kept.length > mostSeries) kept.sort(([, a], [, b]) => b.line.newest - a.line.newest).splice(mostSeries);
    if (kept.length < this.#named.size) this.#named = new Map(kept);
  }
}

/** By service and revision, whatever the bucket of the visitor: inner requests are served too. */
function countedIn({ counts, durations }: EpochCounters): ReadonlyMap<string, Counted> {
  const lines = new Map<string, Counted>();
  const add = (name: string, more: Partial<Counted>) => {
    const known = lines.get(name) ?? nothing;
    lines.set(name, {
      requests: known.requests + (more.requests ?? 0),
      failed: known.failed + (more.failed ?? 0),
      durations: more.durations ?? known.durations,
    });
  };
  for (const { service, revision, started, serverError, failed } of counts) {
    add(`${service} ${revision}`, { requests: started, failed: serverError + failed });
  }
  for (const each of durations) add(`${each.service} ${each.revision}`, { durations: each.counts });
  return lines;
}

function grownBy(now: Counted, before: Counted): Counted {
  const durations = now.durations.map((count, bin) => Math.max(0, count - (before.durations[bin] ?? 0)));
  return {
    requests: Math.max(0, now.requests - before.requests),
    failed: Math.max(0, now.failed - before.failed),
    durations: durations.some((count) => count > 0) ? durations : [],
  };
}

/** Evenly over the buckets between two moments; what lies more than two hours back is not kept. */
function spread(line: SeriesLine, from: UnixMs, to: UnixMs, now: UnixMs, counted: Counted): void {
  const begin = Math.max(from, now - spanMs + bucketMs);
  if (to <= begin) return to > now - spanMs ? line.add(Math.floor(to / bucketMs), counted, 1) : undefined;
  const wholeMs = to - from;
  for (let bucket = Math.floor(begin / bucketMs); bucket * bucketMs < to; bucket += 1) {
    const partMs = Math.min(to, (bucket + 1) * bucketMs) - Math.max(begin, bucket * bucketMs);
    line.add(bucket, counted, partMs / wholeMs);
  }
}
