import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterExit, defaultRestartPolicy } from './restart-policy.ts';

const now = 1_000_000_000;

function exits(count: number, everyMs: number) {
  return Array.from({ length: count }, (_, index) => now - index * everyMs).toReversed();
}

test('each exit within the window doubles the wait', () => {
  const waits = [1, 2, 3, 4].map((count) => {
    const next = afterExit(defaultRestartPolicy, { everReady: true, exitsAt: exits(count, 1000) }, now);
    return next.kind === 'restart' ? next.afterMs : null;
  });
  assert.deepEqual(waits, [250, 500, 1000, 2000]);
});

test('no wait is longer than the longest', () => {
  const policy = { ...defaultRestartPolicy, exitsInWindow: 100 };
  const next = afterExit(policy, { everReady: true, exitsAt: exits(50, 1000) }, now);
  assert.deepEqual(next, { kind: 'restart', afterMs: 30_000 });
});

test('five exits within five minutes spend the budget, spread over more they do not', () => {
  const quick = afterExit(defaultRestartPolicy, { everReady: true, exitsAt: exits(5, 60_000) }, now);
  assert.equal(quick.kind, 'gave-up');
  const slow = afterExit(defaultRestartPolicy, { everReady: true, exitsAt: exits(50, 90_000) }, now);
  assert.equal(slow.kind, 'restart');
});

test('a slot that was never ready has three tries', () => {
  const kinds = [1, 2, 3].map((count) => {
    return afterExit(defaultRestartPolicy, { everReady: false, exitsAt: exits(count, 10) }, now).kind;
  });
  assert.deepEqual(kinds, ['restart', 'restart', 'gave-up']);
});
