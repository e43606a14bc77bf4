import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { EpochCounters, TrafficCount } from '../core/routing-document.ts';
import { judgeRules, start } from '../rollout/fixtures/example-rollout.ts';
import { RequestRate } from './request-rate.ts';

const services = [
  { service: 'web', isSticky: true, lateAfterMs: [], timedUpToPermille: 500 },
  { service: 'api', isSticky: false, lateAfterMs: [], timedUpToPermille: 500 },
];
const rules = { ...judgeRules, services };
const none = { ok: 0, clientError: 0, serverError: 0, failed: 0, clientGone: 0, late: [] };

const count = (service: string, of: number, bucket: number, started: number): TrafficCount => {
  return { service, revision: `production-${of}`, bucket, ...none, started };
};
const epoch = (number: number, counts: readonly TrafficCount[]): EpochCounters => {
  const scope = { app: 'shop', environment: 'production' };
  return { ...scope, epoch: number, proxyStart: 'one', openedAtMs: 0, closedAtMs: null, counts, durations: [] };
};
const web = (started: number) => [count('web', 2, 7, started)];

it('is not known before a minute has passed, and goes by the last minute then', () => {
  const rate = new RequestRate(rules);
  assert.equal(rate.perSecond, null);
  rate.record(start, [epoch(1, web(100))]);
  rate.record(start + 59_999, [epoch(1, web(160))]);
  assert.equal(rate.perSecond, null);
  rate.record(start + 60_000, [epoch(1, web(220))]);
  assert.equal(rate.perSecond, 2);
  rate.record(start + 120_000, [epoch(1, web(220))]);
  assert.equal(rate.perSecond, 0);
});

it('goes on when an epoch is forgotten and another one is counted', () => {
  const rate = new RequestRate(rules);
  rate.record(start, [epoch(1, web(100))]);
  rate.record(start + 30_000, [epoch(1, web(130)), epoch(2, web(30))]);
  rate.record(start + 60_000, [epoch(2, web(90))]);
  assert.equal(rate.perSecond, 2);
});

it('begins anew when the clock was set back', () => {
  const rate = new RequestRate(rules);
  rate.record(start, [epoch(1, web(0))]);
  rate.record(start + 60_000, [epoch(1, web(60))]);
  rate.record(start + 10_000, [epoch(1, web(60))]);
  assert.equal(rate.perSecond, null);
  rate.record(start + 70_000, [epoch(1, web(120))]);
  assert.equal(rate.perSecond, 1);
});

it('is not known either when the clock was set back by less than it is known for', () => {
  const rate = new RequestRate(rules);
  for (const second of [0, 50, 100]) rate.record(start + second * 1_000, [epoch(1, web(second * 3))]);
  rate.record(start + 100_000, [epoch(1, web(300))]);
  assert.equal(rate.perSecond, 3, 'nothing has passed meanwhile');
  rate.record(start + 70_000, [epoch(1, web(300))]);
  assert.equal(rate.perSecond, null);
});

it('counts users of the new release in services that are judged: by bucket where they are sticky', () => {
  const rate = new RequestRate(rules);
  rate.record(start, []);
  const counted = [count('web', 2, 7, 60), count('api', 2, -1, 120), count('api', 2, 3, 180), count('web', 2, 0, 60)];
  const not = [count('web', 2, -1, 1), count('web', 1, 7, 1), count('api', 1, -1, 1), count('mails', 2, 7, 1)];
  rate.record(start + 60_000, [epoch(1, [...counted, ...not])]);
  assert.equal(rate.perSecond, 7);
});
