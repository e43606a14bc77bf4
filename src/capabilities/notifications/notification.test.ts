import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeFact, pressingOf, usualPace, wants, type Fact, type FactKind } from './notification.ts';

const now = 1_000_000_000;
const fact = (kind: FactKind, id = 'event-1'): Fact => ({ id, kind, at: now, data: {} });
const rollout = (kind: FactKind, id?: string) => ({ story: 'rollout/production-rollout-1', fact: fact(kind, id) });
const told = (more: object) => ({
  facts: [fact('waiting', 'before')],
  isOpen: true,
  createdAt: now,
  sendAt: now + 9_000,
  ...more,
});

test('what happens soon after each other in one rollout is one message', () => {
  assert.deepEqual(placeFact(rollout('waiting'), [], now, usualPace), { kind: 'new', sendAt: now + 15_000 });
  assert.deepEqual(placeFact(rollout('live'), [told({})], now, usualPace), { kind: 'add', sendAt: now + 9_000 });
});

test('a message that was tried once is not changed any more', () => {
  assert.equal(placeFact(rollout('live'), [told({ isOpen: false })], now, usualPace).kind, 'new');
});

test('a fact that was told is not told again, however often it is seen', () => {
  const known = told({ isOpen: false, facts: [fact('live')] });
  assert.deepEqual(placeFact(rollout('live'), [known], now, usualPace), { kind: 'known' });
});

test('an alarm waits for nobody, and hurries what waits', () => {
  assert.deepEqual(placeFact(rollout('stranded'), [], now, usualPace), { kind: 'new', sendAt: now + 2_000 });
  assert.deepEqual(placeFact(rollout('stranded'), [told({})], now, usualPace), { kind: 'add', sendAt: now + 2_000 });
});

test('of a job that fails every minute there is one message an hour', () => {
  const failure = { story: 'job/tidy', fact: fact('job-failed', 'next') };
  const before = told({ isOpen: false, createdAt: now - 60_000, facts: [fact('job-failed')] });
  assert.deepEqual(placeFact(failure, [before], now, usualPace), { kind: 'new', sendAt: now + 3_540_000 });
});

test('a full message is followed by another one', () => {
  const full = told({ facts: Array.from({ length: 50 }, (_, index) => fact('job-failed', `${index}`)) });
  assert.equal(placeFact(rollout('live'), [full], now, usualPace).kind, 'new');
});

test('only alarms and tests reach the one who is on call', () => {
  assert.equal(wants('pagerduty', 'returned'), false);
  assert.equal(wants('pagerduty', 'stranded'), true);
  assert.equal(wants('pagerduty', 'test'), true);
  assert.equal(wants('slack', 'live'), true);
  assert.equal(pressingOf([fact('live'), fact('stranded'), fact('waiting')]), 'alarm');
});
