import { durationBins } from '../../core/durations.ts';
import type { EpochCounters, TrafficCount } from '../../core/routing-document.ts';
import type { RevisionId, Scope, ServiceName, UnixMs } from '../../core/ids.ts';

/** A service as the judge counts it: by bucket where visitors are sticky, else by request. */
export interface CountedService {
  readonly service: ServiceName;
  readonly isSticky: boolean;
}

export interface Load {
  readonly requestsPerS: number;
  /** Of the revision that serves, 0 … 1. */
  readonly failureRate: number;
}

/** What users do these days, by what the proxy has counted since the shares were changed last. */
export interface TodaysTraffic {
  /** Over all services; null when nothing was counted. */
  readonly load: Load | null;
  /** How many requests of the service took how long, by bin (see durations.ts); null when none was counted. */
  durationsOf(service: ServiceName): readonly number[] | null;
}

export interface TrafficQuestion {
  readonly scope: Scope;
  /** The revision that serves. */
  readonly revision: RevisionId;
  readonly services: readonly CountedService[];
  readonly now: UnixMs;
}

export function todaysTraffic(counters: readonly EpochCounters[], question: TrafficQuestion): TodaysTraffic {
  const { app, environment } = question.scope;
  const epochs = counters.filter((each) => each.app === app && each.environment === environment && each.epoch >= 0);
  return {
    load: loadOf(epochs, question),
    durationsOf: (service) => durationsOf(epochs, question.revision, service),
  };
}

function loadOf(epochs: readonly EpochCounters[], { revision, services, now }: TrafficQuestion): Load | null {
  const counts = epochs.flatMap((epoch) => services.flatMap((service) => countsOfUsers(epoch, service)));
  const openMs = epochs.reduce((sum, epoch) => sum + (epoch.closedAtMs ?? now) - epoch.openedAtMs, 0);
  const started = sum(counts, (count) => count.started);
  if (started === 0 || openMs < 1_000) return null;
  const old = counts.filter((count) => count.revision === revision);
  const failed = sum(old, (count) => count.serverError + count.failed);
  const asked = sum(old, (count) => count.started);
  return { requestsPerS: started / (openMs / 1_000), failureRate: asked === 0 ? 0 : Math.min(1, failed / asked) };
}

/**
 * Visitors have buckets while two revisions have a share; what has none then came from other services, and its effect is
 * seen at the edge. While one revision has everything nobody has a bucket.
 */
function countsOfUsers({ counts }: EpochCounters, { service, isSticky }: CountedService): readonly TrafficCount[] {
  const own = counts.filter((count) => count.service === service);
  const inBuckets = own.filter((count) => count.bucket >= 0);
  return isSticky && inBuckets.length > 0 ? inBuckets : own.filter((count) => count.bucket < 0);
}

function sum(counts: readonly TrafficCount[], of: (count: TrafficCount) => number): number {
  return counts.reduce((total, count) => total + of(count), 0);
}

function durationsOf(epochs: readonly EpochCounters[], revision: RevisionId, service: ServiceName) {
  const counted = epochs
    .flatMap((epoch) => epoch.durations)
    .filter((each) => each.service === service && each.revision === revision);
  const bins = Array.from({ length: durationBins }, (_, bin) =>
    counted.reduce((total, { counts }) => total + (counts[bin] ?? 0), 0),
  );
  return bins.some((count) => count > 0) ? bins : null;
}
