import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationBin } from '../../core/durations.ts';
import type { EpochCounters, TrafficCount } from '../../core/routing-document.ts';
import { todaysTraffic } from './todays-traffic.ts';

const scope = { app: 'shop', environment: 'production' };

function count(revision: string, bucket: number, more: Partial<TrafficCount> = {}): TrafficCount {
  const none = { ok: 0, clientError: 0, serverError: 0, failed: 0, clientGone: 0, late: [] };
  return { service: 'web', revision, bucket, started: 0, ...none, ...more };
}

function epoch(number: number, counts: readonly TrafficCount[], more: Partial<EpochCounters> = {}): EpochCounters {
  const times = { openedAtMs: 0, closedAtMs: null };
  return { ...scope, epoch: number, proxyStart: 'a', ...times, counts, durations: [], ...more };
}

function traffic(counters: readonly EpochCounters[], isSticky = true) {
  const services = [{ service: 'web', isSticky }];
  return todaysTraffic(counters, { scope, revision: 'production-4', services, now: 100_000 });
}

test('requests a second and the failures of the revision that serves', () => {
  const { load } = traffic([
    epoch(3, [
      count('production-4', 7, { started: 3_000, serverError: 20, failed: 10 }),
      count('production-4', 9, { started: 900 }),
      count('production-5', 3, { started: 100, failed: 100 }),
    ]),
  ]);
  assert.deepEqual(load, { requestsPerS: 40, failureRate: 30 / 3_900 });
});

test('epochs follow each other', () => {
  const { load } = traffic([
    epoch(3, [count('production-4', 7, { started: 400 })], { closedAtMs: 60_000 }),
    epoch(4, [count('production-4', 7, { started: 600 })], { openedAtMs: 60_000 }),
  ]);
  assert.equal(load?.requestsPerS, 10);
});

test('other environments, orders of people, hops between services and what is not judged do not count', () => {
  const asked = [count('production-4', 7, { started: 100 })];
  const counters = [
    epoch(3, asked, { environment: 'staging' }),
    epoch(3, asked, { app: 'blog' }),
    epoch(-1, asked),
    epoch(4, [count('production-4', 7, { started: 100, service: 'api' })]),
  ];
  assert.equal(traffic(counters).load, null);
  const hops = [count('production-4', -1, { started: 900 }), count('production-4', 7, { started: 100 })];
  assert.equal(traffic([epoch(4, hops)]).load?.requestsPerS, 1);
});

test('while one revision has everything nobody has a bucket', () => {
  assert.equal(traffic([epoch(3, [count('production-4', -1, { started: 200 })])]).load?.requestsPerS, 2);
});

test('without stickiness requests have no bucket', () => {
  const counters = [epoch(3, [count('production-4', -1, { started: 200 })])];
  assert.equal(traffic(counters, false).load?.requestsPerS, 2);
});

test('nothing is known of a load when nothing was counted', () => {
  assert.equal(traffic([]).load, null);
  assert.equal(traffic([epoch(3, [])]).load, null);
});

test('durations are those of the revision that serves, over all epochs', () => {
  const durations = (revision: string, counts: readonly number[], service = 'web') => ({ service, revision, counts });
  const { durationsOf } = traffic([
    epoch(3, [], { durations: [durations('production-4', [1, 0, 2]), durations('production-5', [9])] }),
    epoch(4, [], { durations: [durations('production-4', [1]), durations('production-4', [5], 'api')] }),
  ]);
  assert.deepEqual(durationsOf('web')?.slice(0, 4), [2, 0, 2, 0]);
  assert.equal(durationsOf('web')?.length, durationBin(Infinity) + 1);
  assert.equal(durationsOf('mail'), null);
});
