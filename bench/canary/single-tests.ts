import { FirstEvents } from '../../src/rollout/judge/first-events.ts';
import { harmGrid, harmWeights } from '../../src/rollout/judge/grids.ts';
import { logRatios } from '../../src/rollout/judge/odds-evidence.ts';
import { rankRatios, rankWeights } from '../../src/rollout/judge/rank-evidence.ts';
import { SpreadBet } from '../../src/rollout/judge/spread-bet.ts';
import { horizon, newPerSecond } from './bounds.ts';
import type { Setting } from './bounds.ts';
import type { Chance } from './chance.ts';
import { durationsOf } from './durations.ts';
import { RequestStream } from './request-stream.ts';
import { bucketRates, canaryBuckets, firstEventsOf } from './visitors.ts';

/** Each test alone, with an error of 1 % and margin 1. All return canary requests until the alarm, null without one. */
const alarm = Math.log(100);

export function perRequest(chance: Chance, newRate: number, { oldPerNew, baseline }: Setting): number | null {
  const bet = new SpreadBet(harmWeights);
  const stream = new RequestStream(chance, newRate, baseline, oldPerNew);
  for (;;) {
    const seen = stream.next();
    if (stream.requests > horizon) return null;
    bet.bet(logRatios(seen, 1, harmGrid));
    if (bet.reaches(alarm)) return stream.requests;
  }
}

/** All buckets are alike. */
export function perBucket(chance: Chance, newRate: number, setting: Setting): number | null {
  const { requests, failures } = bucketRates('many', setting.baseline, chance);
  const canary = canaryBuckets(setting);
  const rates = failures.map((rate, bucket) => (bucket < canary ? (requests[bucket] ?? 0) * newRate : rate));
  const row = (bucket: number, hasEvent: boolean) => ({ bucket, isNew: bucket < canary, requests: 1, hasEvent });
  const risk = FirstEvents.of(requests.length);
  risk.take([...requests.keys()].map((bucket) => row(bucket, false)));
  const bet = new SpreadBet(harmWeights);
  const perSecond = newPerSecond(setting);
  for (const { bucket, seconds } of firstEventsOf(chance, rates, [0], horizon / perSecond)) {
    bet.bet(logRatios(risk.take([row(bucket, true)]), 1, harmGrid));
    if (bet.reaches(alarm)) return seconds * perSecond;
  }
  return null;
}

export function perDuration(chance: Chance, factor: number, { oldPerNew }: Setting, most: number): number | null {
  const bet = new SpreadBet(rankWeights);
  for (let requests = 1; requests <= most; requests++) {
    bet.bet(rankRatios(durationsOf(chance, 1, factor), durationsOf(chance, oldPerNew, 1), 1));
    if (bet.reaches(alarm)) return requests;
  }
  return null;
}
