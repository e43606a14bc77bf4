import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { streamCloseSpreadMs } from '../core/routing-document.ts';
import { compilePlan } from './compile-plan.ts';
import { judgeRules, plan, planInput, revision, service } from './fixtures/example-rollout.ts';
import { planCases, planTexts } from './fixtures/plan-cases.ts';
import type { Effect, GateDefinition, Phase, Plan, Step } from './plan.ts';
import { step } from './strategies/moves.ts';

const approval: GateDefinition = { id: 'approval', kind: 'approval', approvals: 1 };
const hours: GateDefinition = { id: 'hours', kind: 'hours', windows: [], timezone: 'UTC' };
const part = (phase: Phase) => step({ id: `part-${phase}`, phase, title: phase });
const ids = (compiled: Plan) => compiled.steps.map((each) => each.id);

it('each strategy compiles to the steps that are written down', () => {
  assert.equal(planTexts(), readFileSync(new URL('fixtures/plans.txt', import.meta.url), 'utf8'));
});

it('a drain waits until the proxy has closed the last stream, and its step waits longer', () => {
  for (const drainMs of [0, 500, 30_000, 3_600_000]) {
    const from = revision(1, [service('web', { drainMs })]);
    const drain = plan({ from }).steps.find((each) => each.id === 'drain-old');
    const [condition] = drain?.until ?? [];
    assert.ok(condition?.kind === 'drained');
    assert.ok(condition.budgetMs > drainMs + streamCloseSpreadMs(drainMs));
    assert.ok((drain?.deadlineMs ?? 0) > condition.budgetMs);
  }
});

describe('every plan', () => {
  for (const [title, compiled] of Object.entries(planCases)) {
    it(`names each step once, is live once, and takes back all that it orders (${title})`, () => {
      assert.equal(new Set(ids(compiled)).size, compiled.steps.length);
      assert.equal(compiled.steps.filter((each) => each.makesLive).length, 1);
      const isDeed = (kind: string) => kind === 'ensure' || kind === 'claim' || kind === 'route';
      for (const each of compiled.steps) {
        const mustReturn = each.phase !== 'settled' && each.effects.some((effect) => isDeed(effect.kind));
        const isReturned = each.compensation !== null || isStoppedWithTheFirst(compiled, each);
        assert.equal(isReturned, mustReturn, each.id);
        assert.ok(each.deadlineMs > 0 && Number.isFinite(each.deadlineMs));
      }
    });
  }
});

/** More instances of what the first step starts are stopped when that step is taken back. */
function isStoppedWithTheFirst(compiled: Plan, { id, effects }: Step): boolean {
  const stopped = compiled.steps[0]?.compensation?.effects ?? [];
  const isStopped = (effect: Effect) =>
    effect.kind === 'ensure' &&
    stopped.some((each) => each.kind === 'ensure' && each.service === effect.service && each.slots === 0);
  return id.startsWith('grow-') && effects.every(isStopped);
}

describe('gates', () => {
  it('stand before the first step, and all but the hours again before users are moved', () => {
    const { steps } = plan({ gates: [approval, hours] });
    assert.deepEqual(steps[0]?.gates, ['approval', 'hours']);
    assert.deepEqual(steps.find((each) => each.id === 'shift')?.gates, ['approval']);
  });

  it('stand before a step of a part that comes first, and again where they stood', () => {
    const { steps } = plan({ gates: [approval, hours], partSteps: [part('expand')] });
    const asked = steps.filter((each) => each.gates.length > 0).map((each) => [each.id, each.gates]);
    assert.deepEqual(asked, [
      ['part-expand', ['approval', 'hours']],
      ['start', ['approval']],
      ['shift', ['approval']],
    ]);
  });

  it('that a step of a part names itself stay as they are, unless it comes first', () => {
    const late = { ...part('watch'), gates: ['approval', 'hours'] };
    const some = { ...part('shift'), gates: ['hours'] };
    const early = { ...part('before'), gates: ['approval'] };
    const asked = (partSteps: readonly Step[]) =>
      plan({ gates: [approval, hours], partSteps }).steps.map((each) => `${each.id} ${each.gates.join(' ')}`);
    const usual = ['start approval hours', 'shift approval', 'part-watch approval hours'];
    assert.deepEqual(
      asked([late]).filter((each) => / \w/.test(each)),
      usual,
    );
    const first = ['part-before approval hours', 'start approval', 'shift approval', 'part-shift hours'];
    assert.deepEqual(
      asked([early, some]).filter((each) => / \w/.test(each)),
      first,
    );
  });

  it('are not asked while requests are held or no worker takes work', () => {
    const services = [service('web'), service('mails', { kind: 'worker', port: null })];
    const both = { from: revision(1, services), to: revision(2, services), gates: [approval] };
    const asked = (compiled: Plan) => compiled.steps.filter((each) => each.gates.length > 0).map((each) => each.id);
    assert.deepEqual(asked(plan(both)), ['start', 'workers-pause']);
    assert.deepEqual(asked(plan({ ...both, strategy: 'recreate' })), ['pause']);
  });
});

describe('steps of parts', () => {
  const all = (['before', 'expand', 'start', 'shift', 'watch', 'settled'] as const).map(part);

  it('come at the end of their phase', () => {
    assert.deepEqual(ids(plan({ partSteps: all })), [
      'part-before',
      'part-expand',
      'start',
      'verify-before',
      'part-start',
      'shift',
      'verify-after',
      'part-shift',
      'watch',
      'part-watch',
      'drain-old',
      'stop-old',
      'part-settled',
    ]);
  });

  it('keep their place where the plan has no step of that phase', () => {
    const compiled = plan({ partSteps: [part('watch')], watchMs: 0 });
    assert.deepEqual(ids(compiled).slice(-3), ['part-watch', 'drain-old', 'stop-old']);
  });
});

it('a rollback is not judged, also not by the limits that a deploy is held to', () => {
  const judge = { ...judgeRules, limits: [{ kind: 'failures', mostRate: 0.01 }] } as const;
  const judged = (kind: Plan['kind']) => {
    const compiled = plan({ kind, judge });
    return [compiled.judge, compiled.steps.filter(({ isJudged }) => isJudged).map(({ id }) => id)];
  };
  assert.deepEqual(judged('deploy'), [judge, ['shift', 'verify-after', 'watch']]);
  assert.deepEqual(judged('rollback'), [null, []]);
});

it('only workers are told what to take, whatever the file says of a web service', () => {
  const services = [service('web', { readsClaim: true })];
  const { steps } = plan({ from: revision(1, services), to: revision(2, services) });
  const claims = steps.flatMap(({ effects }) => effects.filter((effect) => effect.kind === 'claim'));
  assert.deepEqual(claims, []);
});

it('a rollout that cannot run twice pauses and switches, and says why', () => {
  const compiled = compilePlan(planInput({ strategy: 'rolling', cannotRunTwice: ['web always listens on 8080'] }));
  assert.equal(compiled.strategy, 'recreate');
  assert.match(compiled.notes[0] ?? '', /instead of rolling: web always listens on 8080/);
});

it('what users reach is named for both sides', () => {
  const compiled = plan({ from: revision(1, [service('web'), service('mails', { kind: 'worker', port: null })]) });
  assert.deepEqual(compiled.webServices, [
    { revision: 'production-1', service: 'web' },
    { revision: 'production-2', service: 'web' },
  ]);
});
