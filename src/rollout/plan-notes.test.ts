import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compilePlan } from './compile-plan.ts';
import { canaryInput, judgeRules, plan, revision, service, worker } from './fixtures/example-rollout.ts';
import type { PlanInput } from './plan-input.ts';

const notesOf = (permilles: readonly number[], more: Partial<PlanInput> = {}) =>
  compilePlan(canaryInput(permilles, { holdbackPermille: 0, ...more })).notes;

describe('the notes of a canary', () => {
  it('say that nobody knows how long it takes as soon as that is so for one of its shares', () => {
    const known = { permille: 50, everyMs: 0, expectedMs: 60_000 };
    const unknown = 'there is no traffic to go by: nobody can say how long the judge takes at each share';
    assert.deepEqual(notesOf([], { canary: { shares: [known, { ...known, permille: 500 }] } }), []);
    const second = { ...known, permille: 500, expectedMs: null };
    assert.deepEqual(notesOf([], { canary: { shares: [known, second] } }), [unknown]);
  });

  it('name the workers that share work at its last share', () => {
    const services = [service('web'), worker('sizes', { readsClaim: true, instances: 2 })];
    const sides = { from: revision(1, services), to: revision(2, services) };
    const side = 'sizes: old and new instances take work side by side, the share is their number';
    assert.deepEqual(notesOf([10, 50, 500], sides), [side]);
    assert.deepEqual(notesOf([10, 50, 100], sides), ['sizes has no share: it switches when all requests do']);
  });
});

it('a canary that nobody can compare is none, and its notes say why', () => {
  const judge = { ...judgeRules, services: [] };
  const [note] = notesOf([50], { judge, to: revision(2, [service('shop')]) });
  assert.equal(note, 'all users at once instead of a canary: both releases have no web service of the same name');
});

it('a first release says nothing of workers that are replaced: there are none yet', () => {
  const { notes } = plan({ from: null, to: revision(2, [service('web'), worker('mails')]) });
  assert.deepEqual(notes, ['a first release: the way back is the maintenance page']);
});
