import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aRollout } from './fixtures/views.ts';
import { notableLine } from './notable-events.ts';
import { Output } from './output.ts';

test('the end of a rollout is not told of the next one that has begun meanwhile', () => {
  const sink = { write: () => undefined };
  const out = new Output({ stdout: sink, stderr: sink, env: {}, isJson: false });
  assert.equal(notableLine('rollout-ended', aRollout({ status: 'moving' }), out), null);
  assert.match(notableLine('rollout-ended', aRollout({ status: 'settled' }), out) ?? '', /is settled$/);
});
