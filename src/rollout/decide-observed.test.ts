import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decideObserved } from './decide-observed.ts';
import { evolve } from './evolve.ts';
import type { Observation, ObservedSlot } from './facts.ts';
import {
  plan,
  revision,
  seen,
  service,
  slot,
  start,
  stateAfter,
  through,
  upTo,
  written,
} from './fixtures/example-rollout.ts';
import type { Move, Plan } from './plan.ts';
import type { RolloutEvent } from './rollout-events.ts';
import { movingSince } from './rollout-state.ts';

const usual = plan();
const at = (id: string, planned: Plan = usual) => stateAfter(planned, ...upTo(planned, id, 'performed'));
const up = [slot(1, 'web'), slot(2, 'web')];
const answers = [{ revision: 'production-2', inARow: 5, problem: null }];

function look(id: string, more: Partial<Observation>, afterMs = 1_000) {
  const state = at(id);
  return decideObserved(state, seen((movingSince(state) ?? start) + afterMs, more));
}
const typesOf = (...question: Parameters<typeof look>) => look(...question).events.map((event) => event.type);

function causeOf(...question: Parameters<typeof look>) {
  const [event] = look(...question).events;
  assert.ok(event?.type === 'rollout-turned', event?.type ?? 'nothing');
  return event.payload.cause;
}

describe('a step', () => {
  it('is done when all that it waits for was seen', () => {
    assert.deepEqual(typesOf('start', { slots: up }), ['step-done']);
    assert.deepEqual(typesOf('start', { slots: [slot(1, 'web')] }), []);
  });

  it('that makes the release live says so', () => {
    assert.deepEqual(typesOf('shift', { slots: up, answers }), ['rollout-live', 'step-done']);
  });

  it('that makes it live says so too when the public name cannot be reached from here', () => {
    const unseen = answers.map((each) => ({ ...each, outsideProblem: 'shop.example: ENOTFOUND' }));
    const done = look('shift', { slots: up, answers: unseen }).events.at(-1);
    assert.ok(done?.type === 'step-done');
    assert.equal(done.payload.note, 'live, not seen from outside: shop.example: ENOTFOUND');
  });

  it('is looked at again soon, the later the longer it waits, and once a second where only time is missing', () => {
    const state = at('watch');
    const performedAt = state.performedAt ?? 0;
    const nextLookMs = (waitedMs: number, slots: readonly ObservedSlot[]) =>
      (decideObserved(state, seen(performedAt + waitedMs, { slots })).wakeAt ?? 0) - performedAt - waitedMs;
    assert.equal(nextLookMs(0, up), 1_000);
    const waits = [-60_000, 0, 499, 2_000, 10_000, 60_000, 600_000];
    const lookedAgain = waits.map((ms) => nextLookMs(ms, [slot(1, 'web')]));
    assert.deepEqual(lookedAgain, [25, 25, 25, 40, 200, 1_000, 1_000]);
  });
});

it('a watch of up to a second is looked at as often as what may be over at any moment', () => {
  const nextLookMs = (watchMs: number) => {
    const state = at('watch', plan({ watchMs }));
    const now = (state.performedAt ?? 0) + 10;
    return (decideObserved(state, seen(now, { slots: up })).wakeAt ?? 0) - now;
  };
  assert.deepEqual([500, 1_000, 1_001].map(nextLookMs), [25, 25, 1_000]);
});

describe('a deadline', () => {
  it('fires on a look, when it is over and the step is not done', () => {
    assert.deepEqual(typesOf('start', {}, 599_999), []);
    assert.deepEqual(causeOf('start', {}, 600_000), {
      ...{ code: 'timeout', kind: 'deadline', step: 'start', logTail: [], inRelease: true },
      message: 'start r2 took longer than it may: web: 0 of 1 ready',
    });
  });

  it('counts from when the effects were performed, however long nobody was there to do it', () => {
    const intended = stateAfter(usual, ...upTo(usual, 'start', 'intended'));
    const performedAt = (intended.intendedAt ?? start) + 590_000;
    const performed = { type: 'step-performed', payload: { step: 'start', direction: 'forward' } } as const;
    const state = evolve(intended, written(performed, performedAt));
    assert.deepEqual(decideObserved(state, seen(performedAt + 599_999)).events, []);
    assert.equal(decideObserved(state, seen(performedAt + 600_000)).events.length, 1);
  });

  it('does not fire when the look shows that the step is done', () => {
    assert.deepEqual(typesOf('start', { slots: up }, 86_400_000), ['step-done']);
  });

  it('of a route that does not answer is not the fault of the release', () => {
    assert.equal(causeOf('shift', { slots: up }, 60_000).inRelease, false);
  });

  it('of a verification is the fault of the release, too', () => {
    const jobs = at('verify-before').plan.steps.flatMap(({ effects }) =>
      effects.flatMap((effect) => (effect.kind === 'job' ? [effect.key] : [])),
    );
    const running = jobs.map((key) => ({ key, state: 'running', exitCode: null, signal: null, logTail: [] }) as const);
    const { kind, inRelease } = causeOf('verify-before', { slots: up, jobs: running }, 330_000);
    assert.deepEqual([kind, inRelease], ['deadline', true]);
  });

  it('is the fault of the release as soon as one of the things that are missing is', () => {
    const ready = { kind: 'ready', revision: 'production-2', service: 'web', slots: 1 } as const;
    const steps = usual.steps.map((step) => (step.id === 'shift' ? { ...step, until: [...step.until, ready] } : step));
    const state = at('shift', { ...usual, steps });
    const [event] = decideObserved(state, seen((movingSince(state) ?? start) + 60_000)).events;
    assert.ok(event?.type === 'rollout-turned');
    assert.equal(event.payload.cause.inRelease, true);
    assert.match(event.payload.cause.message, /answered.*; web: 0 of 1 ready$/);
  });

  it('does not pass while the rollout is paused, and begins again after it', () => {
    const paused: RolloutEvent = { type: 'rollout-paused', payload: { until: start + 86_400_000 } };
    const events = [...upTo(usual, 'start', 'performed'), paused];
    const hours = start + 7_200_000;
    assert.deepEqual(decideObserved(stateAfter(usual, ...events), seen(hours)).events, []);
    for (const on of [
      { type: 'rollout-resumed', payload: {} },
      { type: 'rollout-advanced', payload: { step: 'start' } },
    ] as const) {
      const resumed = stateAfter(usual, ...events, on);
      assert.deepEqual(decideObserved(resumed, seen((movingSince(resumed) ?? 0) + 599_999)).events, [], on.type);
      assert.equal(decideObserved(resumed, seen((movingSince(resumed) ?? 0) + 600_000)).events.length, 1);
    }
  });
});

it('a verification that fails turns the rollout at the same look', () => {
  const [effect] = at('verify-before').plan.steps.find(({ id }) => id === 'verify-before')?.effects ?? [];
  assert.ok(effect?.kind === 'job');
  const job = { key: effect.key, state: 'failed', exitCode: 1, signal: null, logTail: ['no'] } as const;
  const { kind, message, logTail } = causeOf('verify-before', { slots: up, jobs: [job] });
  assert.deepEqual([kind, logTail], ['verification-failed', ['no']]);
  assert.match(message, /exit code 1/);
});

describe('the watch', () => {
  it('does not settle a release that is not ready when its time is over', () => {
    assert.deepEqual(typesOf('watch', { slots: [slot(1, 'web'), slot(2, 'web', { state: 'unready' })] }, 905_000), []);
    assert.equal(causeOf('watch', { slots: [slot(2, 'web', { state: 'unready' })] }, 960_000).inRelease, true);
    assert.deepEqual(typesOf('watch', { slots: up }, 905_000), ['step-done']);
  });

  it('ends when a person advances, but not for a release that is not ready', () => {
    const advanced: RolloutEvent = { type: 'rollout-advanced', payload: { step: 'watch' } };
    const state = stateAfter(usual, ...upTo(usual, 'watch', 'performed'), advanced);
    assert.equal(decideObserved(state, seen(start + 20_000, { slots: up })).events[0]?.type, 'step-done');
    const slots = [slot(2, 'web', { state: 'unready' })];
    assert.deepEqual(decideObserved(state, seen(start + 20_000, { slots })).events, []);
  });
});

describe('crashes of the new release', () => {
  const exits = (unexpectedExits: number, more: Partial<ObservedSlot> = {}) => [
    slot(1, 'web'),
    slot(2, 'web', { unexpectedExits, note: 'exit code 1', logTail: ['boom'], ...more }),
  ];

  it('are tolerated once between start and settling', () => {
    assert.deepEqual(typesOf('watch', { slots: exits(1) }), []);
    const { kind, message, logTail, inRelease } = causeOf('watch', { slots: exits(2) });
    assert.deepEqual([kind, logTail, inRelease], ['crashed', ['boom'], true]);
    assert.equal(message, 'web of the new release ended 2 times by itself: exit code 1');
  });

  it('are counted over all of its instances', () => {
    const slots = [...exits(1), slot(2, 'web', { slot: 1, unexpectedExits: 1 })];
    assert.equal(causeOf('watch', { slots }).kind, 'crashed');
  });

  it('are told of the first one that has crashed, with why where that is known', () => {
    const calm = slot(2, 'api', { note: 'fine', logTail: ['hello'] });
    const { message, logTail } = causeOf('watch', { slots: [calm, ...exits(2)] });
    assert.deepEqual([message, logTail], ['web of the new release ended 2 times by itself: exit code 1', ['boom']]);
    const silent = causeOf('watch', { slots: exits(2, { note: null }) });
    assert.equal(silent.message, 'web of the new release ended 2 times by itself');
  });

  it('turn the rollout as soon as one instance is given up', () => {
    assert.equal(causeOf('watch', { slots: exits(0, { state: 'gave-up' }) }).kind, 'crashed');
  });

  it('come before what would have been done by then', () => {
    assert.equal(causeOf('shift', { slots: exits(5), answers }).kind, 'crashed');
  });

  it('of the old release, and of what stops, do not count', () => {
    const old = [slot(1, 'web', { unexpectedExits: 9 }), slot(2, 'web')];
    assert.deepEqual(typesOf('watch', { slots: old }), []);
    assert.deepEqual(typesOf('watch', { slots: exits(9, { state: 'stopping' }) }), []);
  });

  it('while it starts are left to the restarts of the target', () => {
    assert.deepEqual(typesOf('start', { slots: exits(2, { state: 'restarting' }) }), []);
  });
});

describe('a way back that fails', () => {
  const turned: RolloutEvent = {
    type: 'rollout-turned',
    payload: {
      cause: { code: 'returned', kind: 'crashed', step: 'watch', message: 'it crashed', logTail: [], inRelease: true },
    },
  };
  const shift = usual.steps.find((step) => step.id === 'shift');
  assert.ok(shift);
  const back = (planned: Plan, ifFails?: Move['ifFails']) => {
    const steps = planned.steps.map((step) =>
      step.compensation === null || ifFails === undefined
        ? step
        : { ...step, compensation: { ...step.compensation, ifFails } },
    );
    const changed = { ...planned, steps };
    return stateAfter(changed, ...upTo(changed, 'watch', 'performed'), turned, ...through(shift, 'back').slice(0, 2));
  };
  const overdue = (slots: readonly ObservedSlot[], ifFails?: Move['ifFails']) => {
    const state = back(usual, ifFails);
    return decideObserved(state, seen((movingSince(state) ?? 0) + 90_000, { slots }));
  };
  const strandedOn = (slots: readonly ObservedSlot[], ifFails?: Move['ifFails']) => {
    const { events, effects } = overdue(slots, ifFails);
    const [event] = events;
    assert.ok(event?.type === 'rollout-ended' && event.payload.end === 'stranded');
    const { level, cause } = event.payload;
    assert.deepEqual(effects, [{ kind: 'route', level, draining: [] }]);
    assert.ok(level);
    return { level: level.kind === 'shares' ? level.shares[0]?.revision : level.kind, cause };
  };
  const unready = (of: number, name = 'web') => slot(of, name, { state: 'unready' });

  it('strands, and the side serves that can: the old before the new, also when nobody can yet', () => {
    assert.equal(strandedOn([slot(1, 'web'), slot(2, 'web')]).level, 'production-1');
    assert.equal(strandedOn([unready(1), slot(2, 'web')]).level, 'production-2');
    assert.equal(strandedOn([unready(1), unready(2)]).level, 'production-1');
  });

  it('does not take a ready worker for a side that can serve', () => {
    assert.equal(strandedOn([unready(1), slot(1, 'mails'), slot(2, 'web')]).level, 'production-2');
    assert.equal(strandedOn([slot(1, 'web'), unready(1, 'mails'), slot(2, 'web')]).level, 'production-1');
  });

  it('asks of a release only its own services', () => {
    const two = plan({ from: revision(1, [service('web'), service('api', { path: '/api' })]), to: revision(2) });
    const step = two.steps.find(({ id }) => id === 'shift');
    assert.ok(step);
    const state = stateAfter(two, ...upTo(two, 'watch', 'performed'), turned, ...through(step, 'back').slice(0, 2));
    const slots = [unready(1), slot(1, 'api'), slot(2, 'web')];
    const [event] = decideObserved(state, seen((movingSince(state) ?? 0) + 90_000, { slots })).events;
    assert.ok(event?.type === 'rollout-ended' && event.payload.level?.kind === 'shares');
    assert.equal(event.payload.level.shares[0]?.revision, 'production-2');
  });

  it('names both causes, and blames the release only for the first', () => {
    const { cause } = strandedOn([unready(1)]);
    assert.match(
      cause?.message ?? '',
      /^send all requests back to r1 took longer .*; on its way back because: it crashed$/,
    );
    assert.equal(cause?.inRelease, true);
  });

  it('goes on with a note where users are served either way', () => {
    const [event] = overdue([], 'go-on').events;
    assert.ok(event?.type === 'step-done');
    assert.match(event.payload.note ?? '', /took longer than it may/);
  });

  it('never turns once more', () => {
    assert.equal(strandedOn([slot(1, 'web')], 'turn').level, 'production-1');
  });

  it('is not disturbed by crashes of the new release', () => {
    const state = back(usual);
    const slots = [slot(1, 'web'), slot(2, 'web', { unexpectedExits: 9, open: 0 })];
    const told = [{ revision: 'production-1', inARow: 5, problem: null }];
    assert.deepEqual(
      decideObserved(state, seen(start + 60_000, { slots, answers: told })).events.map((event) => event.type),
      ['step-done'],
    );
  });
});
