import type { EpochOrder } from './comparison.ts';
import type { DurationCount, EpochCounters, Share, TrafficCount } from '../../core/routing-document.ts';

/** What was counted for one bucket (-1: without one) of one service and revision since the look before. */
export interface CountedRow {
  readonly service: string;
  readonly revision: string;
  readonly bucket: number;
  /** Requests that ended in an answer, or for want of one; those whose client went away are left out. */
  readonly requests: number;
  /** Those of them that say how long requests take. */
  readonly timed: number;
  readonly failures: number;
  /** Past each threshold. */
  readonly late: readonly number[];
}

/** What one epoch brought since the look before. */
export interface Interval {
  readonly epoch: EpochOrder;
  readonly rows: readonly CountedRow[];
  readonly durations: readonly DurationCount[];
  /** What requests were divided by; empty: not known. */
  readonly shares: readonly Share[];
}

/**
 * Totals at the last look, by epoch. `counts`: by service and revision, for each bucket eight numbers: bucket, requests,
 * failures, late for each of four thresholds, and requests that are not timed. `durations`: by service and revision, requests by bin.
 */
export type SeenTotals = Readonly<
  Record<
    string,
    {
      readonly counts: Readonly<Record<string, readonly number[]>>;
      readonly durations: Readonly<Record<string, readonly number[]>>;
    }
  >
>;
type SeenEpoch = SeenTotals[string];

/** Numbers of one bucket in `SeenTotals`. */
const stride = 8;

/** Names an epoch uniquely. */
export function epochKey({ proxyStart, epoch }: EpochCounters): string {
  return `${proxyStart} ${epoch}`;
}

/**
 * What each epoch brought since the last look, one interval per epoch: none mixes two shares. Returns the totals to
 * remember for the next look. Epochs that the proxy no longer tells are forgotten.
 */
export function intervalsSince(
  seen: SeenTotals,
  epochs: readonly EpochCounters[],
): { readonly intervals: readonly Interval[]; readonly seen: SeenTotals } {
  const next: Record<string, SeenEpoch> = {};
  const intervals = inOrder(epochs).map((epoch): Interval => {
    const key = epochKey(epoch);
    const before = seen[key] ?? { counts: {}, durations: {} };
    const { rows, totals } = rowsSince(before.counts, epoch.counts);
    const { durations, bins } = durationsSince(before.durations, epoch.durations);
    next[key] = { counts: totals, durations: bins };
    return { epoch: [epoch.epoch, epoch.openedAtMs], rows, durations, shares: epoch.shares ?? [] };
  });
  return { intervals: intervals.filter(({ rows, durations }) => rows.length + durations.length > 0), seen: next };
}

function inOrder(epochs: readonly EpochCounters[]): readonly EpochCounters[] {
  return epochs.toSorted((a, b) => a.epoch - b.epoch || a.openedAtMs - b.openedAtMs);
}

function rowsSince(seen: SeenEpoch['counts'], counts: readonly TrafficCount[]) {
  const rows: CountedRow[] = [];
  const totals: Record<string, number[]> = {};
  const places = new Map<string, Places>();
  for (const count of counts) {
    const { service, revision, bucket, late, untimed = 0 } = count;
    const name = `${service} ${revision}`;
    const place = places.get(name) ?? new Places(seen[name] ?? []);
    places.set(name, place);
    const { requests, failures } = answersOf(count);
    const [late0 = 0, late1 = 0, late2 = 0, late3 = 0] = late;
    const before = place.of(bucket);
    (totals[name] ??= []).push(bucket, requests, failures, late0, late1, late2, late3, untimed);
    const since = (total: number, index: number) =>
      Math.max(0, total - (before < 0 ? 0 : (place.flat[before + index] ?? 0)));
    const row = {
      ...{ service, revision, bucket },
      requests: since(requests, 1),
      timed: Math.max(0, since(requests, 1) - since(untimed, 7)),
      failures: since(failures, 2),
      late: [since(late0, 3), since(late1, 4), since(late2, 5), since(late3, 6)],
    };
    if (row.requests > 0 || row.failures > 0 || row.late.some((value) => value > 0)) rows.push(row);
  }
  return { rows, totals };
}

/** Where each bucket's numbers begin. They mostly come in the order in which they came the last time. */
class Places {
  readonly flat: readonly number[];
  #next = 0;
  #all: Map<number, number> | null = null;

  constructor(flat: readonly number[]) {
    this.flat = flat;
  }

  /** -1: it was not there. */
  of(bucket: number): number {
    if (this.flat[this.#next] === bucket) {
      this.#next += stride;
      return this.#next - stride;
    }
    const all = (this.#all ??= this.#read());
    return all.get(bucket) ?? -1;
  }

  #read(): Map<number, number> {
    const places = new Map<number, number>();
    for (let at = 0; at < this.flat.length; at += stride) places.set(this.flat[at] ?? 0, at);
    return places;
  }
}

function durationsSince(seen: SeenEpoch['durations'], now: readonly DurationCount[]) {
  const bins: Record<string, readonly number[]> = {};
  const durations = now.flatMap(({ service, revision, counts }) => {
    const name = `${service} ${revision}`;
    bins[name] = counts;
    const since = counts.map((count, bin) => Math.max(0, count - (seen[name]?.[bin] ?? 0)));
    return since.some((count) => count > 0) ? [{ service, revision, counts: since }] : [];
  });
  return { durations, bins };
}

/** Requests that had an answer, or got one from the proxy for want of it, and those of them that failed. */
export function answersOf(count: TrafficCount): { readonly requests: number; readonly failures: number } {
  const failures = count.serverError + count.failed;
  return { requests: count.ok + count.clientError + failures, failures };
}
