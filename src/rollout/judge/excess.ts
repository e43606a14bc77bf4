import type { ServiceName } from '../../core/ids.ts';
import type { EpochCounters, TrafficCount } from '../../core/routing-document.ts';
import { epochKey } from './intervals.ts';
import type { JudgeRules } from './judge-rules.ts';

/** How much more often an event happened in one service of the new release than in the old one, in one epoch. */
export interface Excess {
  /** Requests of the new release. */
  readonly requests: number;
  /** Events that the old release would have had among so many. */
  readonly expected: number;
  /** Events beyond `expected`; may be negative. */
  readonly beyond: number;
  /** Of `beyond`, if both releases were alike. */
  readonly variance: number;
  /** Buckets that had more than a few of them: one visitor, or few. */
  readonly heavy: readonly (readonly [bucket: number, beyond: number])[];
}

/** By epoch, then by service. */
export type ExcessByEpoch = Readonly<Record<string, Readonly<Record<ServiceName, Excess>>>>;

/** What is counted. */
export interface Counting {
  readonly of: (count: TrafficCount) => Counted;
  /** Buckets with so many events beyond what was to be expected are remembered one by one. */
  readonly leastHeavy: number;
}

interface Counted {
  readonly requests: number;
  readonly events: number;
}

interface Bucket extends Counted {
  readonly bucket: number;
}

interface Arms {
  readonly new: Bucket[];
  readonly old: Bucket[];
}

/** So many requests of both releases together stand beside the old one's: with few of its own its rate is unknown. */
const priorRequests = 20;

/**
 * The excess of each epoch as it is now. Each is compared within itself, because rates drift over the day while shares
 * grow. Epochs that the proxy has forgotten stay as they were last seen.
 */
export function excessByEpoch(
  before: ExcessByEpoch,
  epochs: readonly EpochCounters[],
  rules: JudgeRules,
  counting: Counting,
): ExcessByEpoch {
  const next: Record<string, ExcessByEpoch[string]> = { ...before };
  for (const epoch of epochs) {
    const arms = [...armsOf(epoch, rules, counting)];
    const services = arms.map(([service, both]) => [service, excessOf(both, counting.leastHeavy)] as const);
    next[epochKey(epoch)] = Object.fromEntries(services);
  }
  return next;
}

export function varianceOf(excesses: readonly Excess[]): number {
  return excesses.reduce((sum, each) => sum + each.variance, 0);
}

function armsOf(
  { counts }: EpochCounters,
  { services, newRevision, oldRevision }: JudgeRules,
  { of }: Counting,
): Map<ServiceName, Arms> {
  const sticky = new Map(services.map(({ service, isSticky }) => [service, isSticky]));
  const arms = new Map<ServiceName, Arms>();
  for (const count of counts) {
    const { service, revision, bucket } = count;
    if (revision !== newRevision && revision !== oldRevision) continue;
    if (sticky.get(service) !== bucket >= 0) continue;
    const both = arms.get(service) ?? { new: [], old: [] };
    arms.set(service, both);
    both[revision === newRevision ? 'new' : 'old'].push({ bucket, ...of(count) });
  }
  return arms;
}

function excessOf(arms: Arms, leastHeavy: number): Excess {
  const [fresh, old] = [sumOf(arms.new), sumOf(arms.old)];
  if (fresh.requests === 0) return { requests: 0, expected: 0, beyond: 0, variance: 0, heavy: [] };
  const pooled = (fresh.events + old.events) / (fresh.requests + old.requests);
  const seen = old.requests + priorRequests;
  const rate = (old.events + priorRequests * pooled) / seen;
  const variance = fresh.requests * pooled * (1 + fresh.requests / seen) * clumping([...arms.new, ...arms.old], pooled);
  const heavy = arms.new.flatMap(({ bucket, requests, events }) => {
    const own = events - rate * requests;
    return bucket >= 0 && own > leastHeavy ? [[bucket, own] as const] : [];
  });
  const expected = fresh.requests * rate;
  return { requests: fresh.requests, expected, beyond: fresh.events - expected, variance, heavy };
}

/**
 * How much more than independent requests events vary from bucket to bucket: 1, and more when some visitors always have
 * them. Either release may have got any of those.
 */
function clumping(buckets: readonly Bucket[], rate: number): number {
  if (rate === 0) return 1;
  let squares = 0;
  let events = 0;
  for (const bucket of buckets) {
    // Requests without a bucket are counted in one line, and do not depend on each other.
    if (bucket.bucket < 0) return 1;
    squares += (bucket.events - rate * bucket.requests) ** 2;
    events += bucket.events;
  }
  return Math.max(1, squares / events);
}

function sumOf(buckets: readonly Bucket[]): Counted {
  let requests = 0;
  let events = 0;
  for (const bucket of buckets) {
    requests += bucket.requests;
    events += bucket.events;
  }
  return { requests, events };
}
