import assert from 'node:assert/strict';
import { it } from 'node:test';
import { evolve, foldRollout, plannedState } from './evolve.ts';
import type { Cause } from './facts.ts';
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

it('what went wrong without changing the outcome is kept, in its order', () => {
  const done = (note: string | null) =>
    ({ type: 'step-done', payload: { step: 'start', direction: 'forward', note } }) as const;
  assert.deepEqual(stateAfter(usual, done('first'), done(null), done('second')).notes, ['first', 'second']);
});

it('gates that are passed are not waited for any longer', () => {
  const waiting = { type: 'gates-waiting', payload: { step: 'start', results: [] } } as const;
  const passed = { type: 'gates-passed', payload: { step: 'start', results: [] } } as const;
  assert.deepEqual(stateAfter(usual, waiting).waiting, { since: start + 1_000, results: [] });
  assert.deepEqual(stateAfter(usual, waiting, passed), stateAfter(usual), 'and nothing is begun by that alone');
});

it('a rollout is live from when that was said', () => {
  const before = stateAfter(usual, ...upTo(usual, 'shift', 'performed'));
  const live = written({ type: 'rollout-live', payload: { step: 'shift' } }, start + 99);
  assert.deepEqual(evolve(before, live), { ...before, liveAt: start + 99 });
});

it('a rollout that has ended says how, when and why: with the cause of its end, or the one that turned it', () => {
  const why = { code: 'returned', kind: 'crashed', step: 'watch', logTail: [], inRelease: true } as const;
  const turned = { type: 'rollout-turned', payload: { cause: { ...why, message: 'it crashed' } } } as const;
  const back = stateAfter(usual, ...upTo(usual, 'watch', 'performed'), turned);
  const ended = (cause: Cause | null) =>
    evolve(back, written({ type: 'rollout-ended', payload: { end: 'stranded', cause, level: null } }, start + 99));
  const end = { kind: 'stranded', at: start + 99 } as const;
  assert.deepEqual(ended(null), { ...back, end, cause: { ...why, message: 'it crashed' } });
  const both = { ...why, message: 'and its way back failed' };
  assert.deepEqual(ended(both), { ...back, end, cause: both });
});

it('a person who lets a rollout advance that was not paused gives its step no new time', () => {
  const before = stateAfter(usual, ...upTo(usual, 'watch', 'performed'));
  const advanced = written({ type: 'rollout-advanced', payload: { step: 'watch' } }, start + 86_400_000);
  assert.deepEqual(evolve(before, advanced), { ...before, advanced: true });
});
