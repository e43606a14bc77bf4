import type { TrafficSeriesView } from '../../../src/capabilities/releases/series-api.ts';

type Series = TrafficSeriesView['series'][number];

/** What users asked of both revisions during one bucket. */
export interface Interval {
  /** Its end, in unix milliseconds. */
  readonly at: number;
  readonly new: Traffic;
  readonly old: Traffic;
}

export interface Traffic {
  /** Null: the revision was not there. */
  readonly requestsPerS: number | null;
  /** 0 … 1; null: nobody asked. */
  readonly failed: number | null;
  /** 95 of 100 took at most so long, in milliseconds; null: none was timed. */
  readonly p95Ms: number | null;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

const absent: Traffic = { requestsPerS: null, failed: null, p95Ms: null };

/** The revision of a rollout beside the one that served most besides it, in the buckets that touch the span. */
export function intervalsOf(view: TrafficSeriesView, service: string, revision: string, span: Span) {
  const own = view.series.filter((each) => each.service === service);
  const young = own.find((each) => each.revision === revision) ?? null;
  const old = own.filter((each) => each.revision !== revision).toSorted((a, b) => sum(b) - sum(a))[0] ?? null;
  const length = Math.max(young?.requests.length ?? 0, old?.requests.length ?? 0);
  return Array.from({ length }, (_, bucket): Interval => {
    const at = view.from + (bucket + 1) * view.stepMs;
    return { at, new: trafficOf(young, bucket, view.stepMs), old: trafficOf(old, bucket, view.stepMs) };
  }).filter(({ at }) => at > span.from && at - view.stepMs < span.to);
}

function trafficOf(series: Series | null, bucket: number, stepMs: number): Traffic {
  if (series === null) return absent;
  const requests = series.requests[bucket] ?? 0;
  const failed = series.failed[bucket] ?? 0;
  return {
    requestsPerS: requests / (stepMs / 1_000),
    failed: requests <= 0 ? null : Math.min(1, failed / requests),
    p95Ms: series.p95Ms[bucket] ?? null,
  };
}

function sum({ requests }: Series): number {
  return requests.reduce((total, each) => total + each, 0);
}
