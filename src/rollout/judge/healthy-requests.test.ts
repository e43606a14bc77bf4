import assert from 'node:assert/strict';
import { it } from 'node:test';
import { healthyRequests } from './healthy-requests.ts';

const rules = { tolerance: 2, toleratedRate: 0.005 };

it('a service that fails one request of 200 needs about 2,800 canary requests at 5 %', () => {
  const requests = healthyRequests(0.005, 19, rules);
  // ln(20) over the information is 2,100.
  assert.ok(Math.abs(requests / 1.35 - 2_100) < 60, String(requests));
});

it('one that never fails needs less, and a share of a half more', () => {
  assert.ok(healthyRequests(0, 19, rules) < 1_000);
  assert.ok(healthyRequests(0.01, 1, rules) > healthyRequests(0.01, 19, rules));
});

it('nothing can be found without anybody to compare with, when it fails more than is tolerated anyhow', () => {
  assert.equal(healthyRequests(0.01, 0, rules), Infinity);
  assert.equal(healthyRequests(0.01, Infinity, rules), Infinity);
  assert.ok(Number.isFinite(healthyRequests(0.001, 0, rules)));
});

it('where every rate is tolerated no rate proves anything', () => {
  assert.equal(healthyRequests(0.01, 0, { ...rules, toleratedRate: 1 }), Infinity);
});
