import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dueRuns, isLookedAtInFuture, lateStartMs, runsBetween } from './due-runs.ts';

const at = (text: string) => Date.parse(`2026-05-04T${text}Z`);
const nightly = { cron: '30 3 * * *', timezone: 'UTC' };
const minutely = { cron: '* * * * *', timezone: 'UTC' };

test('nothing is due before its time, and what is due is due once', () => {
  assert.deepEqual(dueRuns(nightly, at('03:00:00'), at('03:29:59')), { due: null, missed: null });
  assert.deepEqual(dueRuns(nightly, at('03:00:00'), at('03:30:00')), { due: at('03:30:00'), missed: null });
  assert.deepEqual(dueRuns(nightly, at('03:30:00'), at('03:30:01')), { due: null, missed: null });
});

test('a run may start ten minutes late, or half the time until the next one', () => {
  assert.equal(lateStartMs(nightly, at('03:30:00')), 600_000);
  assert.equal(lateStartMs(minutely, at('03:30:00')), 30_000);
  assert.equal(dueRuns(nightly, at('03:00:00'), at('03:40:00')).due, at('03:30:00'));
  const late = { count: 1, first: at('03:30:00'), last: at('03:30:00') };
  assert.deepEqual(dueRuns(nightly, at('03:00:00'), at('03:40:01')), { due: null, missed: late });
});

test('after a long time without Lotse one run is due at most, and the others are counted', () => {
  const { due, missed } = dueRuns(minutely, at('03:00:00'), at('04:00:10'));
  assert.equal(due, at('04:00:00'));
  assert.deepEqual(missed, { count: 59, first: at('03:01:00'), last: at('03:59:00') });
});

test('a year of missed minutes is looked through within bounds', () => {
  const now = at('04:00:45');
  const { due, missed } = dueRuns(minutely, now - 365 * 86_400_000, now);
  assert.equal(due, null);
  assert.equal(missed?.count, 1_000);
  assert.equal(missed.last, at('04:00:00'));
});

test('a clock that was set back repeats nothing; one that was a day ahead is not waited for', () => {
  assert.deepEqual(dueRuns(minutely, at('04:00:30'), at('03:00:00')), { due: null, missed: null });
  assert.equal(isLookedAtInFuture(at('04:00:00'), at('03:00:00')), false);
  assert.equal(isLookedAtInFuture(at('04:00:00') + 86_400_001, at('04:00:00')), true);
});

test('runs between two moments are those after the first, up to the second', () => {
  assert.deepEqual(runsBetween(minutely, at('03:00:00'), at('03:02:00'), 10), [at('03:01:00'), at('03:02:00')]);
  assert.deepEqual(runsBetween(minutely, at('03:00:00'), at('04:00:00'), 1), [at('03:01:00')]);
});
