import { Comparison, firstFreshStart } from '../../src/rollout/judge/comparison.ts';
import type { JudgeRules } from '../../src/rollout/judge/judge-rules.ts';
import { plannedTests } from '../../src/rollout/judge/planned-tests.ts';
import type { PlannedTest } from '../../src/rollout/judge/planned-tests.ts';
import { horizon, newPerSecond } from './bounds.ts';
import type { Setting } from './bounds.ts';
import type { Chance } from './chance.ts';
import type { DrawnDurations } from './durations.ts';
import { RequestStream } from './request-stream.ts';
import { bucketRates, canaryBuckets, firstEventsOf } from './visitors.ts';
import type { BucketRates, Crowd } from './visitors.ts';

/** Half, a tenth and a hundredth of the requests are later than these. */
const lateAfterMs = [50, 140, 322];
const lateRates: readonly number[] = [0.5, 0.1, 0.01];

/** The judge as shipped: three services, failures and latency of each, probes that nobody asks, default margins. */
export function shippedRules(isSticky: boolean): JudgeRules {
  const services = ['web', 'api', 'admin'].map((service) => ({
    service,
    isSticky,
    lateAfterMs,
    timedUpToPermille: 500,
  }));
  const revisions = { newRevision: 'production-2', oldRevision: 'production-1' };
  const margins = { margin: 1.1, tolerance: 2, toleratedRate: 0.005 };
  return { ...revisions, ...margins, services, limits: [], signals: [], exposureBudget: null, withinMs: 7_200_000 };
}

/** How often the event of a test happens: failures or late requests, of the new and of the old revision. */
type Rates = readonly [fresh: number, old: number];

/** Canary requests until the first alarm of any test; null: none within the horizon. Only `web` is bad. */
export function shippedPerRequest(
  chance: Chance,
  newRate: number,
  setting: Setting,
  durations: DrawnDurations,
): number | null {
  return firstAlarm(plannedTests(shippedRules(false)), (test, most) =>
    test.kind === 'durations'
      ? alarmOfDurations(chance, test, most, setting, durations)
      : alarmOfRequests(chance, test, most, ratesOf(test, newRate, setting), setting),
  );
}

export function shippedPerBucket(chance: Chance, newRate: number, crowd: Crowd, setting: Setting): number | null {
  const users = bucketRates(crowd, setting.baseline, chance);
  return firstAlarm(plannedTests(shippedRules(true)), (test, most) =>
    alarmOfBuckets(chance, test, most, ratesPerBucket(users, test, newRate, setting), setting),
  );
}

/** The failures of the bad service come first in the plan: all others can only alarm before them. */
function firstAlarm(
  tests: readonly PlannedTest[],
  alarmOf: (test: PlannedTest, most: number) => number | null,
): number | null {
  let first: number | null = null;
  for (const test of tests) if (test.metric !== 'probes') first = alarmOf(test, first ?? horizon) ?? first;
  return first;
}

function ratesOf({ service, threshold }: PlannedTest, newRate: number, { baseline }: Setting): Rates {
  const late = threshold === null ? null : (lateRates[threshold.index] ?? 0);
  return late === null ? [service === 'web' ? newRate : baseline, baseline] : [late, late];
}

function alarmOfRequests(chance: Chance, test: PlannedTest, most: number, rates: Rates, { oldPerNew }: Setting) {
  const comparison = new Comparison(test);
  const stream = new RequestStream(chance, ...rates, oldPerNew);
  for (;;) {
    const counts = stream.next();
    if (stream.requests > most) return null;
    comparison.look({ kind: 'requests', counts });
    if (comparison.verdict === 'harmful') return stream.requests;
  }
}

/** Looks once for so many canary requests. */
const requestsPerLook = 50;

/** A release that is just as fast. */
function alarmOfDurations(
  chance: Chance,
  test: PlannedTest,
  most: number,
  { oldPerNew }: Setting,
  durations: DrawnDurations,
): number | null {
  const comparison = new Comparison(test);
  for (let requests = requestsPerLook; requests <= most; requests += requestsPerLook) {
    const fresh = durations.take(chance, requestsPerLook);
    comparison.look({ kind: 'durations', fresh, old: durations.take(chance, requestsPerLook * oldPerNew) });
    if (comparison.verdict === 'harmful') return requests;
  }
  return null;
}

/** Everybody's requests, and how often each bucket has the event of a test. */
interface Traffic {
  readonly requests: Float64Array;
  readonly events: Float64Array;
}

function ratesPerBucket(users: BucketRates, test: PlannedTest, newRate: number, setting: Setting): Traffic {
  const { requests, failures } = users;
  const [fresh, old] = ratesOf(test, newRate, setting);
  const canary = canaryBuckets(setting);
  const events = failures.map((failing, bucket) => {
    if (test.threshold !== null) return (requests[bucket] ?? 0) * old;
    if (bucket >= canary || fresh === old) return failing;
    return old === 0 ? (requests[bucket] ?? 0) * fresh : (failing * fresh) / old;
  });
  return { requests, events };
}

function alarmOfBuckets(chance: Chance, test: PlannedTest, most: number, traffic: Traffic, setting: Setting) {
  const canary = canaryBuckets(setting);
  const perSecond = traffic.requests.subarray(0, canary).reduce((sum, rate) => sum + rate, 0);
  const until = Math.min(horizon / newPerSecond(setting), most / perSecond);
  const row = (bucket: number, hasEvent: boolean, requests: number) => {
    return { bucket, isNew: bucket < canary, requests, hasEvent };
  };
  const active = [...traffic.requests.keys()].filter((bucket) => (traffic.requests[bucket] ?? 0) > 0);
  const everybody = active.map((bucket) => row(bucket, false, 0));
  // A test that begins afresh sees everybody again.
  const starts = freshStarts(perSecond, until);
  const comparison = new Comparison(test);
  const epoch = [1, 0] as const;
  let counted = 0;
  let begun = 0;
  for (const { seconds, bucket } of firstEventsOf(chance, traffic.events, starts, until)) {
    for (let start = starts[begun]; start !== undefined && start <= seconds; start = starts[++begun]) {
      const requests = Math.ceil(start * perSecond);
      comparison.look({ kind: 'buckets', epoch, rows: [row(active[0] ?? 0, false, Math.max(0, requests - counted))] });
      counted = Math.max(counted, requests);
      comparison.look({ kind: 'buckets', epoch, rows: everybody });
    }
    comparison.look({ kind: 'buckets', epoch, rows: [row(bucket, true, 0)] });
    if (comparison.verdict === 'harmful') return seconds * perSecond;
  }
  return null;
}

/** Seconds at which a test begins: at once, then when the canary has had so many requests, and at each doubling. */
function freshStarts(perSecond: number, until: number): readonly number[] {
  const starts = [0];
  for (let at = firstFreshStart; at / perSecond < until; at *= 2) starts.push(at / perSecond);
  return starts;
}

/** Canary requests until a service is found healthy; null: not within the horizon. */
export function healthyPerRequest(chance: Chance, rate: number, { oldPerNew, baseline }: Setting): number | null {
  const [test] = plannedTests(shippedRules(false));
  if (test === undefined) return null;
  const comparison = new Comparison(test);
  const stream = new RequestStream(chance, rate, baseline, oldPerNew);
  while (stream.requests < horizon) {
    comparison.look({ kind: 'requests', counts: stream.next() });
    if (comparison.verdict !== 'undecided') return comparison.verdict === 'healthy' ? stream.requests : null;
  }
  return null;
}
