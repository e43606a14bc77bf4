import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Quality } from '../../test/simulation/behaviour.ts';
import { planFor, revision, service } from '../../test/simulation/shapes.ts';
import { Voyage } from '../../test/simulation/voyage.ts';
import { calm } from '../../test/simulation/weather.ts';
import { scope } from '../../test/simulation/world.ts';
import type { StrategyName } from '../rollout/plan.ts';
import { outcomeIn, reach } from './fixtures/in-time.ts';

/** The real engine, with everything outside it in simulated time. */
const by = { kind: 'person', id: 'grace' } as const;
const services = [service('web', { instances: 2 }), service('mails', { kind: 'worker', port: null })];
const code = (wanted: string) => (error: unknown) => error instanceof Error && 'code' in error && error.code === wanted;

interface Wish {
  readonly quality?: Quality;
  readonly strategy?: StrategyName;
  readonly watchMs?: number;
}

/** Release 1 serves. */
async function serving() {
  const voyage = new Voyage(3, calm);
  await deploy(voyage, 1, { watchMs: 0 });
  assert.equal(await voyage.end(), 'settled');
  return voyage;
}

function planOf(voyage: Voyage, number: number, wish: Wish = {}) {
  const { quality = 'good', strategy = 'blue-green', watchMs = 5_000 } = wish;
  const to = revision(number, services);
  voyage.world.add(to, quality);
  const wanted = { kind: 'deploy', to, strategy, watchMs, gates: [] } as const;
  return planFor(voyage.world, voyage.view.environment, number, wanted);
}

async function deploy(voyage: Voyage, number: number, wish: Wish = {}) {
  return await voyage.begin(() => planOf(voyage, number, wish));
}

/** Lets time pass until the promise is settled. */
async function outcome<Value>(voyage: Voyage, promise: Promise<Value>, withinMs = 1_000): Promise<Value> {
  return await outcomeIn(voyage.world.time, promise, withinMs);
}

function afterwards(voyage: Voyage) {
  const { world } = voyage;
  assert.deepEqual(world.violations, []);
  return new Set(world.target.observe().map((slot) => slot.revision));
}

describe('a rollout is begun', () => {
  it('not while another one has not ended, and only one of two at a time', async () => {
    const voyage = await serving();
    const plan = planOf(voyage, 2);
    const [one, other] = await outcome(
      voyage,
      Promise.allSettled([voyage.engine.begin(plan), voyage.engine.begin(plan)]),
    );
    assert.deepEqual([one?.status, other?.status], ['fulfilled', 'rejected']);
    await assert.rejects(voyage.engine.begin(plan), code('conflict'));
    assert.equal(await voyage.end(), 'settled');
    await voyage.close();
  });

  it('only from what it was planned from', async () => {
    const voyage = await serving();
    const stale = planOf(voyage, 3);
    await deploy(voyage, 2);
    await voyage.end();
    await assert.rejects(voyage.engine.begin(stale), code('conflict'));
    await voyage.close();
  });
});

describe('a command', () => {
  it('is answered at once while the loop rests, also when several come together', async () => {
    const voyage = await serving();
    await deploy(voyage, 2);
    await reach({ voyage }, 'watch');
    const say = (kind: 'pause' | 'resume') => voyage.engine.command(scope, { kind, actor: by, reason: null });
    const all = ['resume', 'resume', 'pause', 'pause', 'resume'] as const;
    await outcome(voyage, Promise.all(all.map(say)), 20);
    assert.equal(voyage.view.rollout?.pause, null);
    await voyage.close();
  });

  it('that cannot be written fails, and the next one is heard', async () => {
    const voyage = await serving();
    await deploy(voyage, 2);
    await reach({ voyage }, 'watch');
    voyage.weather.down.add('journal');
    const abort = () => voyage.engine.command(scope, { kind: 'abort', actor: by, reason: null, blame: false });
    await assert.rejects(outcome(voyage, abort()), code('disk-full'));
    voyage.weather.down.clear();
    await outcome(voyage, abort(), 2_000);
    assert.equal(await voyage.end(), 'returned');
    await voyage.close();
  });

  for (const port of ['traffic', 'target']) {
    it(`is heard while ${port} does not answer`, async () => {
      const voyage = await serving();
      await deploy(voyage, 2);
      await reach({ voyage }, 'watch');
      voyage.weather.down.add(port);
      const abort = voyage.engine.command(scope, { kind: 'abort', actor: by, reason: null, blame: false });
      await outcome(voyage, abort, 2_000);
      assert.equal(voyage.view.rollout?.direction, 'back');
      voyage.weather.down.clear();
      assert.equal(await voyage.end(), 'returned');
      await voyage.close();
    });
  }

  it('that is written is answered, though nobody can see then how the rollout goes on', async () => {
    const voyage = await serving();
    await deploy(voyage, 2, { watchMs: 600_000 });
    await reach({ voyage }, 'watch');
    voyage.weather.down.add('target');
    await outcome(voyage, voyage.engine.command(scope, { kind: 'advance', actor: by, reason: null }));
    voyage.weather.down.clear();
    assert.equal(await voyage.end(), 'settled');
    await voyage.close();
  });

  it('is refused before the first rollout, after the last one, and after the end of the loop', async () => {
    const voyage = new Voyage(3, calm);
    await voyage.world.time.passMs(100);
    const pause = () => voyage.engine.command(scope, { kind: 'pause', actor: by, reason: null });
    await assert.rejects(outcome(voyage, pause()), code('conflict'));
    await deploy(voyage, 1, { watchMs: 0 });
    await voyage.end();
    await assert.rejects(outcome(voyage, pause()), code('conflict'));
    await voyage.close();
    await assert.rejects(pause(), code('conflict'));
  });

  it('to abort ends the verification that is running', async () => {
    const voyage = await serving();
    const plan = await deploy(voyage, 2);
    await reach({ voyage }, 'verify-before');
    await outcome(voyage, voyage.engine.command(scope, { kind: 'abort', actor: by, reason: null, blame: false }));
    await voyage.world.time.passMs(10);
    const job = voyage.world.target.observeJob(`shop/production/${plan.rollout}/verify-before`);
    assert.deepEqual([job?.state, job?.signal], ['failed', 'SIGTERM']);
    assert.equal(await voyage.end(), 'returned');
    await voyage.close();
  });
});

describe('orders', () => {
  it('that fail for good after a restart hold up neither the rollout nor the others', async () => {
    const voyage = await serving();
    await deploy(voyage, 2, { quality: 'artifact-gone' });
    const killed = new Voyage(3, calm, { killAt: 12 });
    await deploy(killed, 1, { watchMs: 0, quality: 'artifact-gone' });
    assert.equal(await killed.end(), 'returned');
    assert.equal(killed.world.counts.get('faults: crash'), 1);
    assert.equal(await voyage.end(), 'returned');
    assert.deepEqual([...afterwards(voyage)], ['production-1']);
    await voyage.close();
    await killed.close();
  });

  it('that were not kept while their step had its time are kept to afterwards', async () => {
    const voyage = await serving();
    await deploy(voyage, 2);
    await reach({ voyage }, 'watch');
    voyage.weather.down.add('changes of target');
    // The step gives up after its deadline, and goes on: users are served.
    assert.equal(await voyage.end(), 'settled');
    assert.ok(voyage.world.target.observe().some((slot) => slot.revision === 'production-1'));
    voyage.weather.down.clear();
    await voyage.calmDown();
    assert.deepEqual([...afterwards(voyage)], ['production-2']);
    await voyage.close();
  });

  it('are looked after while a rollout is paused: a healed instance gets requests again', async () => {
    const voyage = await serving();
    await deploy(voyage, 2, { quality: 'flapping', watchMs: 20_000 });
    await reach({ voyage }, 'watch');
    await outcome(voyage, voyage.engine.command(scope, { kind: 'pause', actor: by, reason: null }));
    await voyage.world.time.passMs(15_000);
    assert.equal(voyage.world.traffic.answering(), 'production-2');
    const [routed] = voyage.world.traffic.routing?.revisions.filter((each) => each.revision === 'production-2') ?? [];
    const states = routed?.services.flatMap((each) => each.instances.map((instance) => instance.state));
    assert.deepEqual(states, ['accepting', 'accepting']);
    await voyage.close();
  });

  it('of an environment that is taken down: everything stops, users get the page', async () => {
    const voyage = await serving();
    await outcome(voyage, voyage.engine.takeDown(scope, by, 'the party is over'));
    await voyage.calmDown();
    assert.deepEqual([...afterwards(voyage)], []);
    assert.equal(voyage.world.traffic.routing?.mode.kind, 'maintenance');
    await voyage.close();
  });
});

describe('settling the rollout before', () => {
  it('ends a watch, and waits until the old release is gone', async () => {
    const voyage = await serving();
    await deploy(voyage, 2, { watchMs: 600_000 });
    await reach({ voyage }, 'watch');
    assert.equal(await outcome(voyage, voyage.engine.settle(scope, by), 10_000), true);
    assert.equal(voyage.view.environment.serving?.revision, 'production-2');
    await voyage.close();
  });

  it('is refused before the watch, on the way back, and in a pause', async () => {
    const voyage = await serving();
    await deploy(voyage, 2, { watchMs: 600_000 });
    await reach({ voyage }, 'verify-before');
    assert.equal(await outcome(voyage, voyage.engine.settle(scope, by)), false);
    await reach({ voyage }, 'watch');
    await outcome(voyage, voyage.engine.command(scope, { kind: 'pause', actor: by, reason: 'let me look' }));
    assert.equal(await outcome(voyage, voyage.engine.settle(scope, by)), false);
    assert.equal(voyage.view.rollout?.pause?.reason, 'let me look');
    await outcome(voyage, voyage.engine.command(scope, { kind: 'abort', actor: by, reason: null, blame: false }));
    assert.equal(await outcome(voyage, voyage.engine.settle(scope, by)), false);
    await voyage.close();
  });

  it('has nothing to do where none is under way', async () => {
    const voyage = await serving();
    assert.equal(await outcome(voyage, voyage.engine.settle(scope, by)), true);
    await voyage.close();
  });
});

it('what a rollout could not stop is stopped, also when the next one has begun', async () => {
  const voyage = await serving();
  await deploy(voyage, 2, { watchMs: 0 });
  await reach({ voyage }, 'drain-old');
  voyage.weather.down.add('changes of target');
  assert.equal(await voyage.end(), 'settled');
  assert.deepEqual([...afterwards(voyage)], ['production-1', 'production-2']);
  await deploy(voyage, 3, { watchMs: 0 });
  voyage.weather.down.clear();
  assert.equal(await voyage.end(), 'settled');
  await voyage.calmDown();
  assert.deepEqual([...afterwards(voyage)], ['production-3']);
  await voyage.close();
});

describe('time that nobody looked at', () => {
  it('costs a rollout nothing: after a jump of the clock its step gets its time again', async () => {
    const voyage = await serving();
    await deploy(voyage, 2, { quality: 'slow' });
    await reach({ voyage }, 'start');
    voyage.world.time.jump(8 * 3_600_000);
    assert.equal(await voyage.end(), 'settled');
    assert.ok(voyage.world.trace.some((line) => line.includes('rollout-taken-up')));
    await voyage.close();
  });

  it('costs nothing either when the clock was set while a call was under way', async () => {
    const voyage = new Voyage(3, { 'slow request': 0.9 });
    await deploy(voyage, 1, { quality: 'slow', watchMs: 0 });
    await reach({ voyage }, 'start');
    const { shore } = voyage.world;
    for (const ms of [310, 620, 930]) shore.time.after(ms, () => (shore.clockOffsetMs += 8 * 3_600_000));
    assert.equal(await voyage.end(), 'settled');
    await voyage.close();
  });

  it('is not forgotten while the journal cannot be written', async () => {
    const voyage = await serving();
    await deploy(voyage, 2, { watchMs: 5_000 });
    await reach({ voyage }, 'watch');
    voyage.weather.down.add('changes of journal');
    voyage.world.shore.clockOffsetMs -= 8 * 3_600_000;
    await voyage.world.time.passMs(3_000);
    voyage.weather.down.clear();
    assert.equal(await voyage.end(), 'settled');
    await voyage.close();
  });

  it('suspended overnight and started again, what was watched settles', async () => {
    const voyage = await serving();
    await deploy(voyage, 2, { watchMs: 5_000 });
    await reach({ voyage }, 'watch');
    voyage.world.invariants.isSuspended = true;
    await outcome(voyage, voyage.engine.suspend(), 60_000);
    assert.deepEqual([...afterwards(voyage)], []);
    await voyage.world.time.passMs(9 * 3_600_000);
    voyage.restart();
    assert.equal(await voyage.end(), 'settled');
    await voyage.calmDown();
    assert.deepEqual([...afterwards(voyage)], ['production-2']);
    await voyage.close();
  });
});

describe('a newer control plane', () => {
  it('takes over: the older one stops, says so, and orders nothing any more', async () => {
    const voyage = await serving();
    const older = voyage.engine;
    await deploy(voyage, 2);
    await reach({ voyage }, 'watch');
    voyage.restart();
    assert.equal(await voyage.end(), 'settled');
    await assert.rejects(
      outcome(voyage, older.command(scope, { kind: 'abort', actor: by, reason: null, blame: false }), 5_000),
      (error) => code('fenced-off')(error) || code('conflict')(error),
    );
    assert.deepEqual([...afterwards(voyage)], ['production-2']);
    await voyage.close();
  });
});

describe('an environment', () => {
  it('that is added twice at once is read once, and known when both are answered', async () => {
    const voyage = await serving();
    const other = { app: 'shop', environment: 'staging' };
    await outcome(voyage, Promise.all([voyage.engine.add(other), voyage.engine.add(other)]));
    await voyage.close();
  });

  it('whose journal cannot be read yet can be added later', async () => {
    const voyage = await serving();
    const other = { app: 'shop', environment: 'staging' };
    voyage.weather.down.add('journal');
    await assert.rejects(outcome(voyage, voyage.engine.add(other)), code('disk-full'));
    voyage.weather.down.clear();
    await outcome(voyage, voyage.engine.add(other));
    assert.notEqual(voyage.engine.view(other).sequence, 0);
    await voyage.close();
  });
});
