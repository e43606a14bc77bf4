import { requestsPerSecond } from './bounds.ts';
import type { Setting } from './bounds.ts';
import type { Chance } from './chance.ts';

/** How requests and failures are spread over people: so many that all buckets are alike, or two thousand, some of them odd. */
export const crowds = [
  'many',
  'two thousand',
  'ten clients that always fail',
  'log-normal users',
  'a retrying bot',
] as const;
export type Crowd = (typeof crowds)[number];

const people = 2_000;
const buckets = 1000;

/** How many of them the canary gets. */
export function canaryBuckets({ oldPerNew }: Setting): number {
  return Math.round(buckets / (1 + oldPerNew));
}

/** What each of the 1,000 buckets does per second: requests, and failures of a release whose failure rate is `rate`. */
export interface BucketRates {
  readonly requests: Float64Array;
  readonly failures: Float64Array;
}

/** Draws people and puts each into a bucket, as a fresh salt would. Failures add up to `rate` of all requests. */
export function bucketRates(crowd: Crowd, rate: number, chance: Chance): BucketRates {
  if (crowd === 'many') {
    const each = requestsPerSecond / buckets;
    return { requests: new Float64Array(buckets).fill(each), failures: new Float64Array(buckets).fill(each * rate) };
  }
  const even = requestsPerSecond / people;
  const busy = Array.from({ length: people }, () =>
    crowd === 'log-normal users' ? Math.exp(1.2 * chance.normal()) : even,
  );
  const prone = Array.from({ length: people }, (_, person) => proneness(crowd, person, chance));
  if (crowd === 'a retrying bot') busy[0] = 1;
  const scale = requestsPerSecond / sum(busy);
  const failing = sum(busy.map((each, person) => each * scale * (prone[person] ?? 0))) / requestsPerSecond;
  const requests = new Float64Array(buckets);
  const failures = new Float64Array(buckets);
  for (const [person, each] of busy.entries()) {
    const bucket = chance.below(buckets);
    requests[bucket] = (requests[bucket] ?? 0) + each * scale;
    const probability = Math.min(1, ((prone[person] ?? 0) * rate) / failing);
    failures[bucket] = (failures[bucket] ?? 0) + each * scale * probability;
  }
  return { requests, failures };
}

function proneness(crowd: Crowd, person: number, chance: Chance): number {
  switch (crowd) {
    case 'many':
    case 'two thousand':
      return 1;
    case 'ten clients that always fail':
      return person < 10 ? 1 : 0;
    case 'log-normal users':
      return Math.exp(1.5 * chance.normal());
    case 'a retrying bot':
      return person === 0 ? 100 : 1;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** What happens to a bucket, and when. */
export interface BucketEvent {
  readonly seconds: number;
  readonly bucket: number;
}

/**
 * For each bucket its first event from each of `starts` on (ascending, the first one 0), in the order of time, before
 * `until`: the events of a bucket are a Poisson process of its own, and no others can be the first of any test.
 */
export function firstEventsOf(
  chance: Chance,
  perSecond: Float64Array,
  starts: readonly number[],
  until: number,
): readonly BucketEvent[] {
  // Time and bucket in one number: an array of numbers is sorted much faster than one of objects.
  const events: number[] = [];
  for (const [bucket, rate] of perSecond.entries()) {
    if (rate <= 0) continue;
    let seconds = -1;
    for (const start of starts) {
      if (seconds >= start) continue;
      seconds = start + chance.exponential(rate);
      if (seconds >= until) break;
      events.push(Math.floor(seconds * 1e6) * buckets + bucket);
    }
  }
  return Array.from(Float64Array.from(events).sort(), (event) => {
    return { seconds: Math.floor(event / buckets) / 1e6, bucket: event % buckets };
  });
}
