import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Quality } from '../../test/simulation/behaviour.ts';
import { planFor, revision, service } from '../../test/simulation/shapes.ts';
import { LotseError } from '../core/errors.ts';
import { Engine } from './engine.ts';
import { reach } from './fixtures/in-time.ts';
import { rules as brief } from './fixtures/judge-wishes.ts';
import { recordedPlane } from './fixtures/recorded-plane.ts';
import type { EngineParts } from './parts.ts';

/** The real engine in simulated time, on ports of which some calls are never answered, or only when the test says so. */
const services = [service('web', { instances: 2 }), service('mails', { kind: 'worker', port: null })];
const rules = { ...brief, withinMs: 300_000 };
const by = { kind: 'person', id: 'grace' } as const;

type Port = 'target' | 'traffic';

function hangingPlane() {
  const silent = new Set<string>();
  /** `arrive`: it happens, and nobody is told; `answer`: it happens, and its caller is told. */
  const held: { what: string; arrive: () => Promise<unknown>; answer: () => Promise<unknown> }[] = [];
  /** Calls of which the name is in `silent` (`target`, `target.ensure`) go nowhere. */
  const through =
    <Args extends readonly unknown[], Value>(port: Port, name: string, call: (...args: Args) => Promise<Value>) =>
    (...args: Args): Promise<Value> => {
      const what = `${port}.${name}`;
      if (!silent.has(port) && !silent.has(what)) return call(...args);
      const { promise, resolve, reject } = Promise.withResolvers<Value>();
      held.push({ what, arrive: () => call(...args), answer: () => call(...args).then(resolve, reject) });
      return promise;
    };
  const change = ({ target, traffic }: EngineParts): Partial<EngineParts> => ({
    target: {
      ...target,
      ensure: through('target', 'ensure', target.ensure),
      observe: through('target', 'observe', target.observe),
      startJob: through('target', 'startJob', target.startJob),
      observeJob: through('target', 'observeJob', target.observeJob),
      cancelJob: through('target', 'cancelJob', target.cancelJob),
    },
    traffic: {
      ...traffic,
      publish: through('traffic', 'publish', traffic.publish),
      status: through('traffic', 'status', traffic.status),
      environments: through('traffic', 'environments', traffic.environments),
      counters: through('traffic', 'counters', traffic.counters),
    },
  });
  return { ...recordedPlane(change), silent, held };
}
type Plane = ReturnType<typeof hangingPlane>;

async function begin({ world, voyage }: Plane, number: number, quality: Quality, strategy: 'blue-green' | 'canary') {
  const to = revision(number, services);
  world.add(to, quality);
  const shares = [50, 250].map((permille) => ({ permille, everyMs: 0, expectedMs: null }));
  const judged = strategy === 'canary' ? { canary: { shares }, holdbackPermille: 50, rules } : {};
  const wanted = { kind: 'deploy', to, strategy, watchMs: 2_000, gates: [], ...judged } as const;
  return await voyage.begin((view) => planFor(world, view.environment, number, wanted));
}

/** Release 1 serves. */
async function serving(): Promise<Plane> {
  const plane = hangingPlane();
  await begin(plane, 1, 'good', 'blue-green');
  assert.equal(await plane.voyage.end(), 'settled');
  await plane.voyage.calmDown();
  return plane;
}

async function abort({ world, voyage }: Plane) {
  let isHeard = false;
  const heard = voyage.engine.command(world.scope, { kind: 'abort', actor: by, reason: null, blame: false });
  heard.then(
    () => (isHeard = true),
    () => undefined,
  );
  assert.ok(await world.time.pass(() => isHeard, 15_000), 'nobody answers');
}

const permilleOf = ({ world }: Plane, id: string) =>
  world.traffic.routing?.shares.find((share) => share.revision === id)?.permille ?? 0;

describe('while the target says nothing', () => {
  for (const silence of ['target', 'target.observe', 'target.ensure'] as const) {
    it(`a harmful release is taken back all the same (${silence})`, async () => {
      const plane = await serving();
      const { world, voyage, silent } = plane;
      await begin(plane, 2, 'fails-users', 'canary');
      await reach(plane, 'share-1');
      silent.add(silence);
      const isFound = () => voyage.engine.judged(world.scope)?.judgement.verdict === 'harmful';
      assert.ok(await world.time.pass(isFound, 120_000), 'no harm is found');
      const isBack = () => permilleOf(plane, 'production-2') === 0;
      assert.ok(await world.time.pass(isBack, 25_000), 'users are left with it');
      assert.equal(voyage.view.rollout?.cause?.kind, 'judged-harmful');
      silent.clear();
      assert.equal(await voyage.end(), 'returned');
      await voyage.calmDown();
      assert.deepEqual(world.violations, []);
      await voyage.close();
    });
  }

  it('a person is heard, and the verification that could not be ended is ended later', async () => {
    const plane = await serving();
    const { world, voyage, silent } = plane;
    const { rollout } = await begin(plane, 2, 'good', 'blue-green');
    await reach(plane, 'verify-before');
    silent.add('target');
    await abort(plane);
    assert.equal(voyage.view.rollout?.direction, 'back');
    silent.clear();
    assert.equal(await voyage.end(), 'returned');
    await voyage.calmDown();
    assert.notEqual(world.target.observeJob(`shop/production/${rollout}/verify-before`)?.state, 'running');
    assert.deepEqual(world.violations, []);
    await voyage.close();
  });

  it('a control plane that starts leaves users where they are', async () => {
    const plane = await serving();
    const { world, voyage, silent, planes } = plane;
    const before = JSON.stringify(world.traffic.routing);
    silent.add('target');
    planes.restart();
    await world.time.passMs(30_000);
    assert.equal(JSON.stringify(world.traffic.routing), before);
    assert.equal(world.traffic.answering(), 'production-1');
    assert.deepEqual(world.violations, []);
    silent.clear();
    await voyage.calmDown();
    assert.equal(world.traffic.answering(), 'production-1');
    await voyage.close();
  });

  it('orders are not given again and again', async () => {
    const plane = await serving();
    const { world, held, silent, voyage } = plane;
    silent.add('target.ensure');
    await begin(plane, 2, 'good', 'blue-green');
    await reach(plane, 'start', 'intended');
    await world.time.passMs(14_000);
    assert.deepEqual(
      held.map(({ what }) => what),
      ['target.ensure'],
    );
    silent.clear();
    await voyage.end();
    await voyage.close();
  });
});

describe('an order that comes late', () => {
  it('and is older than the one in force is put right', async () => {
    const plane = await serving();
    const { world, voyage, held, silent } = plane;
    silent.add('target.ensure');
    await begin(plane, 2, 'good', 'blue-green');
    await reach(plane, 'start', 'intended');
    await world.time.passMs(11_000);
    await abort(plane);
    silent.clear();
    assert.equal(await voyage.end(), 'returned');
    await voyage.calmDown();
    assert.equal(world.target.slotsOrdered('production-2', 'web'), 0);
    for (const each of held.splice(0)) await each.answer();
    assert.equal(world.target.slotsOrdered('production-2', 'web'), 2);
    await world.time.passMs(5_000);
    assert.equal(world.target.slotsOrdered('production-2', 'web'), 0);
    await voyage.close();
  });

  it('and stops what runs is put right too, also when its answer is never heard', async () => {
    const plane = await serving();
    const { world, voyage, held, silent } = plane;
    await begin(plane, 2, 'good', 'blue-green');
    await reach(plane, 'drain-old');
    silent.add('target.ensure');
    await reach(plane, 'stop-old', 'intended');
    await world.time.passMs(11_000);
    silent.clear();
    assert.equal(await voyage.end(), 'settled');
    await voyage.calmDown();
    const to = revision(1, services);
    const wanted = { kind: 'rollback', to, strategy: 'blue-green', watchMs: 0, gates: [] } as const;
    await voyage.begin((view) => planFor(world, view.environment, 3, wanted));
    assert.equal(await voyage.end(), 'settled');
    await voyage.calmDown();
    world.invariants.orderComesLate();
    const older = held.filter(({ what }) => what === 'target.ensure');
    for (const { arrive } of older) await arrive();
    assert.equal(world.target.slotsOrdered('production-1', 'web'), 0);
    await world.time.passMs(1_500);
    assert.equal(world.target.slotsOrdered('production-1', 'web'), 2);
    await world.time.passMs(5_000);
    assert.equal(world.traffic.answering(), 'production-1');
    assert.deepEqual(world.violations, []);
    await voyage.close();
  });

  it('and sends users elsewhere is put right', async () => {
    const plane = await serving();
    const { world, voyage, held, silent } = plane;
    await begin(plane, 2, 'good', 'blue-green');
    await reach(plane, 'verify-before');
    silent.add('traffic.publish');
    await reach(plane, 'shift', 'intended');
    await world.time.passMs(11_000);
    await abort(plane);
    silent.clear();
    assert.equal(await voyage.end(), 'returned');
    await voyage.calmDown();
    const [shift] = held;
    await shift?.answer();
    assert.equal(permilleOf(plane, 'production-2'), 1_000);
    await world.time.passMs(20);
    assert.equal(permilleOf(plane, 'production-2'), 0);
    assert.equal(world.traffic.answering(), 'production-1');
    await voyage.close();
  });

  it('and is a job that nobody waits for any more is ended', async () => {
    const plane = await serving();
    const { world, voyage, held, silent } = plane;
    silent.add('target.startJob');
    const { rollout } = await begin(plane, 2, 'good', 'blue-green');
    await reach(plane, 'verify-before', 'intended');
    await world.time.passMs(11_000);
    await abort(plane);
    silent.clear();
    assert.equal(await voyage.end(), 'returned');
    for (const each of held.splice(0)) await each.answer();
    const job = () => world.target.observeJob(`shop/production/${rollout}/verify-before`);
    assert.equal(job()?.state, 'running');
    await world.time.passMs(20);
    assert.deepEqual([job()?.state, job()?.signal], ['failed', 'SIGTERM']);
    await voyage.close();
  });
});

describe('a job that no rollout ordered', () => {
  it('is given up by whoever started it when its target says nothing', async () => {
    const { world, voyage, parts } = await serving();
    const startJob = () => Promise.withResolvers<void>().promise;
    const engine = new Engine({ ...parts, target: { ...parts.target, startJob } });
    const definition = { job: 'tidy', argv: ['true'], root: '.', withinMs: 1_000 };
    const wanted = { key: 'tidy/1', revision: revision(1, services), definition, variables: {} };
    const told = engine.startJob(world.scope, wanted).catch((error: unknown) => error);
    await world.time.passMs(11_000);
    const error = await told;
    assert.ok(error instanceof LotseError && error.code === 'timeout' && error.retriable, String(error));
    await engine.close();
    await voyage.close();
  });
});

describe('while the proxy says nothing', () => {
  it('routes that nobody confirms are given again, and in force once it answers', async () => {
    const plane = await serving();
    const { world, voyage, held, silent } = plane;
    await begin(plane, 2, 'good', 'blue-green');
    await reach(plane, 'verify-before');
    silent.add('traffic.publish');
    await reach(plane, 'shift', 'intended');
    await world.time.passMs(8_000);
    assert.equal(held.length, 1);
    silent.clear();
    // The one that hangs is never answered: it is given up, and another one goes.
    assert.equal(await voyage.end(), 'settled');
    assert.equal(world.traffic.answering(), 'production-2');
    await voyage.close();
  });
});
