import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planFor, revision, service } from '../../test/simulation/shapes.ts';
import { rules } from './fixtures/judge-wishes.ts';
import { recordedPlane } from './fixtures/recorded-plane.ts';

const services = [service('web', { instances: 2 })];
type Plane = ReturnType<typeof plane>;

/** A control plane of which it is known how many rest by its clock, and which questions about signals are under way. */
function plane() {
  const state = { resting: 0, lookMs: 0 };
  const questions: AbortSignal[] = [];
  const recorded = recordedPlane(({ clock, bindings, target }) => ({
    clock: {
      ...clock,
      sleep: async (ms, signal) => {
        state.resting++;
        await clock.sleep(ms, signal);
        state.resting--;
      },
    },
    target: {
      ...target,
      observe: async (scope) => {
        if (state.lookMs > 0) await clock.sleep(state.lookMs, new AbortController().signal);
        return await target.observe(scope);
      },
    },
    bindings: {
      ...bindings,
      signals: async () => [{ signal: 'orders', better: 'higher', source: { kind: 'prometheus', url: '', query: '' } }],
    },
    signals: {
      read: (_, signal) => {
        questions.push(signal);
        return Promise.withResolvers<null>().promise;
      },
    },
  }));
  return { ...recorded, state, questions };
}

async function begin({ world, voyage }: Plane, number: number, strategy: 'blue-green' | 'canary' = 'blue-green') {
  const to = revision(number, services);
  world.add(to, 'good');
  const judged = { canary: { shares: [{ permille: 50, everyMs: 0, expectedMs: null }] }, holdbackPermille: 50, rules };
  const wanted = { kind: 'deploy', to, strategy, watchMs: 2_000, gates: [], ...judged } as const;
  return await voyage.begin((view) => planFor(world, view.environment, number, wanted));
}

/** Release 1 serves. */
async function serving(): Promise<Plane> {
  const started = plane();
  await begin(started, 1);
  assert.equal(await started.voyage.end(), 'settled');
  await started.voyage.calmDown();
  started.world.invariants.isSuspended = true;
  return started;
}

/** How long it takes, in milliseconds. */
async function duration({ world }: Plane, act: Promise<void>): Promise<number> {
  const from = world.time.now;
  let until: number | null = null;
  void act.then(() => (until = world.time.now));
  assert.ok(await world.time.pass(() => until !== null, 200_000), 'it never ends');
  return (until ?? Infinity) - from;
}

it('what was thought of a rollout is kept, also where the process ended before and the next one begins at once', async () => {
  const recorded = await serving();
  const { voyage, world, planes, state } = recorded;
  const { checkpoints } = world.shore;
  const { rollout } = await begin(recorded, 2, 'canary');
  const [evidence, record] = [`judge:shop/${rollout}`, `judged:shop/${rollout}`];
  const isEnding = () => voyage.view.rollout?.plan.steps[voyage.view.rollout.index]?.phase === 'settled';
  assert.ok(await world.time.pass(isEnding, 60_000));
  const left = checkpoints.get(evidence);
  assert.ok(left);
  assert.equal(await voyage.end(), 'settled');
  await voyage.calmDown();
  await voyage.close();
  const kept = checkpoints.get(record);
  checkpoints.delete(record);
  checkpoints.set(evidence, left);
  state.lookMs = 200;
  planes.restart();
  await begin(recorded, 3);
  await world.time.passMs(5_000);
  assert.deepEqual([checkpoints.get(record), checkpoints.get(evidence)], [kept, undefined]);
  await voyage.close();
});

describe('an environment that is closed', () => {
  it('rests no longer, and nobody waits for its calls any more', async () => {
    const recorded = plane();
    await recorded.world.time.passMs(3_370);
    assert.ok(recorded.state.resting > 1);
    assert.ok((await duration(recorded, recorded.voyage.engine.close())) < 20);
    assert.equal(recorded.state.resting, 0);
  });

  it('asks for no signal any more', async () => {
    const recorded = await serving();
    const { voyage, world, questions } = recorded;
    await begin(recorded, 2, 'canary');
    assert.ok(await world.time.pass(() => questions.length > 0, 60_000), 'no signal is read');
    const areAborted = () => questions.map(({ aborted }) => aborted);
    assert.deepEqual(areAborted(), [false]);
    await voyage.close();
    assert.deepEqual(areAborted(), [true]);
  });
});

describe('an environment that is suspended', () => {
  it('has stopped as soon as nothing runs any more', async () => {
    const recorded = await serving();
    assert.ok((await duration(recorded, recorded.voyage.engine.suspend())) < 1_000);
    assert.deepEqual(recorded.world.target.observe(), []);
    assert.equal(recorded.state.resting, 0);
  });

  it('has not stopped while nobody can say whether anything runs', async () => {
    const recorded = await serving();
    const { world, voyage } = recorded;
    world.time.after(20, () => voyage.weather.down.add('target'));
    world.time.after(5_000, () => voyage.weather.down.clear());
    const tookMs = await duration(recorded, voyage.engine.suspend());
    assert.ok(tookMs >= 5_000 && tookMs < 5_100, `${tookMs} ms`);
  });

  it('is told again to stop when it could not be told', async () => {
    const recorded = await serving();
    const { world, voyage } = recorded;
    voyage.weather.down.add('target');
    world.time.after(5_000, () => voyage.weather.down.clear());
    const tookMs = await duration(recorded, voyage.engine.suspend());
    assert.ok(tookMs >= 5_000 && tookMs < 7_000, `${tookMs} ms`);
    assert.deepEqual(world.target.observe(), []);
  });

  it('is waited for a minute where something does not stop', async () => {
    const recorded = await serving();
    recorded.voyage.weather.down.add('changes of target');
    const { world } = recorded;
    world.time.after(10_000, () => (world.shore.clockOffsetMs -= 3_600_000));
    assert.equal(await duration(recorded, recorded.voyage.engine.suspend()), 60_000);
    assert.equal(recorded.world.target.observe().length, 2);
  });
});
