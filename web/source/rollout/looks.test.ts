import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canaryRollout } from '../../../test/fixtures/dashboard/harbour-data.ts';
import { countedServices, intervalsOf, lookOf, withLook, type Look } from './looks.ts';

const side = (requests: number, events: number) => ({ requests, events });
const look = (at: number, requests: number, failed: number): Look => ({
  at,
  failures: { new: side(requests, failed), old: side(requests * 19, failed) },
  late: { new: side(requests, 2 * failed), old: side(requests * 19, 0) },
});

test('between two looks there are requests a second, and parts of them that failed or were late', () => {
  const [first] = intervalsOf([look(0, 100, 1), look(2_000, 140, 3)]);
  assert.equal(first?.new.requestsPerS, 20);
  assert.equal(first?.new.failed, 0.05);
  assert.equal(first?.new.late, 0.1);
  assert.equal(first?.old.requestsPerS, 380);
});

test('where nobody asked nothing is said of failures', () => {
  assert.equal(intervalsOf([look(0, 100, 1), look(2_000, 100, 1)])[0]?.new.failed, null);
});

test('a look counts once, and counting anew begins anew', () => {
  const looks = withLook([look(0, 100, 1)], look(0, 100, 1));
  assert.equal(looks.length, 1);
  assert.equal(withLook(looks, look(2_000, 120, 1)).length, 2);
  assert.deepEqual(withLook(looks, look(2_000, 5, 0)), [look(2_000, 5, 0)]);
});

test('the view of a judged rollout gives a look at each of its services', () => {
  const { judged } = canaryRollout('r9', 'r7');
  assert.ok(judged !== null);
  assert.deepEqual(countedServices(judged), ['dashboard']);
  assert.equal(lookOf(judged, 'dashboard')?.failures.new.events, 31);
  assert.equal(lookOf(judged, 'nobody'), null);
});
