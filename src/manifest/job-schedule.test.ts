import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cronProblem, runAfter } from './job-schedule.ts';

/** The next runs after a moment, in UTC. */
function runs(cron: string, timezone: string, after: string, most: number): readonly string[] {
  const found: string[] = [];
  for (let at = Date.parse(after); found.length < most;) {
    const next = runAfter({ cron, timezone }, at);
    assert.ok(next !== null);
    found.push(new Date(next).toISOString().slice(0, 16));
    at = next;
  }
  return found;
}

test('a time that the clock change leaves out runs when the clock has changed, once', () => {
  const found = runs('30 2 * * *', 'Europe/Berlin', '2026-03-28T00:00:00Z', 3);
  assert.deepEqual(found, ['2026-03-28T01:30', '2026-03-29T01:00', '2026-03-30T00:30']);
});

test('a time that the clock change makes come twice runs the first time only', () => {
  const found = runs('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2);
  assert.deepEqual(found, ['2026-10-25T00:30', '2026-10-26T01:30']);
});

test('what runs every hour or minute follows the time that passes, through both clock changes', () => {
  assert.deepEqual(runs('30 * * * *', 'Europe/Berlin', '2026-03-28T23:50:00Z', 3), [
    '2026-03-29T00:30',
    '2026-03-29T01:30',
    '2026-03-29T02:30',
  ]);
  assert.deepEqual(runs('30 * * * *', 'Europe/Berlin', '2026-10-24T22:50:00Z', 4), [
    '2026-10-24T23:30',
    '2026-10-25T00:30',
    '2026-10-25T01:30',
    '2026-10-25T02:30',
  ]);
});

test('half an hour of summer time is a clock change too', () => {
  // Lord Howe goes back at 02:00 by 30 minutes on 5 April 2026: 01:45 comes twice.
  const found = runs('45 1 * * *', 'Australia/Lord_Howe', '2026-04-04T00:00:00Z', 2);
  assert.deepEqual(found, ['2026-04-04T14:45', '2026-04-05T15:15']);
});

test('a day that is rare is found, and one that never comes is refused', () => {
  assert.deepEqual(runs('0 0 29 2 *', 'UTC', '2026-01-01T00:00:00Z', 2), ['2028-02-29T00:00', '2032-02-29T00:00']);
  assert.equal(cronProblem('0 0 31 2 *'), 'there is no such day');
});

test('patterns that are none are refused with their reason', () => {
  assert.equal(cronProblem('30 3 * * *'), null);
  assert.equal(cronProblem('@daily'), null);
  assert.match(cronProblem('60 * * * *') ?? '', /minute: 60/);
  assert.match(cronProblem('* * * * * *') ?? '', /exactly 5 parts/);
  assert.match(cronProblem('5-1 * * * *') ?? '', /5-1/);
  assert.ok(cronProblem('every day') !== null);
});
