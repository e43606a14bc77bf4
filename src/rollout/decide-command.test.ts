import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compilePlan } from './compile-plan.ts';
import { decideCommand, pauseMs } from './decide-command.ts';
import type { Command } from './facts.ts';
import {
  canaryInput,
  grace,
  plan,
  revision,
  service,
  start,
  stateAfter,
  through,
  upTo,
  worker,
} from './fixtures/example-rollout.ts';
import type { Plan } from './plan.ts';
import type { RolloutEvent } from './rollout-events.ts';
import { nextCompensation } from './rollout-state.ts';

const usual = plan();
const say = (kind: 'pause' | 'resume' | 'advance'): Command => ({ kind, actor: grace, reason: 'why not' });
const abort: Command = { kind: 'abort', actor: grace, reason: 'it is wrong', blame: true };

it('a command is written with who gave it and why', () => {
  const [event] = decideCommand(stateAfter(usual), say('pause'), start).events;
  assert.deepEqual(event, {
    type: 'rollout-paused',
    payload: { until: start + pauseMs },
    actor: grace,
    reason: 'why not',
  });
});

it('an advance names the step that is not waited for any longer', () => {
  const state = stateAfter(usual, ...upTo(usual, 'watch', 'performed'));
  const [event] = decideCommand(state, say('advance'), start).events;
  const given = { actor: grace, reason: 'why not' };
  assert.deepEqual(event, { type: 'rollout-advanced', payload: { step: 'watch' }, ...given });
});

it('nothing is commanded once the last step is done', () => {
  const done = stateAfter(usual, ...usual.steps.flatMap((step) => through(step, 'forward')));
  for (const command of [say('pause'), say('resume'), say('advance'), abort])
    assert.match(decideCommand(done, command, start).refused ?? '', /^the rollout is settling/, command.kind);
});

it('asking twice changes nothing', () => {
  const paused: RolloutEvent = { type: 'rollout-paused', payload: { until: start + pauseMs } };
  const advanced: RolloutEvent = { type: 'rollout-advanced', payload: { step: 'start' } };
  assert.deepEqual(decideCommand(stateAfter(usual, paused), say('pause'), start).events, []);
  assert.deepEqual(decideCommand(stateAfter(usual), say('resume'), start).events, []);
  assert.deepEqual(decideCommand(stateAfter(usual, advanced), say('advance'), start).events, []);
  assert.equal(decideCommand(stateAfter(usual, advanced, paused), say('advance'), start).events.length, 1);
});

it('an abort says who takes it back, why if that was said, and whether the release is at fault', () => {
  const said = (command: Command) => {
    const [event] = decideCommand(stateAfter(usual), command, start).events;
    assert.ok(event?.type === 'rollout-turned');
    const { kind, message, inRelease } = event.payload.cause;
    return [kind, message, inRelease];
  };
  assert.deepEqual(said(abort), ['aborted', 'taken back by a person: it is wrong', true]);
  const machine = { ...abort, actor: { kind: 'token', id: 'ci' }, reason: null, blame: false } as const;
  assert.deepEqual(said(machine), ['aborted', 'taken back by a system', false]);
});

describe('a newer deploy', () => {
  const supersede: Command = { kind: 'supersede', actor: grace, reason: null, release: 'r9-abc' };
  const waiting: RolloutEvent = { type: 'gates-waiting', payload: { step: 'start', results: [] } };

  it('supersedes one that waits at its first gates, which is nobody’s fault', () => {
    const events = [stateAfter(usual), stateAfter(usual, waiting)].flatMap(
      (state) => decideCommand(state, supersede, start).events,
    );
    const causes = events.map((event) => (event.type === 'rollout-turned' ? event.payload.cause : null));
    const wanted = ['aborted', 'superseded by r9-abc', false];
    assert.deepEqual(
      causes.map((cause) => [cause?.kind, cause?.message, cause?.inRelease]),
      [wanted, wanted],
    );
  });

  it('is refused by one that has ordered something, that a person holds, or that goes back', () => {
    const intended: RolloutEvent = {
      type: 'step-intended',
      payload: { step: 'start', direction: 'forward', effects: [] },
    };
    const paused: RolloutEvent = { type: 'rollout-paused', payload: { until: start + pauseMs } };
    const [turned] = decideCommand(stateAfter(usual), supersede, start).events;
    assert.ok(turned !== undefined);
    for (const event of [intended, paused, turned]) {
      const decision = decideCommand(stateAfter(usual, waiting, event), supersede, start);
      assert.deepEqual([decision.events, decision.refused === null], [[], false], event.type);
    }
    const later = stateAfter(usual, ...upTo(usual, 'shift'));
    assert.match(decideCommand(later, supersede, start).refused ?? '', /has begun/);
  });
});

describe('an abort', () => {
  const services = [service('web', { instances: 2 }), worker('sizes', { readsClaim: true }), worker('mails')];
  const sides = { from: revision(1, services), to: revision(2, services) };
  const plans: readonly Plan[] = [
    ...(['blue-green', 'rolling', 'recreate'] as const).map((strategy) => plan({ ...sides, strategy })),
    compilePlan(canaryInput([10, 500], sides)),
  ];
  const turned: RolloutEvent = {
    type: 'rollout-turned',
    payload: { cause: { code: 'cancelled', kind: 'aborted', step: '', message: '', logTail: [], inRelease: false } },
  };

  it('is refused once what served before is being stopped', () => {
    const state = stateAfter(usual, ...upTo(usual, 'drain-old'));
    assert.match(decideCommand(state, abort, start).refused ?? '', /^the rollout is settling/);
  });

  for (const planned of plans) {
    it(`takes back exactly what was begun, the last first (${planned.strategy})`, () => {
      for (const [index, step] of planned.steps.entries()) {
        if (step.phase === 'settled') continue;
        for (const stage of ['next', 'intended', 'performed'] as const) {
          const state = stateAfter(planned, ...upTo(planned, step.id, stage), turned);
          const begun = stage === 'next' ? index - 1 : index;
          assert.equal(state.index, nextCompensation(planned, begun), `${step.id} ${stage}`);
          assert.equal(state.direction, 'back');
        }
      }
    });

    it(`goes through every compensation once (${planned.strategy})`, () => {
      const last = planned.steps.findLast((step) => step.phase !== 'settled');
      assert.ok(last);
      const events: RolloutEvent[] = [...upTo(planned, last.id, 'performed'), turned];
      const taken: string[] = [];
      for (;;) {
        const state = stateAfter(planned, ...events);
        const step = planned.steps[state.index];
        if (step === undefined) break;
        taken.push(step.id);
        events.push(...through(step, 'back'));
      }
      const all = planned.steps.filter((step) => step.compensation !== null).map((step) => step.id);
      assert.deepEqual(taken, all.toReversed());
    });
  }
});
