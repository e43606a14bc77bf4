import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LotseError } from '../core/errors.ts';
import type { RoutedEnvironment } from '../core/routing-document.ts';
import type { TargetSlot } from '../ports/targets/targets.ts';
import { emptyEnvironment, type EnvironmentState, type SlotOrder } from '../rollout/environment-state.ts';
import { PlainPorts, targetSlot } from './fixtures/plain-ports.ts';
import { Reconciler } from './reconcile.ts';

const scope = { app: 'shop', environment: 'production' };
const order = (of: number, service: string, slots: number): SlotOrder => {
  return { revision: `production-${of}`, service, slots, claim: null };
};
const ordering = (...orders: readonly SlotOrder[]): EnvironmentState => ({ ...emptyEnvironment, orders });
const unreachable = new LotseError('unreachable', 'away', { retriable: true });

function reconciling() {
  const ports = new PlainPorts();
  const reconciler = new Reconciler(ports.parts, scope);
  /** What the target is told when orders are kept, with these slots to be seen. */
  const kept = async (state: EnvironmentState, ...slots: readonly TargetSlot[]) => {
    ports.slots = slots;
    await reconciler.look();
    await reconciler.keepOrders(state);
    return ports.takeOrders();
  };
  return { ports, reconciler, kept };
}

describe('after a start', () => {
  it('what is ordered to run is handed over, once', async () => {
    const { ports, reconciler } = reconciling();
    const state = ordering(order(1, 'web', 2), order(1, 'mails', 0), order(2, 'web', 1));
    reconciler.handOver(state.orders);
    assert.equal(await reconciler.keepOrders(state), true);
    assert.deepEqual(ports.takeOrders(), ['production-1/web × 2', 'production-2/web × 1']);
    assert.equal(await reconciler.keepOrders(state), true);
    assert.deepEqual(ports.takeOrders(), []);
  });

  it('nothing is known to run before somebody has looked', async () => {
    const { ports, reconciler } = reconciling();
    ports.slots = [targetSlot(1, 'web')];
    assert.deepEqual(reconciler.slots, []);
    assert.deepEqual(await reconciler.look(), ports.slots);
    assert.deepEqual(reconciler.slots, ports.slots);
  });
});

describe('what runs without an order', () => {
  const state = ordering(order(1, 'web', 2), order(2, 'web', 3), order(1, 'api', 3));
  for (const [what, slots, told] of [
    ['as many copies as ordered', [0, 1].map((slot) => targetSlot(1, 'web', { slot })), []],
    ['one copy too many', [targetSlot(1, 'web', { slot: 2 })], ['production-1/web × 2']],
    ['one too many that stops already', [targetSlot(1, 'web', { slot: 2, state: 'stopping' })], []],
    ['a copy of another revision', [targetSlot(2, 'web', { slot: 2 })], []],
    ['a copy of another service', [targetSlot(1, 'api', { slot: 2 })], []],
    [
      'what nobody speaks of any more',
      [targetSlot(3, 'web'), targetSlot(3, 'web', { slot: 1 }), targetSlot(3, 'api')],
      ['production-3/web × 0', 'production-3/api × 0'],
    ],
    ['what nobody speaks of any more, and stops', [targetSlot(3, 'web', { state: 'stopping' })], []],
  ] as const) {
    it(`${told.length > 0 ? 'is stopped, again and again' : 'is not'}: ${what}`, async () => {
      const { kept } = reconciling();
      assert.deepEqual(await kept(state, ...slots), told);
      assert.deepEqual(await kept(state, ...slots), told);
    });
  }
});

describe('an order that fails', () => {
  const state = ordering(order(1, 'web', 2), order(1, 'api', 1), order(1, 'mails', 1));

  it('holds up no other one, is told, and is given again', async () => {
    for (const problem of [unreachable, new Error('odd')]) {
      const { ports, reconciler } = reconciling();
      reconciler.handOver(state.orders);
      ports.refusals.set('web', problem);
      assert.equal(await reconciler.keepOrders(state), false);
      assert.equal(ports.takeOrders().length, 3);
      assert.deepEqual(ports.problems, [`shop/production, ordering web of production-1: ${problem.message}`]);
      ports.refusals.clear();
      assert.equal(await reconciler.keepOrders(state), true);
      assert.deepEqual(ports.takeOrders(), ['production-1/web × 2']);
    }
  });

  it('holds up the others where the target does not answer', async () => {
    const { ports, reconciler } = reconciling();
    reconciler.handOver(state.orders);
    ports.refusals.set('api', new LotseError('timeout', 'the target did not answer', { retriable: true }));
    assert.equal(await reconciler.keepOrders(state), false);
    assert.deepEqual(ports.takeOrders(), ['production-1/web × 2', 'production-1/api × 1']);
  });
});

describe('an order in doubt', () => {
  const web = order(1, 'web', 2);
  const state = ordering(web, order(2, 'web', 1), order(1, 'api', 1));

  it('is given again at once, and then every half minute for ten minutes', async () => {
    const { ports, reconciler } = reconciling();
    reconciler.doubt(web);
    const givenAt: number[] = [];
    for (let second = 0; second <= 700; second++) {
      ports.uptimeMs = second * 1_000;
      await reconciler.keepOrders(state);
      for (const given of ports.takeOrders()) {
        assert.equal(given, 'production-1/web × 2');
        givenAt.push(second);
      }
    }
    assert.deepEqual(
      givenAt,
      Array.from({ length: 20 }, (_, index) => index * 30),
    );
  });

  const both = [targetSlot(1, 'web'), targetSlot(1, 'web', { slot: 1 })];
  for (const [what, slots, isShort] of [
    ['all of its copies are there', both, false],
    ['one is missing', both.slice(0, 1), true],
    ['one of two stops', [targetSlot(1, 'web'), targetSlot(1, 'web', { slot: 1, state: 'stopping' })], true],
    ['the second one is of another revision', [targetSlot(1, 'web'), targetSlot(2, 'web')], true],
    ['the second one is of another service', [targetSlot(1, 'web'), targetSlot(1, 'api')], true],
  ] as const) {
    it(`is ${isShort ? 'given with every look' : 'not given before its time'} when ${what}`, async () => {
      const { ports, reconciler, kept } = reconciling();
      reconciler.doubt(web);
      await kept(state, ...slots);
      const again = isShort ? ['production-1/web × 2'] : [];
      for (const second of [1, 2, 599]) {
        ports.uptimeMs = second * 1_000;
        if (second === 599) await kept(state, ...both);
        assert.deepEqual(await kept(state, ...slots), again);
      }
    });
  }

  it('is as good as any other after ten minutes: what is missing is the business of the target', async () => {
    const { ports, reconciler, kept } = reconciling();
    reconciler.doubt(web);
    await kept(state, ...both);
    ports.uptimeMs = 600_000;
    await kept(state, ...both);
    ports.uptimeMs = 600_001;
    assert.deepEqual(await kept(state), []);
  });

  it('of which nothing is wrong was never in doubt: what is missing is the business of the target', async () => {
    const { kept } = reconciling();
    assert.deepEqual(await kept(state), []);
  });
});

it('an order keeps away from the addresses that any environment is known to have', async () => {
  const { ports, reconciler } = reconciling();
  await reconciler.publish(ordering(order(1, 'web', 1)));
  const [own] = ports.published;
  assert.ok(own);
  const address = { host: '127.0.0.1', port: 3_009 };
  const instance = { slot: 0, address, state: 'accepting', drainMs: 0 } as const;
  const revisions = own.revisions.map((revision) => {
    return { ...revision, services: revision.services.map((each) => ({ ...each, instances: [instance] })) };
  });
  ports.inForce = [{ ...own, environment: 'staging', revisions }];
  await reconciler.order(order(1, 'web', 1));
  assert.deepEqual(new Set(ports.orders[0]?.avoid), new Set([address]));
  assert.equal(ports.calls.at(-1), 'at ensured web');
});

describe('the routes', () => {
  const serving = (of: number, ...orders: readonly SlotOrder[]): EnvironmentState => {
    const shares = [{ revision: `production-${of}`, permille: 1_000 }];
    return { ...ordering(...orders), level: { kind: 'shares', shares } };
  };
  const instances = (routed: RoutedEnvironment | undefined) =>
    routed?.revisions.flatMap(({ revision, services }) =>
      services.flatMap(({ service, instances: all }) => all.map(({ slot }) => `${revision}/${service}/${slot}`)),
    );

  it('are published when they differ from what was published, and again when in doubt', async () => {
    const { ports, reconciler } = reconciling();
    const state = serving(1, order(1, 'web', 1));
    await reconciler.look();
    for (let time = 0; time < 3; time++) await reconciler.publish(state);
    assert.equal(ports.published.length, 1);
    ports.slots = [targetSlot(1, 'web')];
    await reconciler.look();
    await reconciler.publish(state);
    assert.deepEqual(ports.published.map(instances), [[], ['production-1/web/0']]);
    reconciler.doubtRoutes();
    await reconciler.publish(state);
    assert.deepEqual(ports.published[2], ports.published[1]);
    assert.equal(ports.calls.at(-1), 'at published');
  });

  it('are published again when their answer was lost', async () => {
    const { ports, reconciler } = reconciling();
    ports.lostAnswer = unreachable;
    await assert.rejects(reconciler.publish(serving(1, order(1, 'web', 1))), { code: 'unreachable' });
    ports.lostAnswer = null;
    await reconciler.publish(serving(1, order(1, 'web', 1)));
    assert.equal(ports.published.length, 2);
  });

  it('have the ports of each revision and where these are', async () => {
    const { ports, reconciler } = reconciling();
    const inner = { host: '172.30.1.1', network: '172.30.1.0/24', publicPort: 8_101 };
    ports.ports = { internal: { web: 5_001 }, inner };
    await reconciler.publish(serving(1, order(1, 'web', 1)));
    const [first] = ports.published[0]?.revisions ?? [];
    assert.deepEqual([first?.pinnedPort, first?.inner], [4_001, inner]);
    const internal = first?.services.map(({ service, internalPort }) => [service, internalPort]);
    assert.deepEqual(internal, [
      ['web', 5_001],
      ['api', null],
    ]);
  });

  for (const level of ['shares', 'paused', 'maintenance'] as const) {
    it(`name what is ordered to run, runs, or has users, which is looked up once (${level})`, async () => {
      const { ports, reconciler } = reconciling();
      const shares = [{ revision: 'production-3', permille: 1_000 }];
      const of = { message: '', maxHeld: 1, maxHoldMs: 1 };
      const state = { ...ordering(order(1, 'web', 1), order(4, 'web', 0)), level: { kind: level, shares, ...of } };
      ports.slots = [targetSlot(2, 'web')];
      await reconciler.look();
      await reconciler.publish(state);
      reconciler.doubtRoutes();
      await reconciler.publish(state);
      const named = level === 'maintenance' ? [1, 2] : [1, 2, 3];
      assert.deepEqual(
        ports.published.at(-1)?.revisions.map(({ revision }) => revision),
        named.map((number) => `production-${number}`),
      );
      assert.deepEqual(
        ports.lookups,
        named.flatMap((number) => [`revision production-${number}`, `ports production-${number}`]),
      );
    });
  }

  it('are, before anybody has looked, those that the proxies have of this environment', async () => {
    const first = reconciling();
    first.ports.slots = [targetSlot(1, 'web')];
    await first.reconciler.look();
    const state = serving(1, order(1, 'web', 1));
    await first.reconciler.publish(state);
    const [own] = first.ports.published;
    assert.ok(own);
    const without = { ...own, revisions: [] };
    const { ports, reconciler } = reconciling();
    ports.inForce = [{ ...without, environment: 'staging' }, { ...without, app: 'blog' }, own];
    await reconciler.publish(state);
    assert.deepEqual(ports.published, [own]);
  });

  it('give back the ports of what they do not name any more, also of what another control plane has named', async () => {
    const { ports, reconciler } = reconciling();
    await reconciler.look();
    await reconciler.publish(serving(1, order(1, 'web', 1), order(2, 'web', 1)));
    assert.deepEqual(ports.released, []);
    await reconciler.publish(serving(2, order(2, 'web', 1)));
    assert.deepEqual(ports.released, ['production-1']);
    const next = reconciling();
    next.ports.inForce = ports.published.slice(-1);
    await next.reconciler.look();
    await next.reconciler.publish(serving(3, order(3, 'web', 1)));
    assert.deepEqual(next.ports.released, ['production-2']);
  });
});

it('a port that a service takes by itself is kept once, and again when it is another one', async () => {
  const { ports, reconciler } = reconciling();
  for (const fixedPort of [null, 8_080, 8_080, null, 8_081]) {
    ports.slots = [targetSlot(1, 'web', { fixedPort }), targetSlot(1, 'api')];
    await reconciler.look();
  }
  assert.deepEqual(ports.learned, ['web 8080', 'web 8081']);
});
