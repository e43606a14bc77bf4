import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planFor, revision, service } from '../../test/simulation/shapes.ts';
import type { Address } from '../core/routing-document.ts';
import type { GateDefinition } from '../rollout/plan.ts';
import { recordedPlane } from './fixtures/recorded-plane.ts';

const services = [service('web', { instances: 2 }), service('mails', { kind: 'worker', port: null })];
type Recorded = ReturnType<typeof recordedPlane>;

async function begin({ world, voyage }: Recorded, number: number, gates: readonly GateDefinition[] = []) {
  const to = revision(number, services);
  world.add(to, 'good');
  const wanted = { kind: 'deploy', to, strategy: 'blue-green', watchMs: 2_000, gates } as const;
  return await voyage.begin((view) => planFor(world, view.environment, number, wanted));
}

async function deploy(recorded: Recorded, number: number) {
  await begin(recorded, number);
  assert.equal(await recorded.voyage.end(), 'settled');
  await recorded.voyage.calmDown();
}

it('in calm weather each step orders what it orders once', async () => {
  const recorded = recordedPlane();
  await deploy(recorded, 1);
  await deploy(recorded, 2);
  assert.deepEqual(recorded.ordered, [
    'production-1/web × 2',
    'production-1/mails × 1',
    'production-2/web × 2',
    'production-1/mails × 0',
    'production-2/mails × 1',
    'production-1/web × 0',
    'production-1/mails × 0',
  ]);
  await recorded.voyage.close();
});

it('a rollout is taken up when it is begun, not when the loop looks the next time', async () => {
  const recorded = recordedPlane();
  await deploy(recorded, 1);
  for (const number of [2, 3]) {
    // Not at a moment at which the loop would look anyway.
    await recorded.world.time.passMs(370);
    await begin(recorded, number);
    await recorded.world.time.passMs(20);
    assert.equal(recorded.voyage.view.rollout?.stage, 'performed');
    assert.equal(await recorded.voyage.end(), 'settled');
    await recorded.voyage.calmDown();
  }
  await recorded.voyage.close();
});

it('while nothing moves slots are looked at once a second, and twice after a problem', async () => {
  let looks = 0;
  const recorded = recordedPlane(({ target }) => ({
    target: { ...target, observe: async (scope) => (looks++, await target.observe(scope)) },
  }));
  await deploy(recorded, 1);
  const looksIn = async (ms: number) => {
    const before = looks;
    await recorded.world.time.passMs(ms);
    return looks - before;
  };
  assert.equal(await looksIn(20_000), 20);
  recorded.voyage.weather.down.add('target');
  assert.equal(await looksIn(20_000), 40);
  await recorded.voyage.close();
});

it('a release is looked up while something of it is ordered, runs or has users, and once', async () => {
  const recorded = recordedPlane();
  await deploy(recorded, 1);
  await deploy(recorded, 2);
  recorded.bound.length = 0;
  recorded.planes.restart();
  await recorded.voyage.calmDown();
  assert.deepEqual([...new Set(recorded.bound)], ['production-2']);
  const soFar = recorded.bound.length;
  await recorded.world.time.passMs(30_000);
  assert.equal(recorded.bound.length, soFar);
  await recorded.voyage.close();
});

it('a port that a service takes by itself is kept when it is first seen, and when it has changed', async () => {
  let port: number | null = 8_080;
  const recorded = recordedPlane(({ target }) => ({
    target: {
      ...target,
      observe: async (scope) =>
        (await target.observe(scope)).map((slot) => (slot.service === 'web' ? { ...slot, fixedPort: port } : slot)),
    },
  }));
  await deploy(recorded, 1);
  assert.deepEqual(recorded.learned, ['web 8080']);
  port = 8_081;
  await recorded.world.time.passMs(5_000);
  port = null;
  await recorded.world.time.passMs(5_000);
  assert.deepEqual(recorded.learned, ['web 8080', 'web 8081']);
  await recorded.voyage.close();
});

it('the ports of a release are given back when the routes do not name it any more, also by another control plane', async () => {
  const recorded = recordedPlane();
  await deploy(recorded, 1);
  await deploy(recorded, 2);
  assert.deepEqual(recorded.released, ['production-1']);
  await begin(recorded, 3);
  const { time } = recorded.world;
  const isStopping = () =>
    recorded.voyage.view.rollout?.plan.steps[recorded.voyage.view.rollout.index]?.id === 'stop-old';
  assert.ok(await time.pass(isStopping, 60_000));
  recorded.planes.restart();
  assert.equal(await recorded.voyage.end(), 'settled');
  await recorded.voyage.calmDown();
  assert.deepEqual(recorded.released, ['production-1', 'production-2']);
  await recorded.voyage.close();
});

it('an environment is not taken down while a rollout is under way', async () => {
  const recorded = recordedPlane();
  await deploy(recorded, 1);
  await begin(recorded, 2);
  const { engine, world } = recorded.voyage;
  await assert.rejects(engine.takeDown(world.scope, { kind: 'person', id: 'grace' }, null), {
    ...{ code: 'conflict', message: 'production-rollout-2 has not ended' },
    hint: 'End it with `lotse cancel` first.',
  });
  assert.equal(await recorded.voyage.end(), 'settled');
  await recorded.voyage.close();
});

it('what a gate waits for is noticed at once when somebody says so', async () => {
  const recorded = recordedPlane();
  const { world, voyage } = recorded;
  await deploy(recorded, 1);
  const plan = await begin(recorded, 2, [{ id: 'approval', kind: 'approval', approvals: 1 }]);
  await world.time.passMs(5_370);
  assert.equal(voyage.view.rollout?.stage, 'next');
  const subject = { kind: 'release', release: plan.to.release } as const;
  const by = { kind: 'person', id: 'grace' } as const;
  const more = { environment: 'production', at: world.time.now, until: null, hash: '', summary: '' };
  world.evidence.push({ id: 'approval', gate: 'approval', subject, by, ...more });
  voyage.engine.wake(world.scope);
  await world.time.passMs(20);
  assert.equal(voyage.view.rollout?.stage, 'performed');
  assert.equal(await voyage.end(), 'settled');
  await voyage.close();
});

describe('a gate that was open when it was asked, and has shut since,', () => {
  /** Release 2 waits for its gate. When that is open for once, `meanwhile` happens in the same moment. */
  async function openedOnce(meanwhile: (recorded: Recorded) => Promise<unknown>) {
    let isOpen = false;
    let slowMs = 0;
    const recorded = recordedPlane(({ bindings, target, clock }) => ({
      bindings: {
        ...bindings,
        gates: async (_, ids) => {
          const state = isOpen
            ? ({ kind: 'open', evidence: [] } as const)
            : ({ kind: 'waiting', opensAt: null } as const);
          if (isOpen) void meanwhile(recorded);
          isOpen = false;
          return ids.map((gate) => ({ gate, title: gate, state, message: '' }));
        },
      },
      target: {
        ...target,
        observe: async (scope) => {
          if (slowMs > 0) await clock.sleep(slowMs, new AbortController().signal);
          return await target.observe(scope);
        },
      },
    }));
    await deploy(recorded, 1);
    await begin(recorded, 2, [{ id: 'approval', kind: 'approval', approvals: 1 }]);
    await recorded.world.time.passMs(1_000);
    return {
      ...recorded,
      slowDown: (ms: number) => (slowMs = ms),
      open: async () => {
        isOpen = true;
        recorded.voyage.engine.wake(recorded.world.scope);
        await recorded.world.time.passMs(8_000);
        assert.equal(isOpen, false, 'it was asked');
      },
    };
  }
  const say = ({ voyage, world }: Recorded, kind: 'pause' | 'resume') => {
    const actor = { kind: 'person', id: 'grace' } as const;
    return voyage.engine.command(world.scope, { kind, actor, reason: null }).catch(() => undefined);
  };
  const placeOf = ({ voyage: { view } }: Recorded) => [view.rollout?.index, view.rollout?.stage];

  it('opens no step after persons have been heard', async () => {
    const recorded = await openedOnce((plane) => Promise.all([say(plane, 'pause'), say(plane, 'resume')]));
    await recorded.open();
    assert.deepEqual(placeOf(recorded), [0, 'next']);
    assert.deepEqual(recorded.world.violations, []);
    await recorded.voyage.close();
  });

  it('opens no step after a call that was slow', async () => {
    const recorded = await openedOnce((plane) => say(plane, 'resume'));
    recorded.slowDown(2_000);
    await recorded.open();
    assert.deepEqual(placeOf(recorded), [0, 'next']);
    assert.deepEqual(recorded.world.violations, []);
    await recorded.voyage.close();
  });
});

it('what was planned from another state is refused, and may be planned anew', async () => {
  const recorded = recordedPlane();
  const { engine, world, view } = recorded.voyage;
  const to = revision(2, services);
  world.add(to, 'good');
  const wanted = { kind: 'deploy', to, strategy: 'blue-green', watchMs: 0, gates: [] } as const;
  const stale = planFor(world, view.environment, 2, wanted);
  await deploy(recorded, 1);
  await assert.rejects(engine.begin(stale), { code: 'conflict', retriable: true });
  await recorded.voyage.close();
});

it('of two rollouts that are begun at once one is refused, and may be tried again', async () => {
  const recorded = recordedPlane();
  await deploy(recorded, 1);
  const { engine, world, view } = recorded.voyage;
  const to = revision(2, services);
  world.add(to, 'good');
  const plan = planFor(world, view.environment, 2, {
    ...{ kind: 'deploy', to, strategy: 'blue-green', watchMs: 0, gates: [] },
  });
  const first = engine.begin(plan);
  await assert.rejects(engine.begin(plan), { code: 'conflict', retriable: true });
  await first;
  await assert.rejects(engine.begin(plan), { code: 'conflict', hint: /lotse rollback/ });
  assert.equal(await recorded.voyage.end(), 'settled');
  await recorded.voyage.close();
});

describe('what is adopted', () => {
  const upstream = { host: '10.0.0.7', port: 80 };
  const ada = { kind: 'person', id: 'ada' } as const;
  const adopt = ({ voyage, world }: Recorded, other: Partial<Address> = {}) =>
    voyage.engine.adopt(world.scope, { ...upstream, ...other }, ada, 'it serves today');
  const opened = async () => {
    const recorded = recordedPlane();
    await recorded.world.time.passMs(370);
    return recorded;
  };
  const eventsOf = ({ world }: Recorded) => world.journal.read({ after: 0, limit: 100, correlationId: null });

  it('gets all requests at once, by name of the person and with the reason', async () => {
    const recorded = await opened();
    await adopt(recorded);
    await recorded.world.time.passMs(20);
    assert.deepEqual(recorded.world.traffic.routing?.mode, { kind: 'adopted', address: upstream });
    const [event] = eventsOf(recorded);
    assert.deepEqual([event?.type, event?.actor, event?.reason], ['upstream-adopted', ada, 'it serves today']);
    assert.equal(recorded.voyage.view.rollout, null);
    assert.deepEqual(recorded.ordered, []);
    await recorded.voyage.close();
  });

  it('may be adopted again, which changes nothing, also after a restart', async () => {
    const recorded = await opened();
    await adopt(recorded);
    await adopt(recorded);
    recorded.planes.restart();
    await recorded.voyage.calmDown();
    await adopt(recorded);
    assert.equal(eventsOf(recorded).length, 1);
    await adopt(recorded, { port: 81 });
    await adopt(recorded, { host: '10.0.0.8', port: 81 });
    assert.equal(eventsOf(recorded).length, 3);
    await recorded.voyage.close();
  });

  it('is refused while a rollout is under way, and once a release serves', async () => {
    const recorded = await opened();
    await adopt(recorded);
    recorded.world.before = { kind: 'adopted', ...upstream };
    await begin(recorded, 1);
    await assert.rejects(adopt(recorded, { port: 81 }), { code: 'conflict', message: /has not ended/ });
    assert.equal(await recorded.voyage.end(), 'settled');
    await recorded.voyage.calmDown();
    await assert.rejects(adopt(recorded), {
      ...{ code: 'conflict', message: /r1.* serves/ },
      hint: 'What served before Lotse is adopted before the first release.',
    });
    await recorded.voyage.close();
  });
});
