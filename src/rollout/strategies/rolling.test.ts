import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plan, revision, service } from '../fixtures/example-rollout.ts';
import type { PlanInput } from '../plan-input.ts';
import type { GateDefinition } from '../plan.ts';
import { step } from './moves.ts';

const services = [service('web', { instances: 2 })];
const both = { from: revision(1, services), to: revision(2, services) };

describe('rolling', () => {
  it('is all at once where there is nothing to hold on to: a first release, and a way back', () => {
    const cases: readonly Partial<PlanInput>[] = [
      { ...both, from: null },
      { ...both, kind: 'rollback' },
    ];
    for (const more of cases)
      assert.deepEqual(plan({ ...more, strategy: 'rolling' }).steps, plan({ ...more, strategy: 'blue-green' }).steps);
  });

  it('asks its gates again before the first instance, when a step of a part came first', () => {
    const gates: readonly GateDefinition[] = [
      { id: 'approval', kind: 'approval', approvals: 1 },
      { id: 'hours', kind: 'hours', windows: [], timezone: 'UTC' },
    ];
    const partSteps = [step({ id: 'expand', phase: 'expand', title: 'expand' })];
    const { steps } = plan({ ...both, strategy: 'rolling', gates, partSteps });
    const asked = steps.filter((each) => each.gates.length > 0).map((each) => [each.id, each.gates]);
    assert.deepEqual(asked, [
      ['expand', ['approval', 'hours']],
      ['start-1', ['approval']],
      ['shift-1', ['approval']],
    ]);
  });
});
