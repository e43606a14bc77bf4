import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compilePlan } from '../compile-plan.ts';
import {
  canaryInput,
  judgeRules,
  plan,
  revision,
  service,
  stateAfter,
  upTo,
  worker,
} from '../fixtures/example-rollout.ts';
import type { PlanInput } from '../plan-input.ts';
import type { Effect, GateDefinition, Move, Plan, Step } from '../plan.ts';
import type { ServiceDefinition } from '../release.ts';
import type { RolloutEvent } from '../rollout-events.ts';

const approval: GateDefinition = { id: 'approval', kind: 'approval', approvals: 1 };
const hours: GateDefinition = { id: 'hours', kind: 'hours', windows: [], timezone: 'UTC' };

const find = ({ steps }: Plan, id: string): Step => {
  const step = steps.find((each) => each.id === id);
  assert.ok(step, `no step ${id}`);
  return step;
};
const ids = ({ steps }: Plan) => steps.map((step) => step.id);

/** What a move orders, in the order in which it does. */
interface Level {
  /** Share of the new revision in thousandths; null: nothing was routed yet. */
  readonly permille: number | null;
  readonly slots: ReadonlyMap<string, number>;
  readonly claims: ReadonlyMap<string, string>;
}

const nothing: Level = { permille: null, slots: new Map(), claims: new Map() };

function ordered(level: Level, effect: Effect): Level {
  switch (effect.kind) {
    case 'ensure':
      return { ...level, slots: new Map([...level.slots, [`${effect.revision}/${effect.service}`, effect.slots]]) };
    case 'claim':
      return { ...level, claims: new Map([...level.claims, [`${effect.revision}/${effect.service}`, effect.claim]]) };
    case 'route':
      return { ...level, permille: newPermille(effect) };
    case 'job':
      return level;
  }
}

function newPermille({ level }: Extract<Effect, { kind: 'route' }>): number {
  assert.ok(level.kind === 'shares');
  assert.equal(
    level.shares.reduce((sum, share) => sum + share.permille, 0),
    1000,
  );
  return level.shares.find((share) => share.revision === 'production-2')?.permille ?? 0;
}

/** The levels after each step. */
function levelsOf({ steps }: Plan): readonly (readonly [Step, Level])[] {
  let level = nothing;
  return steps.map((step) => {
    level = step.effects.reduce(ordered, level);
    return [step, level] as const;
  });
}

const instances = fc.integer({ min: 1, max: 9 });
const anyServices = fc
  .record({ web: instances, api: fc.option(instances), sizes: fc.option(instances), mails: fc.boolean() })
  .map(({ web, api, sizes, mails }): readonly ServiceDefinition[] => [
    service('web', { instances: web }),
    ...(api === null ? [] : [service('api', { path: '/api', instances: api })]),
    ...(sizes === null ? [] : [worker('sizes', { readsClaim: true, instances: sizes })]),
    ...(mails ? [worker('mails')] : []),
  ]);
const anyCanary = fc
  .record({
    old: anyServices,
    fresh: anyServices,
    shares: fc.uniqueArray(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 6 }),
    everyMs: fc.nat(600_000),
    holdbackPermille: fc.constantFrom(0, 1, 50, 99),
    watchMs: fc.constantFrom(0, 900_000),
    gates: fc.constantFrom<readonly GateDefinition[]>([], [approval], [approval, hours]),
  })
  .map(({ old, fresh, shares, everyMs, ...more }): PlanInput => {
    const ascending = shares.toSorted((a, b) => a - b);
    const canary = { shares: ascending.map((permille) => ({ permille, everyMs, expectedMs: null })) };
    return canaryInput([], { ...more, canary, from: revision(1, [...old]), to: revision(2, [...fresh]) });
  });

function forAnyCanary(check: (compiled: Plan, input: PlanInput) => void): void {
  fc.assert(
    fc.property(anyCanary, (input) => {
      const compiled = compilePlan(input);
      assert.equal(compiled.strategy, 'canary');
      check(compiled, input);
    }),
  );
}

describe('any canary', () => {
  it('has shares that grow from the first one to everything', () => {
    forAnyCanary((compiled, input) => {
      const routed = levelsOf(compiled).flatMap(([{ effects }, { permille }]) =>
        effects.some((effect) => effect.kind === 'route') ? [permille ?? 0] : [],
      );
      for (const [index, permille] of routed.entries()) assert.ok(permille >= (routed[index - 1] ?? 1));
      assert.deepEqual(
        routed.slice(0, input.canary?.shares.length),
        input.canary?.shares.map((share) => share.permille),
      );
      assert.equal(routed.at(-1), 1000);
      const shift = levelsOf(compiled).find(([{ makesLive }]) => makesLive)?.[1].permille;
      assert.equal(shift, input.watchMs === 0 ? 1000 : 1000 - input.holdbackPermille);
    });
  });

  it('has instances for its share before it gets it, all of them before all users, and never fewer than before', () => {
    forAnyCanary((compiled, input) => {
      let before = new Map<string, number>();
      for (const [step, { permille, slots }] of levelsOf(compiled)) {
        for (const { kind, service: name, instances: all, readsClaim } of input.to.services) {
          if (kind === 'worker' && !readsClaim) continue;
          const own = slots.get(`production-2/${name}`) ?? 0;
          if (kind === 'web') assert.ok(own * 1000 >= all * (step.makesLive ? 1000 : (permille ?? 0)), step.id);
          if (step.makesLive) assert.equal(own, all);
          const old = input.from?.services.find((each) => each.service === name && each.kind === 'web')?.instances ?? 0;
          const isNoBusier = (permille ?? 0) * old <= (1000 - (permille ?? 0)) * own;
          if (kind === 'web') assert.ok(isNoBusier || own === all, `${step.id} ${name}: ${own} beside ${old}`);
          assert.ok(own >= 1 && own <= all && own >= (before.get(name) ?? 0), `${step.id} ${name}`);
          before = new Map([...before, [name, own]]);
        }
        if (step.phase === 'settled') continue;
        for (const { kind, service: name, readsClaim } of input.from?.services ?? [])
          if (kind === 'web' || readsClaim) assert.ok(!slots.has(`production-1/${name}`), 'the old stays fully up');
      }
    });
  });

  it('is ready with what it has before it gets a share', () => {
    forAnyCanary((compiled) => {
      for (const step of compiled.steps.filter(({ phase }) => phase !== 'settled')) {
        for (const effect of step.effects.filter((each) => each.kind === 'ensure' && each.slots > 0)) {
          const isAwaited = step.until.some(
            (each) =>
              each.kind === 'ready' &&
              effect.kind === 'ensure' &&
              each.service === effect.service &&
              each.slots === effect.slots,
          );
          assert.ok(isAwaited, step.id);
        }
      }
    });
  });

  it('has, from the first share until it settles, a way back whose first order sends all users to the old', () => {
    forAnyCanary((compiled) => {
      const first = compiled.steps.findIndex((step) => step.id === 'share-1');
      const settled = compiled.steps.findIndex((step) => step.phase === 'settled');
      for (const step of compiled.steps.slice(first, settled)) {
        for (const stage of ['next', 'intended', 'performed'] as const) {
          if (step.id === 'share-1' && stage === 'next') continue;
          const [effect, ...others] = wayBack(compiled, step.id, stage)?.effects ?? [];
          assert.ok(effect?.kind === 'route', `${step.id} ${stage}`);
          assert.equal(newPermille(effect), 0);
          for (const more of others) assert.ok(more.kind !== 'route' || newPermille(more) === 0);
        }
      }
    });
  });

  it('gives back, on its way back, all that it took: work to the old workers, no instance of the new release', () => {
    forAnyCanary((compiled, input) => {
      const last = compiled.steps.findLast((step) => step.phase !== 'settled');
      assert.ok(last);
      const forward = compiled.steps.filter((step) => step.phase !== 'settled').flatMap((step) => step.effects);
      const back = compiled.steps.toReversed().flatMap((step) => step.compensation?.effects ?? []);
      const { permille, slots, claims } = [...forward, ...back].reduce(ordered, nothing);
      assert.equal(permille, 0);
      for (const { service: name } of input.to.services) assert.equal(slots.get(`production-2/${name}`) ?? 0, 0, name);
      for (const { service: name, instances: all } of input.from?.services ?? []) {
        assert.equal(slots.get(`production-1/${name}`) ?? all, all, name);
        assert.equal(claims.get(`production-1/${name}`) ?? 'all', 'all', name);
      }
    });
  });

  it('is judged exactly while both have users', () => {
    forAnyCanary((compiled) => {
      for (const [step, { permille }] of levelsOf(compiled)) {
        const areBoth = permille !== null && permille > 0 && permille < 1000;
        assert.equal(step.isJudged, areBoth && step.phase !== 'settled', step.id);
      }
    });
  });

  it('waits for the judge at each share from 5 % on and at the last one', () => {
    forAnyCanary((compiled, input) => {
      const shares = input.canary?.shares ?? [];
      for (const [index, { permille, everyMs }] of shares.entries()) {
        const { until } = find(compiled, `share-${index + 1}`);
        const waits = until.some((condition) => condition.kind === 'judged-healthy');
        assert.equal(waits, permille >= 50 || index === shares.length - 1);
        const least = until.find((condition) => condition.kind === 'elapsed');
        assert.equal(least?.ms, Math.max(everyMs, 5_000));
      }
    });
  });

  it('asks its gates before it starts and before its first share, and never with users on the new release', () => {
    forAnyCanary((compiled, { gates }) => {
      const asked = compiled.steps.filter((step) => step.gates.length > 0).map((step) => [step.id, step.gates]);
      const all = gates.map((gate) => gate.id);
      const expected = [
        ['start', all],
        ['share-1', all.filter((gate) => gate !== 'hours')],
      ];
      assert.deepEqual(asked, gates.length === 0 ? [] : expected);
    });
  });
});

/** The first move of the way back from a step. */
function wayBack(compiled: Plan, id: string, stage: 'next' | 'intended' | 'performed'): Move | null {
  const turned: RolloutEvent = {
    type: 'rollout-turned',
    payload: { cause: { code: 'returned', kind: 'aborted', step: id, message: '', logTail: [], inRelease: false } },
  };
  const state = stateAfter(compiled, ...upTo(compiled, id, stage), turned);
  return compiled.steps[state.index]?.compensation ?? null;
}

describe('workers in a canary', () => {
  const sizes = worker('sizes', { readsClaim: true, instances: 4 });
  const services = [service('web'), sizes, worker('mails')];
  const both = { from: revision(1, services), to: revision(2, services) };
  const compiled = compilePlan(canaryInput([10, 250, 500], both));
  const levelAfter = (id: string) => levelsOf(compiled).find(([step]) => step.id === id)?.[1];

  it('take only marked work until their share is an instance, then as many take all as the share says', () => {
    const told = ['start', 'share-1', 'share-2', 'share-3', 'shift'].map((id) => {
      const level = levelAfter(id);
      return [id, level?.slots.get('production-2/sizes'), level?.claims.get('production-2/sizes')];
    });
    assert.deepEqual(told, [
      ['start', 1, 'marked'],
      ['share-1', 1, 'marked'],
      ['share-2', 1, 'all'],
      ['share-3', 2, 'all'],
      ['shift', 4, 'all'],
    ]);
  });

  it('leave the old ones their work until all users are sent to the new release', () => {
    assert.equal(levelAfter('share-3')?.claims.get('production-1/sizes'), undefined);
    assert.equal(levelAfter('workers-pause')?.claims.get('production-1/sizes'), 'none');
  });

  it('that cannot read a claim switch once, with all users', () => {
    assert.equal(levelAfter('share-3')?.slots.get('production-2/mails'), undefined);
    assert.equal(levelAfter('workers-pause')?.slots.get('production-1/mails'), 0);
    assert.equal(levelAfter('workers-take')?.slots.get('production-2/mails'), 1);
  });

  it('give their work back in the first order of the way back, and no order for those that have none', () => {
    const claims = (of: Plan, id: string) =>
      find(of, id).compensation?.effects.filter((effect) => effect.kind === 'claim');
    const none = [{ kind: 'claim', revision: 'production-2', service: 'sizes', claim: 'none' }];
    for (const id of ['share-2', 'share-3', 'shift']) assert.deepEqual(claims(compiled, id), none, id);
    const late = compilePlan(canaryInput([10, 20, 500], both));
    assert.deepEqual(claims(late, 'share-3'), none, 'also those that take work at the last share alone');
  });
});

describe('the canary that is wished for', () => {
  it('drops shares that are no smaller than the full shift, or than the one before', () => {
    const compiled = compilePlan(canaryInput([100, 100, 950, 1000]));
    assert.deepEqual(
      ids(compiled).filter((id) => id.startsWith('share')),
      ['share-1'],
    );
    assert.equal(compilePlan(canaryInput([950, 1000])).strategy, 'blue-green');
    assert.equal(compilePlan(canaryInput([950], { holdbackPermille: 0 })).strategy, 'canary');
  });

  it('needs shares, a judge, something that serves, and a web service on both sides', () => {
    const sizes = worker('sizes', { readsClaim: true });
    const other: readonly (readonly [Partial<PlanInput>, RegExp])[] = [
      [{ canary: null }, /no share to begin with/],
      [{ judge: null }, /nobody judges/],
      [{ from: null }, /no release of Lotse serves yet/],
      [{ from: null, before: { kind: 'adopted', host: '10.0.0.7', port: 80 } }, /no release of Lotse serves yet/],
      [{ kind: 'rollback' }, /sends everybody back/],
      [{ from: revision(1, [sizes]) }, /only a web service/],
      [{ to: revision(2, [sizes]) }, /only a web service/],
      [{ running: {} }, /only a web service/],
    ];
    for (const [more, why] of other) {
      const input = canaryInput([50], more);
      const compiled = compilePlan({ ...input, running: more.running ?? input.running });
      assert.equal(compiled.strategy, 'blue-green');
      assert.ok(
        compiled.notes.some((note) => note.startsWith('all users at once instead of a canary: ') && why.test(note)),
        compiled.notes.join('; '),
      );
      const isHeld = ids(compiled).includes('shift-rest');
      assert.equal(isHeld, more.canary === null, 'a holdback needs a judge and two sides, not a canary');
      assert.equal(compiled.judge, isHeld ? input.judge : null);
    }
  });

  it('is said as what it costs: the expected time, or that nobody can say', () => {
    const known = compilePlan(canaryInput([10, 250]));
    assert.equal(find(known, 'share-2').expectedMs, 60_000);
    assert.ok(known.notes.every((note) => !note.includes('no traffic')));
    const slow = canaryInput([10]);
    const shares = [{ permille: 10, everyMs: 600_000, expectedMs: null }];
    const unknown = compilePlan({ ...slow, canary: { shares } });
    assert.equal(find(unknown, 'share-1').expectedMs, 600_000);
    assert.ok(unknown.notes.some((note) => note.includes('no traffic to go by')));
  });
});

describe('a holdback', () => {
  const held = (more: Partial<PlanInput> = {}) => plan({ judge: judgeRules, holdbackPermille: 5, ...more });

  it('stays with the old release from the shift to the end of the watch, and is judged', () => {
    const compiled = held();
    const judged = compiled.steps.filter((step) => step.isJudged).map((step) => step.id);
    assert.deepEqual(judged, ['shift', 'verify-after', 'watch']);
    assert.deepEqual(find(compiled, 'shift-rest').effects, find(plan(), 'shift').effects);
    assert.ok(compiled.notes.includes('0.5 % of requests stay with r1 until the watch is over'));
    assert.equal(compiled.judge, judgeRules);
  });

  it('lets the verification ask the new release itself: the public route may lead to the old one', () => {
    const url = (compiled: Plan) => {
      const [job] = find(compiled, 'verify-after').effects;
      return job?.kind === 'job' ? job.baseUrl : null;
    };
    assert.deepEqual([url(held()), url(plan())], ['pinned', 'public']);
  });

  it('is none where nobody watches or judges, where one goes back, and in other strategies', () => {
    const without = [
      held({ watchMs: 0 }),
      held({ judge: null }),
      held({ kind: 'rollback' }),
      held({ from: null }),
      held({ strategy: 'rolling' }),
      held({ strategy: 'recreate' }),
    ];
    for (const compiled of without) assert.ok(!ids(compiled).includes('shift-rest'), compiled.strategy);
  });
});

it('a share for which the instances of the share before are enough starts no more', () => {
  const services = [service('web', { instances: 4 })];
  const input = canaryInput([10, 300, 320, 400, 700], { from: revision(1, services), to: revision(2, services) });
  const grown = ids(compilePlan(input)).filter((id) => id.startsWith('grow-'));
  assert.deepEqual(grown, ['grow-2', 'grow-4', 'grow-5']);
  const few = compilePlan({ ...input, canary: { shares: input.canary?.shares.slice(1) ?? [] } });
  assert.deepEqual(
    ids(few).filter((id) => id.startsWith('grow-')),
    ['grow-3', 'grow-4'],
  );
});
