import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GateResultView } from '../capabilities/releases/releases-api.ts';
import { aRollout, aStep, aVerifiedRollout } from './fixtures/views.ts';
import { exitCodeOfStanding, standingOf } from './rollout-standing.ts';

const gate = (state: GateResultView['state'], id = 'approval'): GateResultView => ({
  gate: id,
  title: id,
  state,
  message: '',
  opensAt: null,
});

test('live is not enough while the story still asks the public route', () => {
  const steps = [aStep('shift', 'done'), aStep('verify-after', 'running')];
  const rollout = aRollout({ live: true, status: 'moving', steps });
  assert.equal(standingOf(rollout, 'live').kind, 'under-way');
});

test('it is verified when the story has passed through the public route', () => {
  assert.deepEqual(standingOf(aVerifiedRollout(), 'live'), { kind: 'live', isVerified: true });
});

test('without a story it is live, and nothing claims more', () => {
  const rollout = aRollout({ live: true, status: 'watching', steps: [aStep('shift', 'done')] });
  assert.deepEqual(standingOf(rollout, 'live'), { kind: 'live', isVerified: false });
});

test('who waits until it is settled is not content with live', () => {
  assert.equal(standingOf(aVerifiedRollout(), 'settled').kind, 'under-way');
  assert.equal(standingOf(aVerifiedRollout({ status: 'settled' }), 'settled').kind, 'settled');
});

test('a rollout on its way back has not ended', () => {
  assert.equal(standingOf(aRollout({ status: 'returning' }), 'live').kind, 'under-way');
});

test('the exit code says how it stands', () => {
  const codeOf = (more: Parameters<typeof aRollout>[0]) => exitCodeOfStanding(standingOf(aRollout(more), 'live'));
  assert.equal(exitCodeOfStanding(standingOf(aVerifiedRollout(), 'live')), 0);
  assert.equal(codeOf({ status: 'returned' }), 12);
  assert.equal(codeOf({ status: 'stranded' }), 13);
  assert.equal(codeOf({ status: 'paused' }), 7);
  assert.equal(codeOf({ status: 'waiting', waitingFor: [gate('waiting')] }), 7);
  assert.equal(codeOf({ status: 'waiting', waitingFor: [gate('waiting'), gate('not-proven')] }), 8);
  assert.equal(codeOf({ status: 'waiting', waitingFor: [gate('closed', 'not-quarantined')] }), 9);
});
