import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compilePlan } from './compile-plan.ts';
import { decide, nothing } from './decide.ts';
import { evolve } from './evolve.ts';
import type { Fact, ObservedSlot } from './facts.ts';
import {
  ada,
  canaryInput,
  grace,
  judgement,
  plan,
  seen,
  slot,
  start,
  stateAfter,
  upTo,
  written,
} from './fixtures/example-rollout.ts';
import type { GateResult, GateState } from './gate.ts';
import type { GateDefinition } from './plan.ts';
import type { RolloutEvent } from './rollout-events.ts';
import { movingSince, type RolloutState } from './rollout-state.ts';

const approval: GateDefinition = { id: 'approval', kind: 'approval', approvals: 1 };
const gated = plan({ gates: [approval] });
const open = plan();
const canary = compilePlan(canaryInput([10, 250]));
const now = start + 60_000;

const typesOf = (state: RolloutState, fact: Fact, at = now) =>
  decide(state, fact, at).events.map((event) => event.type);
const gates = (state: GateState, gate = 'approval'): Fact & { readonly results: readonly GateResult[] } => ({
  kind: 'gates',
  results: [{ gate, title: 'approved by a person', state, message: 'grace said so.' }],
});
const passed: GateState = { kind: 'open', evidence: ['e1'] };
const missing: GateState = { kind: 'waiting', opensAt: null };
const failed = (retriable: boolean): Extract<Fact, { kind: 'perform-failed' }> => ({
  kind: 'perform-failed',
  code: 'unreachable',
  message: 'it does not answer',
  retriable,
  slots: [],
});
const turned: RolloutEvent = {
  type: 'rollout-turned',
  payload: {
    cause: { code: 'cancelled', kind: 'aborted', step: 's', message: 'enough', logTail: [], inRelease: true },
  },
};
const paused = (until: number): RolloutEvent => ({ type: 'rollout-paused', payload: { until } });

/** Every fact there is, at one moment. */
const facts: Readonly<Record<string, Fact>> = {
  tick: { kind: 'tick' },
  observed: { kind: 'observed', observation: seen(now) },
  'observed healthy': { kind: 'observed', observation: seen(now, { judgement: judgement('healthy') }) },
  'observed harmful': { kind: 'observed', observation: seen(now, { judgement: judgement('harmful') }) },
  performed: { kind: 'performed' },
  'failed, retriable': failed(true),
  'failed for good': failed(false),
  'gates open': gates(passed),
  'gates wait': gates(missing),
  'gates closed': gates({ kind: 'closed' }),
  restarted: { kind: 'restarted' },
  pause: { kind: 'command', command: { kind: 'pause', actor: grace, reason: null } },
  resume: { kind: 'command', command: { kind: 'resume', actor: grace, reason: null } },
  advance: { kind: 'command', command: { kind: 'advance', actor: grace, reason: null } },
  abort: { kind: 'command', command: { kind: 'abort', actor: grace, reason: null, blame: false } },
};

/** What follows: events by name, then what is done, asked, awaited or refused. */
function follows(state: RolloutState): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => {
      const { events, effects, ask, wakeAt, refused } = decide(state, fact, now);
      const parts = [
        ...events.map((event) => event.type),
        ...(effects.length > 0 ? ['do'] : []),
        ...(ask === null ? [] : [`ask ${ask.kind}`]),
        ...(wakeAt === null ? [] : [`wait ${wakeAt - now}`]),
        ...(refused === null ? [] : ['refused']),
      ];
      return [name, parts.join(', ') || '-'];
    }),
  );
}

describe('what follows each fact', () => {
  it('where a step with gates is next', () => {
    assert.deepEqual(follows(stateAfter(gated)), {
      tick: 'ask gates',
      observed: 'wait 0',
      'observed healthy': 'wait 0',
      'observed harmful': 'wait 0',
      performed: '-',
      'failed, retriable': '-',
      'failed for good': '-',
      'gates open': 'gates-passed, step-intended, do',
      'gates wait': 'gates-waiting, wait 5000',
      'gates closed': 'rollout-turned',
      restarted: 'ask gates',
      pause: 'rollout-paused',
      resume: '-',
      advance: 'rollout-advanced',
      abort: 'rollout-turned',
    });
  });

  it('where a step is intended', () => {
    assert.deepEqual(follows(stateAfter(open, ...upTo(open, 'shift', 'intended'))), {
      tick: 'do',
      observed: 'wait 0',
      'observed healthy': 'wait 0',
      'observed harmful': 'wait 0',
      performed: 'step-performed',
      'failed, retriable': 'wait 500',
      'failed for good': 'rollout-turned',
      'gates open': '-',
      'gates wait': '-',
      'gates closed': '-',
      restarted: 'do',
      pause: 'rollout-paused',
      resume: '-',
      advance: 'rollout-advanced',
      abort: 'rollout-turned',
    });
  });

  it('where a step is performed', () => {
    assert.deepEqual(follows(stateAfter(open, ...upTo(open, 'shift', 'performed'))), {
      tick: 'ask observation',
      observed: 'wait 1000',
      'observed healthy': 'wait 1000',
      'observed harmful': 'wait 1000',
      performed: '-',
      'failed, retriable': '-',
      'failed for good': '-',
      'gates open': '-',
      'gates wait': '-',
      'gates closed': '-',
      restarted: 'ask observation',
      pause: 'rollout-paused',
      resume: '-',
      advance: 'rollout-advanced',
      abort: 'rollout-turned',
    });
  });

  it('where it is paused before a step', () => {
    const state = stateAfter(gated, paused(now + 9_000));
    assert.deepEqual(follows(state), {
      tick: 'wait 9000',
      observed: 'wait 0',
      'observed healthy': 'wait 0',
      'observed harmful': 'wait 0',
      performed: '-',
      'failed, retriable': '-',
      'failed for good': '-',
      'gates open': '-',
      'gates wait': '-',
      'gates closed': '-',
      restarted: 'wait 9000',
      pause: '-',
      resume: 'rollout-resumed',
      advance: 'rollout-advanced',
      abort: 'rollout-turned',
    });
  });

  it('where a share of a canary is intended: what the judge finds counts already', () => {
    assert.deepEqual(follows(stateAfter(canary, ...upTo(canary, 'share-1', 'intended'))), {
      tick: 'do',
      observed: 'wait 500',
      'observed healthy': 'wait 500',
      'observed harmful': 'rollout-turned',
      performed: 'step-performed',
      'failed, retriable': 'ask observation',
      'failed for good': 'rollout-turned',
      'gates open': '-',
      'gates wait': '-',
      'gates closed': '-',
      restarted: 'do',
      pause: 'rollout-paused',
      resume: '-',
      advance: 'rollout-advanced',
      abort: 'rollout-turned',
    });
  });

  it('where a share of a canary is performed, and its instance is not ready', () => {
    assert.deepEqual(follows(stateAfter(canary, ...upTo(canary, 'share-2', 'performed'))), {
      tick: 'ask observation',
      observed: 'wait 980',
      'observed healthy': 'wait 980',
      'observed harmful': 'rollout-turned',
      performed: '-',
      'failed, retriable': '-',
      'failed for good': '-',
      'gates open': '-',
      'gates wait': '-',
      'gates closed': '-',
      restarted: 'ask observation',
      pause: 'rollout-paused',
      resume: '-',
      advance: 'rollout-advanced',
      abort: 'rollout-turned',
    });
  });

  it('where a canary is paused between two shares: the judge is still asked', () => {
    const state = stateAfter(canary, ...upTo(canary, 'share-2'), paused(now + 9_000));
    assert.deepEqual(follows(state), {
      tick: 'ask observation',
      observed: 'wait 1000',
      'observed healthy': 'wait 1000',
      'observed harmful': 'rollout-turned',
      performed: '-',
      'failed, retriable': '-',
      'failed for good': '-',
      'gates open': '-',
      'gates wait': '-',
      'gates closed': '-',
      restarted: 'ask observation',
      pause: '-',
      resume: 'rollout-resumed',
      advance: 'rollout-advanced',
      abort: 'rollout-turned',
    });
  });

  it('on the way back', () => {
    assert.deepEqual(follows(stateAfter(gated, ...upTo(gated, 'verify-before', 'performed'), turned)), {
      tick: 'step-intended, do',
      observed: 'wait 0',
      'observed healthy': 'wait 0',
      'observed harmful': 'wait 0',
      performed: '-',
      'failed, retriable': '-',
      'failed for good': '-',
      'gates open': '-',
      'gates wait': '-',
      'gates closed': '-',
      restarted: 'step-intended, do',
      pause: 'refused',
      resume: 'refused',
      advance: 'refused',
      abort: '-',
    });
  });

  it('after its end: nothing, and commands are refused', () => {
    const state = stateAfter(open, { type: 'rollout-ended', payload: { end: 'settled', cause: null, level: null } });
    for (const [name, answer] of Object.entries(follows(state)))
      assert.equal(answer, facts[name]?.kind === 'command' ? 'refused' : '-', name);
  });
});

describe('gates', () => {
  it('are passed in one write with the intent, so that nothing can come in between', () => {
    const { events, effects } = decide(stateAfter(gated), gates(passed), now);
    assert.deepEqual(
      events.map((event) => event.type),
      ['gates-passed', 'step-intended'],
    );
    assert.deepEqual(effects, gated.steps[0]?.effects);
  });

  it('that nobody has answered for close the step', () => {
    for (const results of [[], gates(passed, 'another').results]) {
      const [event] = decide(stateAfter(gated), { kind: 'gates', results }, now).events;
      assert.equal(event?.type, 'rollout-turned');
    }
  });

  it('are passed only when each of them is open, and close the step where one cannot be proven', () => {
    const two = plan({ gates: [approval, { id: 'hours', kind: 'hours', windows: [], timezone: 'UTC' }] });
    const typesWith = (other: GateState) =>
      typesOf(stateAfter(two), {
        kind: 'gates',
        results: [...gates(passed).results, ...gates(other, 'hours').results],
      });
    assert.deepEqual(typesWith(passed), ['gates-passed', 'step-intended']);
    assert.deepEqual(typesWith(missing), ['gates-waiting']);
    assert.deepEqual(typesWith({ kind: 'not-proven' }), ['rollout-turned']);
  });

  it('that are waiting are written once, and again when something has changed', () => {
    const waiting = { type: 'gates-waiting', payload: { step: 'start', results: gates(missing).results } } as const;
    const state = stateAfter(gated, waiting);
    assert.deepEqual(typesOf(state, gates(missing)), []);
    const results = gates(missing).results.map((result) => ({ ...result, message: 'one more' }));
    assert.deepEqual(typesOf(state, { kind: 'gates', results }), ['gates-waiting']);
  });

  it('are waited for a week before anything has happened, and for a day later', () => {
    for (const [step, days] of [
      ['start', 7],
      ['shift', 1],
    ] as const) {
      const waiting: RolloutEvent = { type: 'gates-waiting', payload: { step, results: gates(missing).results } };
      const events: readonly RolloutEvent[] = [...upTo(gated, step), waiting];
      const state = stateAfter(gated, ...events);
      const end = start + 1_000 * events.length + days * 86_400_000;
      assert.deepEqual(typesOf(state, gates(missing), end - 1), []);
      const event: RolloutEvent | undefined = decide(state, gates(missing), end).events[0];
      assert.ok(event?.type === 'rollout-turned');
      assert.deepEqual([event.payload.cause.kind, event.payload.cause.inRelease], ['gate-deadline', false]);
    }
  });

  it('get their time again after a pause', () => {
    const waiting = { type: 'gates-waiting', payload: { step: 'start', results: gates(missing).results } } as const;
    const resumed = { type: 'rollout-resumed', payload: {} } as const;
    assert.equal(stateAfter(gated, waiting, paused(now), resumed).waiting, null);
  });
});

describe('a pause', () => {
  it('that lasts too long turns the rollout, before a step and within one', () => {
    const within = stateAfter(open, ...upTo(open, 'watch', 'performed'), paused(now));
    for (const [state, fact] of [
      [stateAfter(open, paused(now)), { kind: 'tick' }],
      [within, { kind: 'observed', observation: seen(now) }],
    ] as const) {
      const [event] = decide(state, fact, now).events;
      assert.ok(event?.type === 'rollout-turned');
      assert.deepEqual([event.payload.cause.kind, event.payload.cause.inRelease], ['deadline', false]);
      assert.match(event.payload.cause.message, new RegExp(`^paused by ${ada.id} for longer`));
    }
  });
});

describe('a failed call', () => {
  const state = stateAfter(open, ...upTo(open, 'shift', 'intended'));
  const deadline = (state.intendedAt ?? 0) + 60_000;

  it('that may pass is repeated until the deadline of the step', () => {
    assert.deepEqual(decide(state, failed(true), deadline - 1), { ...nothing, wakeAt: deadline - 1 + 500 });
    assert.deepEqual(typesOf(state, failed(true), deadline), ['rollout-turned']);
  });

  it('for good turns the rollout also where nobody can see what runs: the old release serves', () => {
    assert.deepEqual(typesOf(state, { ...failed(false), slots: null }), ['rollout-turned']);
  });

  it('is not the fault of the release', () => {
    const [event] = decide(state, failed(false), now).events;
    assert.ok(event?.type === 'rollout-turned');
    const { kind, code, inRelease } = event.payload.cause;
    assert.deepEqual([kind, code, inRelease], ['port-failed', 'unreachable', false]);
  });
});

describe('a way back that cannot be ordered in time', () => {
  const back = stateAfter(open, ...upTo(open, 'shift', 'performed'), turned);
  const [intent] = decide(back, { kind: 'tick' }, start).events;
  assert.ok(intent?.type === 'step-intended');
  const state = evolve(back, { ...intent, at: start, actor: grace, reason: null });
  const overdue = start + (state.plan.steps[state.index]?.compensation?.deadlineMs ?? 0);
  const failing = (slots: readonly ObservedSlot[] | null, retriable: boolean, at = overdue) =>
    decide(state, { kind: 'perform-failed', code: 'timeout', message: 'it hangs', retriable, slots }, at);

  it('is tried again while nobody can see who could serve, and strands by what is seen', () => {
    for (const retriable of [true, false]) {
      assert.deepEqual(failing(null, retriable), { ...nothing, wakeAt: overdue + 500 });
      const [event] = failing([slot(1, 'web')], retriable).events;
      assert.ok(event?.type === 'rollout-ended' && event.payload.end === 'stranded');
      assert.deepEqual(event.payload.level, { kind: 'shares', shares: [{ revision: 'production-1', permille: 1000 }] });
    }
  });

  it('is tried again before its time is over, whatever is seen', () => {
    assert.deepEqual(failing([slot(1, 'web')], true, overdue - 1).events, []);
  });
});

describe('a restart', () => {
  const state = stateAfter(open, ...upTo(open, 'start', 'performed'));

  it('within the deadline changes nothing', () => {
    assert.equal(decide(state, { kind: 'restarted' }, now).ask?.kind, 'observation');
  });

  it('after the deadline gives the step its time again', () => {
    const deadline = (movingSince(state) ?? 0) + (open.steps[0]?.deadlineMs ?? 0);
    assert.deepEqual(typesOf(state, { kind: 'restarted' }, deadline - 1), []);
    const [event, ...more] = decide(state, { kind: 'restarted' }, deadline).events;
    assert.ok(event?.type === 'rollout-taken-up');
    assert.deepEqual(more, []);
    const again = stateAfter(open, ...upTo(open, 'start', 'performed'), event);
    assert.ok((again.intendedAt ?? 0) > (state.intendedAt ?? 0));
    assert.equal(again.performedAt, state.performedAt);
  });

  it('with a clock that was set back does so too', () => {
    assert.deepEqual(typesOf(state, { kind: 'restarted' }, start - 3_600_000), ['rollout-taken-up']);
  });

  it('with a clock that was set back waits no longer than it would have from now on', () => {
    const setBack = start - 3_600_000;
    const again = evolve(state, written({ type: 'rollout-taken-up', payload: { step: 'start' } }, setBack));
    assert.equal(again.performedAt, setBack);
  });

  it('where nothing is under way asks the gates anew', () => {
    assert.equal(decide(stateAfter(gated), { kind: 'restarted' }, start + 86_400_000).ask?.kind, 'gates');
  });
});

it('a step without effects counts as performed at once', () => {
  assert.deepEqual(typesOf(stateAfter(open, ...upTo(open, 'watch', 'intended')), { kind: 'tick' }), ['step-performed']);
});

it('what a step waits for is what is asked: jobs by key, answers by revision', () => {
  const told = decide(stateAfter(open, ...upTo(open, 'verify-before', 'performed')), { kind: 'tick' }, now).ask;
  const key = 'shop/production/production-rollout-2/verify-before';
  assert.deepEqual(told, { kind: 'observation', open: false, judged: false, jobs: [key], answers: [] });
  const shifted = decide(stateAfter(open, ...upTo(open, 'shift', 'performed')), { kind: 'tick' }, now).ask;
  assert.deepEqual(shifted, {
    kind: 'observation',
    open: false,
    judged: false,
    jobs: [],
    answers: [{ revision: 'production-2', times: 5 }],
  });
});

it('it settles after its last step, and has returned when nothing is left to take back', () => {
  const done = stateAfter(open, ...open.steps.map((step) => doneWith(step.id)));
  assert.deepEqual(decide(done, { kind: 'tick' }, now).events[0]?.payload, {
    end: 'settled',
    cause: null,
    level: null,
  });
  const untouched = stateAfter(open, turned);
  const [event] = decide(untouched, { kind: 'tick' }, now).events;
  assert.ok(event?.type === 'rollout-ended');
  assert.deepEqual([event.payload.end, event.payload.cause?.kind], ['returned', 'aborted']);
});

function doneWith(step: string): RolloutEvent {
  return { type: 'step-done', payload: { step, direction: 'forward', note: null } };
}

it('an observation that comes too late for its step changes nothing', () => {
  const late = seen(now, { slots: [slot(2, 'web', { state: 'gave-up' })] });
  const state = stateAfter(open, ...upTo(open, 'verify-before', 'performed'), turned);
  assert.deepEqual(typesOf(state, { kind: 'observed', observation: late }), []);
});

it('what a step waits for is what is asked about', () => {
  const asked = (id: string) => {
    const { ask } = decide(stateAfter(open, ...upTo(open, id, 'performed')), { kind: 'tick' }, now);
    assert.ok(ask?.kind === 'observation', id);
    return { open: ask.open, jobs: ask.jobs.length, answers: ask.answers };
  };
  const nothing = { open: false, jobs: 0, answers: [] };
  assert.deepEqual(asked('start'), nothing);
  assert.deepEqual(asked('verify-before'), { ...nothing, jobs: 1 });
  assert.deepEqual(asked('shift'), { ...nothing, answers: [{ revision: 'production-2', times: 5 }] });
  assert.deepEqual(asked('drain-old'), { ...nothing, open: true });
});

it('the way back of the users asks about their answers and about what the new release has open', () => {
  const back = stateAfter(open, ...upTo(open, 'shift', 'performed'), turned);
  const [intent] = decide(back, { kind: 'tick' }, now).events;
  assert.ok(intent?.type === 'step-intended');
  const performed = { type: 'step-performed', payload: { step: 'shift', direction: 'back' } } as const;
  const state = stateAfter(open, ...upTo(open, 'shift', 'performed'), turned, intent, performed);
  assert.deepEqual(decide(state, { kind: 'tick' }, now).ask, {
    ...{ kind: 'observation', open: true, judged: false, jobs: [] },
    answers: [{ revision: 'production-1', times: 5 }],
  });
});
