import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compilePlan } from './compile-plan.ts';
import { decide } from './decide.ts';
import { decideObserved } from './decide-observed.ts';
import type { Cause, Observation } from './facts.ts';
import {
  canaryInput,
  judgeRules,
  judgement,
  plan,
  planInput,
  seen,
  slot,
  stateAfter,
  through,
  upTo,
} from './fixtures/example-rollout.ts';
import type { Plan } from './plan.ts';
import type { RolloutEvent } from './rollout-events.ts';
import type { RolloutState } from './rollout-state.ts';
import { step } from './strategies/moves.ts';

const canary = compilePlan(canaryInput([10, 250, 500]));
const blueGreen = plan({ judge: judgeRules, holdbackPermille: 50 });
const up = [slot(1, 'web'), slot(2, 'web')];
const answers = [{ revision: 'production-2', inARow: 5, problem: null }];
const harmful = judgement('harmful');
const healthy = judgement('healthy');
const undecided = judgement('undecided');

const at = (id: string, planned: Plan = canary, ...more: readonly RolloutEvent[]) =>
  stateAfter(planned, ...upTo(planned, id, 'performed'), ...more);
const advanced = (step: string): RolloutEvent => ({ type: 'rollout-advanced', payload: { step } });
const paused: RolloutEvent = { type: 'rollout-paused', payload: { until: Date.UTC(2031, 0) } };
const resumed: RolloutEvent = { type: 'rollout-resumed', payload: {} };

const turned: RolloutEvent = {
  type: 'rollout-turned',
  payload: { cause: { code: 'returned', kind: 'aborted', step: '', message: '', logTail: [], inRelease: false } },
};

/** One look at everything, so long after the step was performed; all runs and answers. */
function look(state: RolloutState, more: Partial<Observation>, afterMs = 10_000) {
  const now = (state.performedAt ?? state.intendedAt ?? 0) + afterMs;
  return decideObserved(state, seen(now, { slots: up, answers, ...more }));
}
const typesOf = (...question: Parameters<typeof look>) => look(...question).events.map((event) => event.type);

function causeOf(...question: Parameters<typeof look>): Cause {
  const [event] = look(...question).events;
  assert.ok(event?.type === 'rollout-turned', event?.type ?? 'nothing');
  return event.payload.cause;
}

function doneOf(...question: Parameters<typeof look>) {
  const event = look(...question).events.at(-1);
  assert.ok(event?.type === 'step-done', event?.type ?? 'nothing');
  return event.payload;
}

describe('a share', () => {
  it('below 5 % is over with its least time, whatever is proven', () => {
    assert.deepEqual(typesOf(at('share-1'), { judgement: undecided }, 4_999), []);
    assert.deepEqual(typesOf(at('share-1'), { judgement: healthy }, 4_999), []);
    assert.deepEqual(typesOf(at('share-1'), { judgement: undecided }, 5_000), ['step-done']);
    assert.equal(doneOf(at('share-1'), { judgement: undecided }, 5_000).note, null, 'nothing has gone wrong');
  });

  it('is not over before anybody could look, and then nobody is to blame', () => {
    const state = at('share-1');
    assert.deepEqual(typesOf(state, { judgement: null }, 60_000), []);
    const { kind, message, inRelease } = causeOf(state, { judgement: null }, 65_000);
    assert.deepEqual([kind, inRelease], ['deadline', false]);
    assert.match(message, /nobody has judged yet$/);
    assert.deepEqual(typesOf(at('share-1', canary, advanced('share-1')), { judgement: null }), ['step-done']);
  });

  it('is the first to wait for the judge: nobody is asked about what nobody uses', () => {
    assert.deepEqual(typesOf(at('start'), { judgement: null }), ['step-done']);
    assert.deepEqual(typesOf(at('verify-before'), { judgement: null, jobs: jobs('verify-before') }), ['step-done']);
  });

  it('of 5 % or more waits until the release is judged healthy, and for its least time', () => {
    assert.deepEqual(typesOf(at('share-2'), { judgement: undecided }), []);
    assert.deepEqual(typesOf(at('share-2'), { judgement: null }), [], 'no data is not healthy');
    assert.deepEqual(typesOf(at('share-2'), { judgement: healthy }, 4_999), []);
    assert.deepEqual(typesOf(at('share-2'), { judgement: healthy }, 5_000), ['step-done']);
  });

  it('that is the last one waits for healthy, however small it is', () => {
    const small = compilePlan(canaryInput([5, 10]));
    assert.deepEqual(typesOf(at('share-1', small), { judgement: undecided }), ['step-done']);
    assert.deepEqual(typesOf(at('share-2', small), { judgement: undecided }), []);
    assert.deepEqual(typesOf(at('share-2', small), { judgement: healthy }), ['step-done']);
  });

  it('is not over while an instance of the new release is not ready', () => {
    const slots = [slot(1, 'web'), slot(2, 'web', { state: 'unready' })];
    for (const id of ['share-1', 'share-2']) assert.deepEqual(typesOf(at(id), { slots, judgement: healthy }), []);
  });

  it('is passed by a person who advances, once and not the next one', () => {
    assert.deepEqual(typesOf(at('share-1', canary, advanced('share-1')), { judgement: undecided }, 0), ['step-done']);
    assert.deepEqual(typesOf(at('share-2', canary, advanced('share-2')), { judgement: undecided }, 0), ['step-done']);
    const next = stateAfter(
      canary,
      ...upTo(canary, 'share-2', 'performed'),
      advanced('share-2'),
      ...upTo(canary, 'share-3', 'performed').slice(upTo(canary, 'share-2', 'performed').length),
    );
    assert.equal(next.plan.steps[next.index]?.id, 'share-3');
    assert.deepEqual(typesOf(next, { judgement: undecided }), []);
  });

  it('is looked at about once a second, also where only the judge is waited for', () => {
    const state = at('share-2');
    for (const afterMs of [6_000, 60_000]) {
      const now = (state.performedAt ?? 0) + afterMs;
      assert.equal(decideObserved(state, seen(now, { slots: up, judgement: undecided })).wakeAt, now + 1_000);
    }
  });

  it('that is over says what the judge thought', () => {
    assert.deepEqual(doneOf(at('share-2'), { judgement: healthy }), {
      step: 'share-2',
      direction: 'forward',
      note: null,
      judged: 'the failures of web are healthy',
    });
    assert.equal('judged' in doneOf(at('verify-before'), { judgement: healthy, jobs: jobs('verify-before') }), false);
  });
});

function jobs(step: string): Observation['jobs'] {
  const key = `shop/production/production-rollout-2/${step}`;
  return [{ key, state: 'succeeded', exitCode: 0, signal: null, logTail: [] }];
}

describe('harm', () => {
  const judgedSteps = canary.steps.filter((step) => step.isJudged).map((step) => step.id);

  it('is looked for from the first share to the end of the watch', () => {
    assert.deepEqual(judgedSteps, ['share-1', 'share-2', 'share-3', 'shift', 'verify-after', 'watch']);
    for (const step of canary.steps) {
      const { ask } = decide(at(step.id), { kind: 'tick' }, 0);
      assert.ok(ask?.kind === 'observation');
      assert.equal(ask.judged, step.isJudged, step.id);
    }
  });

  for (const id of judgedSteps) {
    it(`turns the rollout at once and puts the release into quarantine (${id})`, () => {
      for (const person of [[], [advanced(id)]]) {
        const cause = causeOf(at(id, canary, ...person), { judgement: harmful, jobs: jobs('verify-after') });
        const why = { kind: 'judged-harmful', code: 'returned', step: id, inRelease: true } as const;
        assert.deepEqual(cause, { ...why, message: harmful.sentence, logTail: [] });
      }
    });

    it(`is also a limit that is broken, even by a release that is no worse than the old one (${id})`, () => {
      const broken = { ...healthy, broken: ['1.4 % of the requests of web failed, and at most 1 % may'] };
      const { kind, message, inRelease } = causeOf(at(id), { judgement: broken });
      assert.deepEqual([kind, message, inRelease], ['limit-broken', broken.sentence, true]);
    });
  }

  it('found during a pause still turns the rollout: a paused canary must not hurt users', () => {
    for (const id of judgedSteps) {
      assert.equal(causeOf(at(id, canary, paused), { judgement: harmful }).kind, 'judged-harmful');
      assert.deepEqual(typesOf(at(id, canary, paused), { judgement: healthy, jobs: jobs('verify-after') }), []);
    }
  });

  it('is asked about during a pause between two shares too', () => {
    const state = stateAfter(canary, ...upTo(canary, 'share-2'), paused);
    const { ask } = decide(state, { kind: 'tick' }, 0);
    assert.deepEqual(ask, { kind: 'observation', open: false, judged: true, jobs: [], answers: [] });
    assert.equal(causeOf(state, { judgement: harmful }).kind, 'judged-harmful');
    const calm = decideObserved(state, seen(1_000, { judgement: undecided }));
    assert.deepEqual([calm.events, calm.wakeAt], [[], 2_000]);
    const late = decideObserved(state, seen(Date.UTC(2031, 0), { judgement: undecided })).events[0];
    assert.ok(late?.type === 'rollout-turned' && late.payload.cause.kind === 'deadline', 'a pause has its deadline');
  });

  it('is not asked about during a pause before the first share: nobody is hurt yet', () => {
    const state = stateAfter(canary, ...upTo(canary, 'share-1'), paused);
    assert.equal(decide(state, { kind: 'tick' }, 0).ask, null);
    assert.deepEqual(typesOf(state, { judgement: harmful }), []);
  });

  it('is asked about while the orders of a step fail and are tried again', () => {
    const grown = compilePlan(canaryInput([10, 500], { to: { ...planInput().to, services: manyWeb() } }));
    const state = stateAfter(grown, ...upTo(grown, 'grow-2', 'intended'));
    const now = (state.intendedAt ?? 0) + 1_000;
    const failed = { kind: 'perform-failed', code: 'unreachable', message: '', retriable: true, slots: [] } as const;
    const { ask, events } = decide(state, failed, now);
    assert.deepEqual([ask?.kind === 'observation' && ask.judged, events], [true, []]);
    assert.equal(causeOf(state, { judgement: harmful }).kind, 'judged-harmful');
    assert.equal(decideObserved(state, seen(now, { judgement: undecided })).wakeAt, now + 500);
    const held = stateAfter(grown, ...upTo(grown, 'grow-2', 'intended'), paused);
    const late = decideObserved(held, seen(Date.UTC(2031, 1), { judgement: undecided }));
    assert.deepEqual([late.events, late.wakeAt], [[], Date.UTC(2031, 1) + 500], 'a pause changes nothing about that');
  });

  it('is enough by itself to turn, where nothing else can be seen', () => {
    const known = (state: RolloutState, of: typeof harmful) =>
      decide(state, { kind: 'judged', judgement: of, slots: [] }, 7);
    for (const id of judgedSteps) {
      const [event] = known(at(id), harmful).events;
      assert.ok(event?.type === 'rollout-turned' && event.payload.cause.kind === 'judged-harmful', id);
      for (const other of [healthy, undecided])
        assert.deepEqual(known(at(id), other), { events: [], effects: [], ask: null, wakeAt: 507, refused: null }, id);
    }
    for (const state of [at('start'), at('stop-old'), at('share-2', canary, turned)])
      assert.deepEqual(known(state, harmful).events, []);
  });

  it('is not looked for before the first share, after the watch, or on the way back', () => {
    for (const id of ['start', 'verify-before', 'shift-rest', 'drain-old', 'stop-old'])
      assert.ok(!typesOf(at(id), { judgement: harmful, jobs: jobs(id) }).includes('rollout-turned'), id);
    const back = at('share-2', canary, turned);
    assert.deepEqual(typesOf(back, { judgement: harmful }), []);
    const tick = decide(back, { kind: 'tick' }, 0);
    assert.deepEqual(
      tick.events.map((event) => event.type),
      ['step-intended'],
    );
  });

  it('first sends all users back', () => {
    for (const id of judgedSteps) {
      const turned: RolloutEvent = {
        type: 'rollout-turned',
        payload: { cause: causeOf(at(id), { judgement: harmful }) },
      };
      const [first] = decide(at(id, canary, turned), { kind: 'tick' }, 0).effects;
      assert.ok(first?.kind === 'route' && first.level.kind === 'shares');
      assert.deepEqual(first.level.shares, [{ revision: 'production-1', permille: 1000 }], id);
    }
  });
});

function manyWeb() {
  return planInput().to.services.map((service) => ({ ...service, instances: 4 }));
}

describe('an exposure budget that is spent', () => {
  const spent = { ...undecided, exposure: { spent: 30, budget: 30 } };

  it('takes the users back before all of them are there, without quarantine, also during a pause', () => {
    for (const id of ['share-1', 'share-2', 'share-3']) {
      for (const state of [at(id), at(id, canary, paused), at(id, canary, advanced(id))]) {
        const { kind, message, inRelease } = causeOf(state, { judgement: spent });
        assert.deepEqual([kind, message, inRelease], ['undecided', spent.sentence, false], id);
      }
    }
  });

  it('is spent also in a pause between the last share and the shift', () => {
    const state = stateAfter(canary, ...upTo(canary, 'shift'), paused);
    assert.equal(causeOf(state, { judgement: spent }).kind, 'undecided');
  });

  it('is not spent by one that is less, by a release that is healthy, or where there is none', () => {
    const less = { ...undecided, exposure: { spent: 29.9, budget: 30 } };
    const none = { ...undecided, exposure: { spent: 1_000, budget: null } };
    for (const each of [less, none]) assert.deepEqual(typesOf(at('share-2'), { judgement: each }), []);
    const proven = { ...healthy, exposure: { spent: 31, budget: 30 } };
    assert.deepEqual(typesOf(at('share-2'), { judgement: proven }), ['step-done']);
  });

  it('is no reason to return once all users are there: then only harm and limits are', () => {
    assert.deepEqual(typesOf(at('shift'), { judgement: spent }), ['rollout-live', 'step-done']);
    assert.deepEqual(typesOf(at('watch'), { judgement: spent }), []);
    const between = stateAfter(canary, ...upTo(canary, 'verify-after'), paused);
    assert.deepEqual(typesOf(between, { judgement: spent }), [], 'nor in a pause between the shift and what follows');
  });
});

describe('the deadline of judging', () => {
  const { withinMs } = judgeRules;
  const since = (state: RolloutState) => state.judgedSince ?? 0;
  const lookAt = (state: RolloutState, afterMs: number, more: Partial<Observation> = { judgement: undecided }) =>
    decideObserved(state, seen(since(state) + afterMs, { slots: up, ...more })).events[0];

  it('counts from the intent of the first share', () => {
    assert.equal(at('verify-before').judgedSince, null);
    const first = at('share-1');
    assert.equal(first.judgedSince, first.intendedAt);
    assert.equal(at('share-3').judgedSince, first.judgedSince);
  });

  it('returns a canary that is undecided then, without quarantine, and says what is thought', () => {
    const state = at('share-2');
    assert.equal(lookAt(state, withinMs - 1), undefined);
    const event = lookAt(state, withinMs);
    assert.ok(event?.type === 'rollout-turned');
    const { kind, code, message, inRelease } = event.payload.cause;
    assert.deepEqual([kind, code, inRelease], ['undecided', 'returned', false]);
    assert.equal(message, `still undecided when judging might take no longer: ${undecided.sentence}`);
  });

  it('returns one that nobody could judge', () => {
    const event = lookAt(at('share-2'), withinMs, { judgement: null });
    assert.ok(event?.type === 'rollout-turned');
    assert.match(event.payload.cause.message, /: nobody could judge$/);
  });

  it('does not matter to a release that is healthy, and gives way to a step that is done', () => {
    assert.equal(lookAt(at('share-2'), withinMs, { judgement: healthy })?.type, 'step-done');
    const slots = [slot(1, 'web'), slot(2, 'web', { state: 'unready' })];
    assert.equal(
      lookAt(at('share-2'), withinMs, { judgement: healthy, slots }),
      undefined,
      'it waits for the instance',
    );
  });

  it('is over with the last share, also where a person has let it advance', () => {
    assert.equal(lookAt(at('share-3'), withinMs)?.type, 'rollout-turned');
    assert.equal(lookAt(at('share-3', canary, advanced('share-3')), withinMs)?.type, 'step-done');
    assert.equal(lookAt(at('shift'), withinMs, { judgement: undecided, answers })?.type, 'rollout-live');
    assert.equal(lookAt(at('watch'), withinMs)?.type, 'step-done');
  });

  it('does not end a step that a person has let advance while an instance is not ready yet', () => {
    const slots = [slot(1, 'web'), slot(2, 'web', { state: 'unready' })];
    const state = at('share-3', canary, advanced('share-3'));
    assert.equal(lookAt(state, withinMs, { judgement: undecided, slots }), undefined);
  });

  it('says nothing to a rollout that is on its way back', () => {
    const share = canary.steps.find((step) => step.id === 'share-3');
    assert.ok(share);
    const back = at('share-3', canary, turned, ...through(share, 'back').slice(0, 2));
    const now = (back.intendedAt ?? 0) + 1_000;
    const state = { ...back, judgedSince: now - withinMs };
    assert.deepEqual(decide(state, { kind: 'restarted' }, now).events, []);
    assert.deepEqual(decideObserved(state, seen(now, { slots: up, judgement: undecided })).events, []);
  });

  it('passes before the deadline of the step itself, which counts from a later moment', () => {
    for (const id of ['share-2', 'share-3']) {
      const step = canary.steps.find((each) => each.id === id);
      assert.ok((step?.deadlineMs ?? 0) > withinMs);
    }
  });

  it('does not pass in a pause, and begins again after it', () => {
    const state = at('share-2', canary, paused);
    assert.equal(lookAt(state, withinMs), undefined);
    for (const on of [resumed, advanced('share-2')]) {
      const after = at('share-2', canary, paused, on);
      assert.ok(since(after) > since(state));
    }
    const after = at('share-2', canary, paused, resumed);
    assert.equal(lookAt(after, withinMs - 1), undefined);
    assert.equal(lookAt(after, withinMs)?.type, 'rollout-turned');
  });

  it('begins again when it passed while nobody looked, or the clock was set back, and only then', () => {
    const state = at('share-3');
    const restarted = (afterMs: number) =>
      decide(state, { kind: 'restarted' }, since(state) + afterMs).events.map((event) => event.type);
    assert.deepEqual(restarted(withinMs - 1), []);
    assert.deepEqual(restarted(withinMs), ['rollout-taken-up']);
    assert.deepEqual(restarted(-1), ['rollout-taken-up']);
    const again = at('share-3', canary, { type: 'rollout-taken-up', payload: { step: 'share-3' } });
    assert.ok(since(again) > since(state));
    assert.equal(again.performedAt, state.performedAt);
  });

  it('begins again between two steps without giving the next one a beginning', () => {
    const between = stateAfter(canary, ...upTo(canary, 'share-3'));
    const late = since(between) + withinMs;
    const [event] = decide(between, { kind: 'restarted' }, late).events;
    assert.ok(event?.type === 'rollout-taken-up');
    const again = stateAfter(canary, ...upTo(canary, 'share-3'), event);
    assert.ok(since(again) > since(between));
    assert.equal(again.intendedAt, null);
    assert.equal(decide(between, { kind: 'restarted' }, since(between) - 1).events[0]?.type, 'rollout-taken-up');
  });

  it('is none for blue-green: its switch does not wait for the judge', () => {
    for (const id of ['shift', 'watch'])
      assert.notEqual(lookAt(at(id, blueGreen), withinMs, { judgement: undecided, answers })?.type, 'rollout-turned');
    const watch = at('watch', blueGreen);
    assert.equal(decide(watch, { kind: 'restarted' }, since(watch) + withinMs).events[0]?.type, 'rollout-taken-up');
    const shift = stateAfter(blueGreen, ...upTo(blueGreen, 'verify-after'));
    assert.deepEqual(decide(shift, { kind: 'restarted' }, since(shift) + withinMs).events[0]?.type, 'step-intended');
  });
});

describe('a watch', () => {
  for (const planned of [canary, blueGreen]) {
    it(`that ends undecided settles, and says so (${planned.strategy})`, () => {
      const state = at('watch', planned);
      assert.deepEqual(typesOf(state, { judgement: undecided }, 899_999), []);
      assert.equal(doneOf(state, { judgement: undecided }, 900_000).note, `not judged healthy: ${undecided.sentence}`);
      assert.equal(doneOf(state, { judgement: null }, 900_000).note, 'not judged healthy: nobody could judge');
    });

    it(`that ends healthy says nothing more (${planned.strategy})`, () => {
      assert.equal(doneOf(at('watch', planned), { judgement: healthy }, 900_000).note, null);
    });
  }

  it('that is taken back says nothing of a judge', () => {
    const move = { title: 'part', effects: [], until: [], deadlineMs: 1_000, ifFails: 'go-on' } as const;
    const part = step({ id: 'part', phase: 'watch', title: 'part', compensation: move });
    const parted = compilePlan(canaryInput([10], { partSteps: [part] }));
    const back = at('part', parted, turned, ...through(part, 'back').slice(0, 2));
    assert.equal(back.direction, 'back');
    assert.equal(doneOf(back, { judgement: undecided }).note, null);
  });

  it('that nobody judges says nothing of a judge', () => {
    const usual = plan();
    assert.equal(doneOf(at('watch', usual), {}, 900_000).note, null);
    assert.deepEqual(typesOf(at('watch', usual), { judgement: harmful }, 1_000), []);
  });
});
