import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isRolloutEvent, payloadVersion, rolloutEventTypes } from './rollout-events.ts';

it('the events of the machine are told from those of others', () => {
  for (const type of rolloutEventTypes) assert.ok(isRolloutEvent({ type }), type);
  for (const type of ['release-created', 'evidence-recorded', 'rollout', ''])
    assert.ok(!isRolloutEvent({ type }), type);
});

it('plans are written in their second version, everything else in its first', () => {
  for (const type of rolloutEventTypes) assert.equal(payloadVersion(type), type === 'rollout-planned' ? 2 : 1, type);
});
