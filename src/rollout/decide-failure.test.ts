import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decideFailure, pauseOverdue } from './decide-failure.ts';
import type { Cause, ObservedSlot } from './facts.ts';
import { plan, revision, service, slot, stateAfter, through, upTo, worker } from './fixtures/example-rollout.ts';
import type { PlanInput } from './plan-input.ts';
import type { ServiceDefinition } from './release.ts';
import type { RolloutEvent } from './rollout-events.ts';

const broken: Omit<Cause, 'step'> = {
  ...{ code: 'timeout', kind: 'deadline', message: 'it takes too long', logTail: [], inRelease: false },
};
const turned: RolloutEvent = { type: 'rollout-turned', payload: { cause: { ...broken, step: 'watch' } } };

/** Where users are sent when the switch back fails while this is seen. */
function levelAfter(seen: readonly ObservedSlot[], more: Partial<PlanInput>) {
  const planned = plan(more);
  const step = planned.steps.find(({ id }) => id === 'shift');
  assert.ok(step);
  const state = stateAfter(
    planned,
    ...upTo(planned, 'watch', 'performed'),
    turned,
    ...through(step, 'back').slice(0, 2),
  );
  const { events } = decideFailure(state, step, broken, seen);
  const [event] = events;
  assert.ok(event?.type === 'rollout-ended' && event.payload.end === 'stranded' && event.payload.level);
  const { level } = event.payload;
  return level.kind === 'shares' ? level.shares.map(({ revision: id }) => id).join() : level;
}

const api = service('api', { path: '/api' });
const between = (old: readonly ServiceDefinition[], next: readonly ServiceDefinition[]) => ({
  from: revision(1, [...old]),
  to: revision(2, [...next]),
});

const page = { kind: 'maintenance', message: 'The service is out of order. Its operators have been told.' };

describe('users of a rollout that is stranded get', () => {
  const two = between([service('web'), api], [service('web'), api]);

  it('the side that has everything, before one that has some of it', () => {
    assert.equal(levelAfter([slot(1, 'api'), slot(2, 'web'), slot(2, 'api')], two), 'production-2');
  });

  it('the old one where each has some of it, the new one where only that has any', () => {
    assert.equal(levelAfter([slot(1, 'api'), slot(2, 'web')], two), 'production-1');
    assert.equal(levelAfter([slot(2, 'web')], two), 'production-2');
  });

  it('never a side without anything that users reach', () => {
    assert.deepEqual(levelAfter([], between([worker('mails')], [service('web')])), page);
    assert.equal(levelAfter([slot(2, 'web')], between([worker('mails')], [service('web')])), 'production-2');
  });

  it('of a first release that does not come up: what there was before it', () => {
    const first = { from: null, to: revision(2) };
    assert.deepEqual(levelAfter([], first), page);
    const adopted = { kind: 'adopted', host: '127.0.0.1', port: 9_000 } as const;
    assert.deepEqual(levelAfter([], { ...first, before: adopted }), adopted);
    assert.equal(levelAfter([slot(2, 'web')], { ...first, before: adopted }), 'production-2');
  });
});

it('a pause that is too long names who made it, and blames no release', () => {
  const planned = plan();
  const paused: RolloutEvent = { type: 'rollout-paused', payload: { until: 1 } };
  const state = stateAfter(planned, ...upTo(planned, 'watch', 'performed'), paused);
  const [step] = planned.steps;
  assert.ok(step);
  const [event] = pauseOverdue(state, step).events;
  assert.ok(event?.type === 'rollout-turned');
  assert.deepEqual(event.payload.cause, {
    ...{ code: 'timeout', kind: 'deadline', step: step.id, logTail: [], inRelease: false },
    message: 'paused by ada for longer than a pause may last',
  });
});
