import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  emptyEnvironment,
  epochStep,
  evolveEnvironment,
  isBefore,
  type EnvironmentState,
} from './environment-state.ts';
import { compilePlan } from './compile-plan.ts';
import {
  canaryInput,
  judgeRules,
  plan,
  revision,
  service,
  start,
  through,
  upTo,
  worker,
  written,
} from './fixtures/example-rollout.ts';
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
  assert.equal(settled.epoch, epochStep);
  const after = fold(second, [...forward(second), ended('settled')], settled);
  // The shift changes the shares; that the old drains afterwards changes none.
  assert.deepEqual([after.epoch, after.salt], [2 * epochStep, 'two']);
  const sameShares = plan({ from: revision(1, services), to: revision(1, services), salt: 'three' });
  assert.equal(fold(sameShares, upTo(sameShares, 'shift', 'intended'), settled).epoch, 2 * epochStep);
  const repeated = plan({ from: revision(1, services), to: revision(1, services), salt: 'one' });
  assert.equal(fold(repeated, upTo(repeated, 'shift', 'intended'), settled).epoch, epochStep);
});

describe('thresholds of lateness', () => {
  const input = canaryInput([10], { from: revision(1, services), to: revision(2, services), salt: 'two' });
  const canary = compilePlan(input);
  const late = { web: judgeRules.services[0]?.lateAfterMs };

  it('are those of the plan from its first route on, and stay until another plan routes', () => {
    const before = fold(canary, upTo(canary, 'share-1'), settled);
    assert.deepEqual(before.lateAfterMs, {});
    const shared = fold(canary, upTo(canary, 'share-1', 'intended'), settled);
    assert.deepEqual(shared.lateAfterMs, late);
    const after = fold(canary, [...forward(canary), ended('settled')], settled);
    assert.deepEqual(after.lateAfterMs, late);
    const third = plan({ from: revision(2, services), to: revision(3, services), salt: 'three' });
    assert.deepEqual(fold(third, upTo(third, 'shift'), after).lateAfterMs, late);
    assert.deepEqual(fold(third, upTo(third, 'shift', 'intended'), after).lateAfterMs, {});
  });

  it('change only together with the epoch', () => {
    let state = settled;
    for (const event of [...forward(canary), ended('settled')]) {
      const next = evolveEnvironment(state, written(event), canary);
      if (next.epoch === state.epoch) assert.deepEqual(next.lateAfterMs, state.lateAfterMs);
      state = next;
    }
  });
});

it('each share of a canary has an epoch of its own, and so has the last one that follows', () => {
  const canary = compilePlan(canaryInput([10, 250], { salt: 'two' }));
  const epochs = new Map<string, number>();
  let state = settled;
  for (const event of forward(canary)) {
    state = evolveEnvironment(state, written(event), canary);
    if (event.type === 'step-done') epochs.set(event.payload.step, state.epoch / epochStep);
  }
  const told = ['share-1', 'share-2', 'shift', 'watch', 'shift-rest', 'stop-old'].map((step) => epochs.get(step));
  assert.deepEqual(told, [2, 3, 4, 4, 5, 5]);
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
    assert.ok(after.epoch > 2 * epochStep);
  });

  it('stranded on the old or on the page: what served before is still what is gone back to', () => {
    for (const level of [everything(1), { kind: 'maintenance', message: '' } as const]) {
      const after = fold(second, [...forward(second).slice(0, 3), ended('stranded', level)], settled);
      assert.deepEqual([after.level, after.serving?.revision], [level, 'production-1']);
      assert.equal(after.standby, 'production-2', 'the other side stands by until the next rollout');
      assert.equal(fold(second, [], after).standby, null);
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
  assert.equal(after.epoch, settled.epoch + epochStep);
});

describe('an adopted upstream', () => {
  const upstream = { host: '10.0.0.7', port: 80 };
  const level: TrafficLevel = { kind: 'adopted', ...upstream };
  const adopted = evolveEnvironment(emptyEnvironment, written({ type: 'upstream-adopted', payload: upstream }), null);
  const over = plan({ from: null, before: level, to: revision(1, services), salt: 'one' });
  const settledOver = fold(over, [...forward(over), ended('settled')], adopted);
  const back = plan({
    ...{ from: revision(1, services), to: { ...revision(0, []), id: 'adopted', release: 'r0' }, upstream },
    ...{ kind: 'rollback', watchMs: 0, salt: 'two' },
  });

  it('gets all requests in an epoch of its own, and orders nothing', () => {
    assert.deepEqual([adopted.level, adopted.orders, adopted.serving], [level, [], null]);
    assert.deepEqual(adopted.upstream, { ...upstream, since: start });
    assert.equal(adopted.epoch, epochStep);
  });

  it('may be another address as long as no release serves', () => {
    const other = { host: '10.0.0.8', port: 80 };
    const after = evolveEnvironment(adopted, written({ type: 'upstream-adopted', payload: other }), null);
    assert.deepEqual([after.level, after.epoch], [{ kind: 'adopted', ...other }, 2 * epochStep]);
  });

  it('gets them again when the first release returns', () => {
    const turned: RolloutEvent = {
      type: 'rollout-turned',
      payload: {
        cause: { code: 'returned', kind: 'aborted', step: 'shift', message: '', logTail: [], inRelease: false },
      },
    };
    const steps = over.steps.slice(0, 3);
    const wayBack = steps.toReversed().flatMap((step) => (step.compensation === null ? [] : through(step, 'back')));
    const events = [...steps.flatMap((step) => through(step, 'forward')), turned, ...wayBack, ended('returned')];
    const after = fold(over, events, adopted);
    assert.deepEqual([after.level, after.serving], [level, null]);
    assert.deepEqual(slotsOf(after), ['production-1/sizes 0 all', 'production-1/web 0 -']);
    assert.deepEqual(after.upstream, adopted.upstream);
  });

  it('is what the first release that settled over it goes back to', () => {
    assert.deepEqual(settledOver.serving?.release, 'r1');
    assert.deepEqual(settledOver.previous, { revision: 'adopted', release: 'r0' });
    assert.deepEqual(settledOver.upstream, adopted.upstream);
  });

  it('gets them again by a rollback, after which nothing of Lotse runs or serves', () => {
    const after = fold(back, [...forward(back), ended('settled')], settledOver);
    assert.deepEqual([after.level, after.serving, after.previous], [level, null, null]);
    assert.deepEqual(slotsOf(after), ['production-1/sizes 0 all', 'production-1/web 0 -']);
    assert.deepEqual(isBefore(level, after), true);
  });

  it('has its users since the end of that rollback, which stops also what a step of it did not', () => {
    const stopless = back.steps.filter(({ id }) => id !== 'stop-old').flatMap((step) => through(step, 'forward'));
    const before = fold(back, stopless, settledOver);
    assert.ok(slotsOf(before).includes('production-1/web 2 -'));
    const after = evolveEnvironment(before, written(ended('settled'), start + 99), back);
    assert.deepEqual(after.upstream, { ...upstream, since: start + 99 });
    assert.deepEqual(slotsOf(after), ['production-1/sizes 0 all', 'production-1/web 0 -']);
  });

  it('is forgotten when the environment is taken down', () => {
    const after = evolveEnvironment(adopted, written({ type: 'environment-downed', payload: {} }), null);
    assert.deepEqual([after.level.kind, after.upstream], ['maintenance', null]);
  });

  it('is what a plan must have been made over', () => {
    const page = { kind: 'maintenance' } as const;
    assert.deepEqual(
      [level, { ...level, port: 81 }, { ...level, host: '10.0.0.8' }, page].map((each) => isBefore(each, adopted)),
      [true, false, false, false],
    );
    const first = { kind: 'revision', revision: 'production-1', release: 'r1' } as const;
    assert.deepEqual(
      [level, page, first].map((before) => isBefore(before, emptyEnvironment)),
      [false, true, false],
    );
    assert.deepEqual(
      [first, { ...first, revision: 'production-2' }, level].map((before) => isBefore(before, settledOver)),
      [true, false, false],
    );
  });
});
