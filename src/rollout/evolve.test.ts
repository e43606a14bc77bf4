import assert from 'node:assert/strict';
import { it } from 'node:test';
import { evolve, foldRollout, plannedState } from './evolve.ts';
import { plan, start, stateAfter, upTo, written } from './fixtures/example-rollout.ts';

const usual = plan();

it('a plan begins anew, whatever was before it', () => {
  const before = stateAfter(usual, ...upTo(usual, 'watch', 'performed'));
  const planned = written({ type: 'rollout-planned', payload: { plan: plan({ salt: 'other' }) } }, start + 99);
  assert.deepEqual(evolve(before, planned), plannedState(plan({ salt: 'other' }), start + 99));
});

it('a plan begins without notes', () => {
  assert.deepEqual(plannedState(usual, start).notes, []);
});

it('events without a plan are of no rollout', () => {
  assert.equal(foldRollout([]), null);
  assert.equal(
    foldRollout([written({ type: 'step-performed', payload: { step: 'start', direction: 'forward' } })]),
    null,
  );
});

it('a person who lets a rollout advance that was not paused gives its step no new time', () => {
  const before = stateAfter(usual, ...upTo(usual, 'watch', 'performed'));
  const advanced = written({ type: 'rollout-advanced', payload: { step: 'watch' } }, start + 86_400_000);
  assert.deepEqual(evolve(before, advanced), { ...before, advanced: true });
});
