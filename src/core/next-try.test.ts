import assert from 'node:assert/strict';
import { test } from 'node:test';
import { giveUpAfterMs, nextTryAt } from './next-try.ts';

const now = 1_000_000_000;

test('a dead receiver is tried later and later, at least every hour, for three days', () => {
  const waits = [1, 2, 3, 20].map((failures) => (nextTryAt(failures, now, now) ?? 0) - now);
  assert.deepEqual(waits, [10_000, 20_000, 40_000, 3_600_000]);
  assert.equal(nextTryAt(90, now, now + giveUpAfterMs), null);
});
