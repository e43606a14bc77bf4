import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { emptyEnvironment, evolveEnvironment, type EnvironmentState } from './environment-state.ts';
import { plan, revision, service, start, through, worker, written } from './fixtures/example-rollout.ts';
import type { Plan, TrafficLevel } from './plan.ts';
import type { End, RolloutEvent } from './rollout-events.ts';

const services = [service('web', { instances: 2 }), worker('sizes', { readsClaim: true })];
const first = plan({ from: null, to: revision(1, services), rollout: 'production-rollout-1', salt: 'one' });
const second = plan({ from: revision(1, services), to: revision(2, services), salt: 'two' });
const everything = (of: number): TrafficLevel => ({
  kind: 'shares',
  shares: [{ revision: `production-${of}`, permille: 1000 }],
});

function fold(planned: Plan, events: readonly RolloutEvent[], before = emptyEnvironment): EnvironmentState {
  const all: readonly RolloutEvent[] = [{ type: 'rollout-planned', payload: { plan: planned } }, ...events];
  return all.reduce((state, event) => evolveEnvironment(state, written(event), planned), before);
}
const forward = (planned: Plan) => planned.steps.flatMap((step) => through(step, 'forward'));
const ended = (end: End, level: TrafficLevel | null = null): RolloutEvent => ({
  type: 'rollout-ended',
  payload: { end, cause: null, level },
});
const slotsOf = (state: EnvironmentState) =>
  state.orders.map((order) => `${order.revision}/${order.service} ${order.slots} ${order.claim ?? '-'}`).toSorted();

const settled = fold(first, [...forward(first), ended('settled')]);

it('nothing is ordered before the first rollout', () => {
  assert.deepEqual(emptyEnvironment.orders, []);
  assert.equal(emptyEnvironment.level.kind, 'maintenance');
});

it('a first rollout that settled serves', () => {
  assert.deepEqual(settled.serving, { revision: 'production-1', release: 'r1', since: start });
  assert.equal(settled.previous, null);
  assert.equal(settled.rollout, null);
  assert.deepEqual(slotsOf(settled), ['production-1/sizes 1 all', 'production-1/web 2 -']);
  assert.deepEqual(settled.level, everything(1));
});

it('orders follow the intents, claims stay with their service', () => {
  const events = forward(second).slice(0, 3);
  assert.deepEqual(slotsOf(fold(second, events, settled)), [
    'production-1/sizes 1 all',
    'production-1/web 2 -',
    'production-2/sizes 1 marked',
    'production-2/web 2 -',
  ]);
});

it('an epoch begins with each change of shares or salt, and not with a repetition', () => {
  assert.equal(settled.epoch, 1);
  const after = fold(second, [...forward(second), ended('settled')], settled);
  // The shift changes the shares; that the old drains afterwards changes none.
  assert.deepEqual([after.epoch, after.salt], [2, 'two']);
});

describe('after the end', () => {
  it('settled: what was replaced is previous, and ordered to stop even where its step failed', () => {
    const withoutStop = forward(second).filter(
      (event) => !('step' in event.payload && event.payload.step === 'stop-old'),
    );
    const after = fold(second, [...withoutStop, ended('settled')], settled);
    assert.equal(after.serving?.revision, 'production-2');
    assert.deepEqual(after.previous, { revision: 'production-1', release: 'r1' });
    assert.deepEqual(slotsOf(after), [
      'production-1/sizes 0 none',
      'production-1/web 0 -',
      'production-2/sizes 1 all',
      'production-2/web 2 -',
    ]);
    assert.deepEqual(after.draining, []);
  });

  it('returned: only the new release is ordered to stop', () => {
    const after = fold(second, [...forward(second).slice(0, 3), ended('returned')], settled);
    assert.equal(after.serving?.revision, 'production-1');
    assert.deepEqual(slotsOf(after), [
      'production-1/sizes 1 all',
      'production-1/web 2 -',
      'production-2/sizes 0 marked',
      'production-2/web 0 -',
    ]);
  });

  it('stranded: traffic goes where it is said, nothing drains, and that side serves', () => {
    const events = forward(second).filter((event) => !('step' in event.payload && event.payload.step === 'stop-old'));
    const after = fold(second, [...events, ended('stranded', everything(2))], settled);
    assert.deepEqual([after.level, after.draining], [everything(2), []]);
    assert.equal(after.serving?.revision, 'production-2');
    assert.equal(after.previous?.revision, 'production-1');
    assert.ok(slotsOf(after).includes('production-1/web 2 -'), 'what still runs is left running');
    assert.ok(after.epoch > 2);
  });

  it('stranded on the old or on the page: what served before is still what is gone back to', () => {
    for (const level of [everything(1), { kind: 'maintenance', message: '' } as const]) {
      const after = fold(second, [...forward(second).slice(0, 3), ended('stranded', level)], settled);
      assert.deepEqual([after.level, after.serving?.revision], [level, 'production-1']);
    }
  });

  it('a rollback leaves nothing to go back to without being told', () => {
    const back = plan({ from: revision(1, services), to: revision(2, services), kind: 'rollback' });
    assert.equal(fold(back, [...forward(back), ended('settled')], settled).previous, null);
  });

  it('orders for nothing are forgotten when the next rollout is planned', () => {
    const after = fold(second, [...forward(second), ended('settled')], settled);
    const third = plan({ from: revision(2, services), to: revision(3, services) });
    assert.deepEqual(slotsOf(fold(third, [], after)), ['production-2/sizes 1 all', 'production-2/web 2 -']);
  });
});

it('an environment that was taken down runs nothing, and has nothing to go back to', () => {
  const after = evolveEnvironment(settled, written({ type: 'environment-downed', payload: {} }), first);
  assert.deepEqual(slotsOf(after), ['production-1/sizes 0 all', 'production-1/web 0 -']);
  assert.deepEqual([after.serving, after.previous, after.level.kind], [null, null, 'maintenance']);
});
