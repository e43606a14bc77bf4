import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fact } from '../rollout/facts.ts';
import { plan, seen, slot, start, stateAfter, upTo } from '../rollout/fixtures/example-rollout.ts';
import type { GateResult, GateState } from '../rollout/gate.ts';
import { decideOn, type KnownGates } from './decide-on.ts';

const now = start + 60_000;
const gated = plan({ gates: [{ id: 'approval', kind: 'approval', approvals: 1 }], strategy: 'blue-green' });
const open = plan();
const results = (state: GateState): readonly GateResult[] => [{ gate: 'approval', title: 't', state, message: 'm' }];
const nothingKnown: KnownGates = () => null;
const tick: Fact = { kind: 'tick' };

/** The new release is up: the step before the shift is done at the next look. */
const verified = () => {
  const state = stateAfter(gated, ...upTo(gated, 'verify-before', 'performed'));
  const job = state.plan.steps[state.index]?.effects.find((effect) => effect.kind === 'job');
  const jobs = [{ key: job?.key ?? '', state: 'succeeded', exitCode: 0, signal: null, logTail: [] } as const];
  return { state, fact: { kind: 'observed', observation: seen(now, { slots: [slot(2, 'web')], jobs }) } as const };
};

describe('deciding on', () => {
  it('puts a step that is done and the intent of the next one into one write while its gates are known to be open', () => {
    const { state, fact } = verified();
    const known: KnownGates = (step) => (step === 'shift' ? results({ kind: 'open', evidence: ['e'] }) : null);
    const { events, effects, ask } = decideOn(state, fact, now, known);
    assert.deepEqual(
      events.map((event) => event.type),
      ['step-done', 'gates-passed', 'step-intended'],
    );
    assert.deepEqual([effects.map((effect) => effect.kind), ask], [['route'], null]);
  });

  it('asks the gates when nothing is known of them, or anything but open', () => {
    const { state, fact } = verified();
    const closed: KnownGates = () => results({ kind: 'closed' });
    for (const known of [nothingKnown, closed, () => []] satisfies readonly KnownGates[]) {
      const { events, effects, ask } = decideOn(state, fact, now, known);
      assert.deepEqual(
        events.map((event) => event.type),
        ['step-done'],
      );
      assert.deepEqual([effects, ask?.kind], [[], 'gates']);
    }
  });

  it('asks the gates when only some of them are known to be open', () => {
    const { state, fact } = verified();
    const open = results({ kind: 'open', evidence: ['e'] });
    const { events, ask } = decideOn(state, fact, now, () => [...open, ...results({ kind: 'closed' })]);
    assert.deepEqual([events.map((event) => event.type), ask?.kind], [['step-done'], 'gates']);
  });

  it('stops before whatever must be ordered, asked or written first', () => {
    const intended = decideOn(stateAfter(open, ...upTo(open, 'start')), tick, now, nothingKnown);
    assert.deepEqual([intended.events.map((event) => event.type), intended.effects.length], [['step-intended'], 1]);
    const performed = decideOn(
      stateAfter(open, ...upTo(open, 'start', 'intended')),
      { kind: 'performed' },
      now,
      nothingKnown,
    );
    assert.deepEqual(
      [performed.events.map((event) => event.type), performed.ask?.kind],
      [['step-performed'], 'observation'],
    );
    const crashed = {
      kind: 'observed',
      observation: seen(now, { slots: [slot(2, 'web', { state: 'gave-up' })] }),
    } as const;
    const turn = decideOn(stateAfter(open, ...upTo(open, 'watch', 'performed')), crashed, now, nothingKnown);
    assert.deepEqual(
      turn.events.map((event) => event.type),
      ['rollout-turned'],
    );
  });
});
