import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planFor, revision, service } from '../../test/simulation/shapes.ts';
import { scope } from '../../test/simulation/world.ts';
import { Looks } from '../core/looks.ts';
import type { EngineParts } from './engine.ts';
import { outcomeIn } from './fixtures/in-time.ts';
import { recordedPlane } from './fixtures/recorded-plane.ts';

/** What is asked of the engine beside its rollouts: the real one, with everything outside it in simulated time. */
const by = { kind: 'person', id: 'grace' } as const;
const web = service('web', { instances: 2, drainMs: 300_000 });
type Recorded = ReturnType<typeof recordedPlane>;

async function begin({ world, voyage }: Recorded, number: number) {
  const to = revision(number, [web]);
  world.add(to, 'good');
  const wanted = { kind: 'deploy', to, strategy: 'blue-green', watchMs: 60_000, gates: [] } as const;
  return await voyage.begin((view) => planFor(world, view.environment, number, wanted));
}

/** Lets time pass until the promise is settled. */
async function outcome<Value>({ world }: Recorded, promise: Promise<Value>): Promise<Value> {
  return await outcomeIn(world.time, promise, 200_000);
}

/** Release 1 serves and is watched. */
async function live(change?: (parts: EngineParts) => Partial<EngineParts>): Promise<Recorded> {
  const recorded = recordedPlane(change);
  await begin(recorded, 1);
  const isLive = () => recorded.voyage.view.rollout?.liveAt != null;
  assert.ok(await recorded.world.time.pass(isLive, 60_000));
  await recorded.world.time.passMs(2_000);
  return recorded;
}

describe('an engine that opens', () => {
  for (const [title, fence, above] of [
    ['goes above every fence that a proxy has seen', 7, 7],
    ['goes above a proxy that has seen its own', 1, 1],
    ['keeps its fence where no proxy has seen as much', 0, null],
  ] as const) {
    it(title, async () => {
      const raised: number[] = [];
      const recorded = recordedPlane(({ lock, traffic }) => ({
        lock: {
          get fence() {
            return lock.fence;
          },
          release: lock.release,
          raiseAbove: async (seen) => {
            raised.push(seen);
            return await lock.raiseAbove(seen);
          },
        },
        traffic: { ...traffic, status: async () => ({ ...(await traffic.status()), fence }) },
      }));
      await recorded.world.time.passMs(100);
      assert.deepEqual(raised, above === null ? [] : [above]);
      await recorded.voyage.close();
    });
  }

  it('reads the journal of each environment once, however often and however fast it is added', async () => {
    let reads = 0;
    const recorded = recordedPlane(({ journal }) => ({
      journal: { ...journal, read: async (chain, query) => (reads++, await journal.read(chain, query)) },
    }));
    const { engine } = recorded.voyage;
    await recorded.world.time.passMs(100);
    const before = reads;
    await outcome(recorded, engine.add(scope));
    assert.equal(reads, before);
    const other = { app: 'shop', environment: 'staging' };
    await outcome(recorded, Promise.all([engine.add(other), engine.add(other), engine.add(other)]));
    assert.equal(reads, before + 1);
    await recorded.voyage.close();
  });
});

it('an engine that is closed waits for nothing any more', async () => {
  let resting = 0;
  const recorded = await live(({ clock }) => ({
    clock: { ...clock, sleep: (ms, signal) => (resting++, clock.sleep(ms, signal).finally(() => resting--)) },
  }));
  await recorded.voyage.close();
  await recorded.world.time.passMs(1);
  assert.equal(resting, 0);
});

describe('of an environment', () => {
  it('its slots are known as they were seen last, and none of one that was never added', async () => {
    const recorded = await live();
    const { engine } = recorded.voyage;
    const seen = engine.slots(scope).map(({ service: name, slot, state }) => `${name} ${slot} ${state}`);
    assert.deepEqual(seen, ['web 0 ready', 'web 1 ready']);
    assert.deepEqual(engine.slots({ ...scope, environment: 'nowhere' }), []);
    await recorded.voyage.close();
  });

  it('that was never added, nothing can be asked that changes it', async () => {
    const recorded = await live();
    const nowhere = { ...scope, environment: 'nowhere' };
    const command = recorded.voyage.engine.command(nowhere, { kind: 'pause', actor: by, reason: null });
    await assert.rejects(command, /nowhere was never added/);
    await recorded.voyage.close();
  });

  it('a program that runs once gets the surroundings of its service, and what it is to run', async () => {
    const recorded = await live();
    const wanted = { key: 'run-1', argv: ['node', 'repair.js'], terminal: null, service: 'web' } as const;
    const order = await recorded.voyage.engine.oneOffOrder(scope, { ...wanted, revision: revision(1, [web]) });
    assert.deepEqual([order.key, order.argv, order.revision], ['run-1', ['node', 'repair.js'], 'production-1']);
    assert.equal(order.definition.service, 'web');
    await recorded.voyage.close();
  });
});

describe('what users ask', () => {
  it('is counted into a series by whoever asks for it', async () => {
    const recorded = await live();
    const { engine } = recorded.voyage;
    for (let bucket = 0; bucket < 4; bucket++) {
      await outcome(recorded, engine.count());
      await recorded.world.time.passMs(10_000);
    }
    const { series } = engine.series(scope, { service: null, since: 0 });
    assert.deepEqual(
      series.map(({ service: name, revision: of }) => `${of}/${name}`),
      ['production-1/web'],
    );
    await recorded.voyage.close();
  });

  it('is asked of the proxy again after five seconds', async () => {
    let asked = 0;
    const recorded = await live(({ traffic }) => ({
      traffic: { ...traffic, counters: async () => (asked++, await traffic.counters()) },
    }));
    const { engine } = recorded.voyage;
    const askedAfter = async (ms: number) => {
      await recorded.world.time.passMs(ms);
      const before = asked;
      await outcome(recorded, engine.count());
      return asked - before;
    };
    assert.deepEqual([await askedAfter(6_000), await askedAfter(4_500), await askedAfter(5_500)], [1, 0, 1]);
    await recorded.voyage.close();
  });

  it('is counted also where nothing was ever rolled out, and nobody is told', async () => {
    const looks = new Looks();
    const told: string[] = [];
    looks.onLook(({ what }) => told.push(what));
    const recorded = recordedPlane(() => ({ looks }));
    await recorded.world.time.passMs(100);
    await outcome(recorded, recorded.voyage.engine.count());
    assert.deepEqual(told, []);
    await recorded.voyage.close();
  });

  it('is told to those who look, while a rollout is under way there and not afterwards', async () => {
    const looks = new Looks();
    const told: string[] = [];
    looks.onLook(({ environment, what }) => what === 'traffic' && told.push(environment));
    const recorded = await live(() => ({ looks }));
    const { engine } = recorded.voyage;
    await outcome(recorded, engine.count());
    assert.deepEqual(told, ['production']);
    assert.equal(await recorded.voyage.end(), 'settled');
    await outcome(recorded, engine.count());
    assert.deepEqual(told, ['production']);
    await recorded.voyage.close();
  });
});

describe('settling', () => {
  it('by two at the same time ends the watch once, and both are answered', async () => {
    const recorded = await live();
    const { engine } = recorded.voyage;
    const both = Promise.all([engine.settle(scope, by), engine.settle(scope, by)]);
    assert.deepEqual(await outcome(recorded, both), [true, true]);
    const events = recorded.world.journal.read({ after: 0, limit: 1_000, correlationId: null });
    assert.equal(events.filter(({ type }) => type === 'rollout-advanced').length, 1);
    await recorded.voyage.close();
  });

  it('leaves a rollout alone that somebody takes back at the same moment', async () => {
    const recorded = await live();
    const { engine } = recorded.voyage;
    const aborted = engine.command(scope, { kind: 'abort', actor: by, reason: null, blame: false });
    assert.equal(await outcome(recorded, engine.settle(scope, by)), false);
    await outcome(recorded, aborted);
    assert.equal(await recorded.voyage.end(), 'returned');
    await recorded.voyage.close();
  });

  it('fails with what keeps the end of the watch from being written', async () => {
    const recorded = await live();
    recorded.voyage.weather.down.add('journal');
    await assert.rejects(outcome(recorded, recorded.voyage.engine.settle(scope, by)), { code: 'disk-full' });
    recorded.voyage.weather.down.clear();
    await recorded.voyage.close();
  });

  it('gives up after two minutes on a release that does not go', async () => {
    const recorded = await live();
    assert.equal(await outcome(recorded, recorded.voyage.engine.settle(scope, by)), true);
    await begin(recorded, 2);
    await recorded.world.time.pass(() => recorded.voyage.view.rollout?.liveAt != null, 60_000);
    await recorded.world.time.passMs(2_000);
    const before = recorded.world.time.now;
    const settled = recorded.voyage.engine.settle(scope, by);
    await recorded.world.time.passMs(100);
    // Nobody can see whether the old release has finished.
    recorded.voyage.weather.down.add('target');
    assert.equal(await outcome(recorded, settled), false);
    assert.ok(Math.abs(recorded.world.time.now - before - 120_000) < 100);
    recorded.voyage.weather.down.clear();
    await recorded.voyage.close();
  });

  it('has nothing to do before the first rollout', async () => {
    const recorded = recordedPlane();
    await recorded.world.time.passMs(100);
    assert.equal(await outcome(recorded, recorded.voyage.engine.settle(scope, by)), true);
    await recorded.voyage.close();
  });
});
