import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { LotseError } from '../core/errors.ts';
import type { TargetSlot } from '../ports/targets/targets.ts';
import type { Effect } from '../rollout/plan.ts';
import type { RolloutState } from '../rollout/rollout-state.ts';
import { Errands } from './errands.ts';
import { JudgedWorld } from './fixtures/judged-world.ts';
import type { EngineParts } from './parts.ts';
import { Reconciler } from './reconcile.ts';

const scope = { app: 'shop', environment: 'production' };
const route: Effect = { kind: 'route', level: { kind: 'maintenance', message: '' }, draining: [] };
const ensure: Effect = { kind: 'ensure', revision: 'production-2', service: 'web', slots: 1 };
const verify: Effect = {
  ...{ kind: 'job', key: 'shop/production/production-rollout-2/verify', job: 'verify' },
  ...{ revision: 'production-2', baseUrl: 'pinned' },
};
const slots = { kind: 'observation', open: false, judged: false, jobs: [], answers: [] } as const;
const fencedOff = new LotseError('fenced-off', 'a newer control plane has taken over');
const unreachable = new LotseError('unreachable', 'nobody is there', { retriable: true });

function readySlot(attempt: number): TargetSlot {
  return {
    ...{ revision: 'production-2', service: 'web', slot: 0, attempt, state: 'ready', unexpectedExits: 0 },
    ...{ address: null, fixedPort: null, pid: 7, startedAt: 1, memoryBytes: null },
    ...{ note: null, logTail: [], writesBesideCode: [] },
  };
}

/** Errands for one rollout in a process that has just started; each look at its slot finds another attempt of it. */
class Waiting {
  readonly world: JudgedWorld;
  readonly errands: Errands;
  uptimeMs = 50;
  looks = 0;
  /** Set: nobody can look; nothing can be ordered. */
  lookProblem: LotseError | null = null;
  orderProblem: LotseError | null = null;

  constructor(world: JudgedWorld) {
    this.world = world;
    const parts = this.#parts(world.parts);
    const reconciler = new Reconciler(parts, scope);
    this.errands = new Errands({ parts, scope, reconciler, judging: world.judging });
  }

  static async open(t: TestContext): Promise<Waiting> {
    return new Waiting(await JudgedWorld.open(t));
  }

  async perform(effects: readonly Effect[], change: Partial<RolloutState> = {}) {
    return await this.errands.perform(this.world.view({ ...this.world.state, ...change }), effects);
  }

  async observe() {
    const { state } = this.world;
    return await this.errands.answer(this.world.view(), state, slots, new AbortController().signal);
  }

  #parts(parts: EngineParts): EngineParts {
    const door = { domains: [], previewDomains: [], https: null, port: null, url: null };
    const mayFail = (problem: LotseError | null) => {
      if (problem !== null) throw problem;
    };
    return {
      ...parts,
      clock: { ...parts.clock, uptime: () => this.uptimeMs },
      target: {
        ...parts.target,
        ensure: async () => mayFail(this.orderProblem),
        observe: async () => {
          mayFail(this.lookProblem);
          return [readySlot(++this.looks)];
        },
      },
      traffic: { ...parts.traffic, publish: async () => undefined, environments: async () => [] },
      bindings: { ...parts.bindings, frontDoor: async () => door },
    };
  }
}

describe('slots', () => {
  it('are looked at before a route is ordered, unless that was done in the last 100 ms', async (t) => {
    const waiting = await Waiting.open(t);
    await waiting.perform([route]);
    assert.equal(waiting.looks, 1, 'nobody had looked');
    waiting.uptimeMs += 100;
    await waiting.perform([route]);
    assert.equal(waiting.looks, 1);
    waiting.uptimeMs += 1;
    await waiting.perform([route]);
    assert.equal(waiting.looks, 2);
  });

  const orders: readonly { readonly what: string; readonly effects: readonly Effect[]; readonly looks: number }[] = [
    { what: 'a route was', effects: [route], looks: 1 },
    { what: 'copies of a service were', effects: [ensure], looks: 2 },
    { what: 'copies and a route were', effects: [ensure, route], looks: 2 },
  ];
  for (const { what, effects, looks } of orders) {
    it(`are looked at ${looks === 1 ? 'once' : 'again'} when ${what} ordered in between`, async (t) => {
      const waiting = await Waiting.open(t);
      await waiting.errands.look();
      assert.deepEqual(await waiting.perform(effects), { kind: 'performed' });
      const fact = await waiting.observe();
      assert.equal(fact.kind === 'observed' && fact.observation.slots[0]?.attempt, looks);
      assert.equal(waiting.looks, looks);
    });
  }
});

describe('what cannot be performed', () => {
  it('is told with the slots that were seen last on the way forward, and with those of now on the way back', async (t) => {
    const waiting = await Waiting.open(t);
    waiting.orderProblem = unreachable;
    const attemptTold = async (direction: RolloutState['direction']) => {
      const fact = await waiting.perform([ensure], { direction });
      assert.ok(fact.kind === 'perform-failed' && fact.code === 'unreachable' && fact.retriable);
      return fact.slots?.map(({ attempt }) => attempt) ?? null;
    };
    await waiting.errands.look();
    assert.deepEqual(await attemptTold('forward'), [1]);
    assert.deepEqual(await attemptTold('back'), [2]);
    waiting.lookProblem = unreachable;
    assert.deepEqual(await attemptTold('forward'), [2]);
    assert.equal(await attemptTold('back'), null);
  });

  it('because another control plane has taken over is no fact: that one decides', async (t) => {
    const waiting = await Waiting.open(t);
    waiting.orderProblem = unreachable;
    waiting.lookProblem = fencedOff;
    await assert.rejects(waiting.perform([ensure], { direction: 'back' }), { code: 'fenced-off' });
    waiting.orderProblem = fencedOff;
    await assert.rejects(waiting.perform([ensure]), { code: 'fenced-off' });
  });
});

describe('a probe of the judge', () => {
  /** Nobody has come for a minute, so that the judge probes. */
  async function probing(t: TestContext) {
    const waiting = await Waiting.open(t);
    await waiting.world.lookFor(61);
    const [key = ''] = waiting.world.started;
    const state = () => waiting.world.jobs.get(key)?.seen.state;
    assert.equal(state(), 'running');
    return { waiting, state };
  }

  it('makes room for a job of the rollout', async (t) => {
    for (const effects of [[verify], [route, verify]]) {
      const { waiting, state } = await probing(t);
      await waiting.perform(effects);
      assert.equal(state(), 'failed');
    }
  });

  it('goes on beside whatever else is ordered', async (t) => {
    const { waiting, state } = await probing(t);
    await waiting.perform([ensure, route]);
    assert.equal(state(), 'running');
  });
});
