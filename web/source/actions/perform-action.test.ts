import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approvalGate, checklistGate, newRollout } from '../../../test/fixtures/dashboard/harbour-data.ts';
import { mayDo, openingsOf, steeringOf } from './available-actions.ts';
import { callOf } from './perform-action.ts';

const rollout = newRollout('production', 8, 'r8-9c1d2e3', 'r7-a1b2c3d');
const words = { reason: '', isToBlame: true };

test('a rollback of a running rollout blames its release, unless the person says that it is not to blame', () => {
  const blamed = callOf({ kind: 'turn-back', rollout }, { ...words, reason: 'odd colours' });
  assert.equal(blamed.route, 'POST /apps/:app/environments/:environment/rollouts');
  assert.deepEqual(blamed.json, { rollback: true, reason: 'odd colours' });
  const ended = callOf({ kind: 'turn-back', rollout }, { ...words, isToBlame: false });
  assert.equal(ended.path.command, 'abort');
});

test('an empty reason is not sent', () => {
  assert.deepEqual(callOf({ kind: 'pause', rollout }, words).json, {});
});

test('a signature is for every open line or for a chosen one, an approval for none', () => {
  assert.equal(callOf({ kind: 'sign', rollout, line: null }, words).json.line, 'all');
  const line = { id: 'abc', text: 'support knows' };
  assert.equal(callOf({ kind: 'sign', rollout, line }, words).json.line, 'abc');
  assert.equal('line' in callOf({ kind: 'approve', rollout }, words).json, false);
});

test('only what applies is offered', () => {
  assert.deepEqual(steeringOf({ ...rollout, status: 'moving' }, 'r7'), ['pause', 'roll-back']);
  assert.deepEqual(steeringOf({ ...rollout, status: 'paused' }, 'r7'), ['resume', 'roll-back']);
  assert.deepEqual(steeringOf({ ...rollout, status: 'settled' }, null), []);
  assert.deepEqual(steeringOf({ ...rollout, status: 'returning' }, 'r7'), []);
  const steps = rollout.steps.map((step) => (step.phase === 'watch' ? { ...step, state: 'running' as const } : step));
  assert.deepEqual(steeringOf({ ...rollout, steps, status: 'watching' }, 'r7'), ['advance', 'pause', 'roll-back']);
});

test('an admin overrides a gate but does not approve', () => {
  assert.equal(mayDo('override', ['admin']), true);
  assert.equal(mayDo('approve', ['admin']), false);
  assert.equal(mayDo('steer', ['viewer', 'approver']), false);
});

test('each gate is opened in its own way', () => {
  assert.deepEqual(openingsOf(approvalGate), ['approve', 'override']);
  assert.deepEqual(openingsOf(checklistGate), ['sign', 'override']);
  assert.deepEqual(openingsOf({ gate: 'hours', state: 'waiting' }), ['override']);
  assert.deepEqual(openingsOf({ gate: 'approval', state: 'open' }), []);
});
