import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { composeRouting, toldSlots, type AddressedSlot, type RoutingInput } from './compose-routing.ts';
import { emptyEnvironment, type EnvironmentState } from './environment-state.ts';
import { revision, service, worker } from './fixtures/example-rollout.ts';
import type { Revision } from './release.ts';

const web = [service('web', { instances: 2 })];

/** Port 1010 is slot 0 of revision 1, 2011 is slot 1 of revision 2. */
function slot(of: number, number: number, state: AddressedSlot['state'], name = 'web'): AddressedSlot {
  const isUp = state === 'ready' || state === 'unready' || state === 'stopping';
  const address = isUp ? { host: '127.0.0.1', port: of * 1_000 + 10 + number } : null;
  return { revision: `production-${of}`, service: name, slot: number, state, address };
}
const shares = (...all: readonly (readonly [of: number, permille: number])[]) =>
  all.map(([of, permille]) => ({ revision: `production-${of}`, permille }));
const serving = (of: number) => ({ revision: `production-${of}`, release: `r${of}`, since: 0 });

function compose(
  state: Partial<EnvironmentState>,
  slots: readonly AddressedSlot[],
  revisions?: readonly Revision[],
  told: RoutingInput['told'] = null,
) {
  const known = revisions ?? [revision(1, web), revision(2, web)];
  const routing = composeRouting({
    scope: { app: 'shop', environment: 'production' },
    domains: ['shop.example'],
    previewDomains: [],
    https: null,
    port: 8101,
    state: { ...emptyEnvironment, ...state },
    revisions: new Map(known.map((each) => [each.id, each])),
    slots,
    told,
    pinnedPort: (id) => (id === 'production-2' ? 9002 : 9001),
    internalPort: () => 9100,
    inner: (id) => (id === 'production-2' ? container : null),
  });
  const instances = routing.revisions.flatMap((each) =>
    each.services.flatMap((one) => one.instances.map((instance) => `${instance.address.port} ${instance.state}`)),
  );
  return { ...routing, instances };
}
const container = { host: '10.213.1.1', network: '10.213.1.0/24', publicPort: 8201 };
const ready = (of: number) => [slot(of, 0, 'ready'), slot(of, 1, 'ready')];
const all = (of: number) => ({ kind: 'shares', shares: shares([of, 1000]) }) as const;

describe('instances', () => {
  it('accept while they are ready', () => {
    const states = [slot(1, 0, 'ready'), slot(1, 1, 'unready'), slot(1, 2, 'starting'), slot(1, 3, 'gave-up')];
    assert.deepEqual(compose({ level: all(1) }, states).instances, ['1010 accepting']);
  });

  it('that are not ready are better than none', () => {
    const { instances } = compose({ level: all(1) }, [slot(1, 0, 'unready'), slot(1, 1, 'restarting')]);
    assert.deepEqual(instances, ['1010 accepting']);
  });

  it('that still start get nothing, also where their address is known and no other one is there', () => {
    const address = { host: '127.0.0.1', port: 1010 };
    assert.deepEqual(compose({ level: all(1) }, [{ ...slot(1, 0, 'starting'), address }]).instances, []);
  });

  it('drain when they stop, are told to, or are not ordered any more', () => {
    const order = { revision: 'production-1', service: 'web', slots: 3, claim: null };
    const state = {
      level: all(1),
      orders: [order],
      draining: [{ revision: 'production-1', service: 'web', fromSlot: 2 }],
    };
    const slots = [slot(1, 0, 'ready'), slot(1, 1, 'stopping'), slot(1, 2, 'ready'), slot(1, 3, 'ready')];
    const expected = ['1010 accepting', '1011 draining', '1012 draining', '1013 draining'];
    assert.deepEqual(compose(state, slots).instances, expected);
  });

  it('drain when fewer of their own service are ordered, whatever others are', () => {
    const others = [
      { revision: 'production-2', service: 'web', slots: 0, claim: null },
      { revision: 'production-1', service: 'mails', slots: 1, claim: null },
    ];
    const order = { revision: 'production-1', service: 'web', slots: 2, claim: null };
    const slots = [slot(1, 1, 'ready'), slot(1, 2, 'ready')];
    const { instances } = compose({ level: all(1), orders: [...others, order] }, slots);
    assert.deepEqual(instances, ['1011 accepting', '1012 draining']);
    const unknown = compose({ level: all(1), orders: others }, slots);
    assert.deepEqual(unknown.instances, ['1011 accepting', '1012 accepting'], 'nobody has said how many');
  });

  it('that drain let streams stay for their own time, or for the time that the step gives', () => {
    const drainsOf = (drainMs: { drainMs?: number }, state: AddressedSlot['state']) => {
      const draining = [{ revision: 'production-1', service: 'web', fromSlot: 1, ...drainMs }];
      const { revisions } = compose({ level: all(1), draining }, [slot(1, 0, 'ready'), slot(1, 1, state)]);
      return revisions[0]?.services[0]?.instances.map((each) => each.drainMs);
    };
    assert.deepEqual(drainsOf({}, 'ready'), [30_000, 30_000]);
    assert.deepEqual(drainsOf({ drainMs: 0 }, 'ready'), [30_000, 0]);
    assert.deepEqual(drainsOf({}, 'stopping'), [30_000, 15_000], 'it is killed after 30 s');
    assert.deepEqual(drainsOf({ drainMs: 0 }, 'stopping'), [30_000, 0]);
  });

  it('that were told to drain get nothing new, even when no other one is there', () => {
    const draining = [{ revision: 'production-1', service: 'web', fromSlot: 0 }];
    for (const state of ['ready', 'unready'] as const)
      assert.deepEqual(compose({ level: all(1), draining }, [slot(1, 0, state)]).instances, ['1010 draining'], state);
  });
});

describe('shares', () => {
  const settled = { level: all(1), serving: serving(1) };

  it('are those that were ordered, while each side is ready', () => {
    const level = { kind: 'shares', shares: shares([1, 667], [2, 333]) } as const;
    const routing = compose({ level, serving: serving(1) }, [...ready(1), ...ready(2)]);
    assert.deepEqual(routing.shares, level.shares);
    assert.deepEqual(routing.mode, { kind: 'serving' });
  });

  it('never go to a new release before the shift, also when the old one is down', () => {
    const routing = compose(settled, [slot(1, 0, 'unready'), ...ready(2)]);
    assert.deepEqual(routing.shares, shares([1, 1000]));
    assert.deepEqual(
      routing.instances,
      ['1010 accepting', '2010 accepting', '2011 accepting'],
      'the new is pinned only',
    );
  });

  it('go back to the old release, which is warm, while the new one is not ready', () => {
    const state = { level: all(2), serving: serving(1) };
    assert.deepEqual(compose(state, [...ready(1), slot(2, 0, 'unready')]).shares, shares([1, 1000]));
    assert.deepEqual(compose(state, [...ready(1), ...ready(2)]).shares, shares([2, 1000]));
  });

  it('do not go to an old release that drains', () => {
    const draining = [{ revision: 'production-1', service: 'web', fromSlot: 0 }];
    const state = { level: all(2), serving: serving(1), draining };
    assert.deepEqual(compose(state, [...ready(1), slot(2, 0, 'unready')]).shares, shares([2, 1000]));
  });

  it('of a side that is down go to the side that is up', () => {
    const level = { kind: 'shares', shares: shares([1, 667], [2, 333]) } as const;
    const both = { level, serving: serving(1) };
    assert.deepEqual(compose(both, [...ready(1), slot(2, 0, 'gave-up')]).shares, shares([1, 1000]));
    assert.deepEqual(compose(both, [slot(1, 0, 'unready'), ...ready(2)]).shares, shares([2, 1000]));
  });

  it('of one of three that is down go to the newest that is up, and the third keeps its own', () => {
    const three = [1, 2, 3].map((number) => revision(number, web));
    const level = { kind: 'shares', shares: shares([1, 500], [2, 300], [3, 200]) } as const;
    const slots = [...ready(1), ...ready(2), slot(3, 0, 'unready')];
    assert.deepEqual(compose({ level, serving: serving(1) }, slots, three).shares, shares([1, 500], [2, 500]));
  });

  it('go back to what served before a stranded rollout, as long as it runs', () => {
    const state = { level: all(2), serving: serving(2), previous: serving(1) };
    assert.deepEqual(compose(state, [...ready(1), slot(2, 0, 'unready')]).shares, shares([1, 1000]));
    assert.deepEqual(compose(state, [slot(1, 0, 'stopping'), slot(2, 0, 'unready')]).shares, shares([2, 1000]));
  });

  it('go to the side of a stranded rollout that stands by, when the one with the users is down', () => {
    const state = { level: all(1), serving: serving(1), standby: 'production-2' };
    assert.deepEqual(compose(state, [slot(1, 0, 'gave-up'), ...ready(2)]).shares, shares([2, 1000]));
    assert.deepEqual(compose(state, [slot(1, 0, 'ready'), ...ready(2)]).shares, shares([1, 1000]));
  });

  it('stay as ordered when nobody is ready', () => {
    const state = { level: all(2), serving: serving(1) };
    assert.deepEqual(compose(state, [slot(1, 0, 'unready'), slot(2, 0, 'unready')]).shares, shares([2, 1000]));
    assert.deepEqual(compose(state, [slot(2, 0, 'unready')]).shares, shares([2, 1000]), 'of the old one nothing runs');
  });

  it('need every web service of the release, and no worker', () => {
    const services = [service('web'), service('api', { path: '/api' }), worker('mails')];
    const state = { level: all(2), serving: serving(1) };
    const revisions = [revision(1, services), revision(2, services)];
    const old = [slot(1, 0, 'ready'), slot(1, 0, 'ready', 'api')];
    assert.deepEqual(compose(state, [...old, slot(2, 0, 'ready')], revisions).shares, shares([1, 1000]));
    const fresh = [slot(2, 0, 'ready'), slot(2, 0, 'ready', 'api')];
    assert.deepEqual(compose(state, [...old, ...fresh], revisions).shares, shares([2, 1000]));
  });

  it('never go to a release without web services instead', () => {
    const revisions = [revision(1, [worker('mails')]), revision(2, web)];
    const state = { level: all(2), serving: serving(1) };
    const slots = [slot(1, 0, 'ready', 'mails'), slot(2, 0, 'unready')];
    assert.deepEqual(compose(state, slots, revisions).shares, shares([2, 1000]));
    const between = { kind: 'shares', shares: shares([1, 400], [2, 600]) } as const;
    const third = { level: between, previous: serving(3) };
    const known = [...revisions, revision(3, web)];
    assert.deepEqual(compose(third, [...slots, ...ready(3)], known).shares, shares([3, 1000]));
  });

  it('of a release without web services stay with it, whatever else could serve', () => {
    const revisions = [revision(1, web), revision(2, [worker('mails')])];
    const slots = [...ready(1), slot(2, 0, 'ready', 'mails')];
    assert.deepEqual(compose({ level: all(2), serving: serving(1) }, slots, revisions).shares, shares([2, 1000]));
  });
});

describe('a canary', () => {
  const level = { kind: 'shares', shares: shares([1, 990], [2, 10]) } as const;
  const state = { level, serving: serving(1), epoch: 3_000, salt: 'two' };
  const both = [...ready(1), ...ready(2)];

  it('sends the users of the side that is down to the other one, whichever it is', () => {
    assert.deepEqual(compose(state, both).shares, level.shares);
    assert.deepEqual(compose(state, [...ready(1), slot(2, 0, 'restarting')]).shares, shares([1, 1000]));
    assert.deepEqual(compose(state, [slot(1, 0, 'unready'), ...ready(2)]).shares, shares([2, 1000]));
    assert.deepEqual(compose(state, []).shares, level.shares);
  });

  it('with a holdback sends those who follow back to the old release while the new one is down', () => {
    const watched = { ...state, level: { kind: 'shares', shares: shares([1, 50], [2, 950]) } as const };
    assert.deepEqual(compose(watched, [...ready(1), slot(2, 0, 'unready')]).shares, shares([1, 1000]));
    assert.deepEqual(compose(watched, [slot(1, 0, 'unready'), ...ready(2)]).shares, shares([2, 1000]));
  });

  it('has another epoch whenever its shares are other than those that the proxies were told last', () => {
    const ordered = compose(state, both);
    assert.equal(ordered.epoch, 3_000);
    const down = compose(state, ready(1), undefined, ordered);
    assert.equal(down.epoch, 3_001);
    assert.equal(compose(state, ready(1), undefined, down).epoch, 3_001, 'nothing has changed');
    const again = compose(state, both, undefined, down);
    assert.equal(again.epoch, 3_002);
    assert.deepEqual(again.shares, level.shares);
  });

  it('has the epoch of what is ordered next, also after a side was down', () => {
    const told = { epoch: 3_002, salt: 'two', shares: level.shares };
    assert.equal(compose({ ...state, epoch: 4_000 }, both, undefined, told).epoch, 4_000);
    const other = { ...state, salt: 'three' };
    assert.equal(compose(other, both, undefined, told).epoch, 3_003, 'another salt is another epoch in any case');
  });

  it('has the same thresholds on both sides, and none for what nobody judges', () => {
    const services = [service('web'), service('api', { path: '/api' })];
    const revisions = [revision(1, services), revision(2, services)];
    const routed = compose({ ...state, lateAfterMs: { web: [250, 1_000] } }, both, revisions).revisions;
    const thresholds = routed.map((each) => each.services.map(({ lateAfterMs }) => lateAfterMs));
    assert.deepEqual(thresholds, [
      [[250, 1_000], []],
      [[250, 1_000], []],
    ]);
  });
});

describe('modes', () => {
  it('follow the level', () => {
    const modeOf = (level: EnvironmentState['level']) => compose({ level }, ready(1)).mode;
    assert.deepEqual(modeOf({ kind: 'maintenance', message: 'soon' }), {
      kind: 'maintenance',
      retryAfterS: 30,
      message: 'soon',
    });
    const paused = { kind: 'paused', shares: shares([1, 1000]), maxHeld: 9, maxHoldMs: 8 } as const;
    assert.deepEqual(modeOf(paused), { kind: 'paused', maxHeld: 9, maxHoldMs: 8 });
    assert.deepEqual(compose({ level: paused }, ready(1)).shares, paused.shares, 'what is held goes there afterwards');
    const adopted = { kind: 'adopted', host: '10.0.0.7', port: 80 } as const;
    assert.deepEqual(modeOf(adopted), { kind: 'adopted', address: { host: '10.0.0.7', port: 80 } });
  });

  it('on the maintenance page a release that starts can be reached by its pinned port alone', () => {
    const routing = compose({}, ready(2));
    assert.deepEqual([routing.shares, routing.revisions.map((each) => each.pinnedPort)], [[], [9002]]);
  });

  it('on the maintenance page what served before gets no share, though it runs', () => {
    assert.deepEqual(compose({ serving: serving(1) }, ready(1)).shares, []);
  });
});

it('names the releases that are ordered, run, or have a share, and no other', () => {
  const order = (of: number, slots: number) => ({ revision: `production-${of}`, service: 'web', slots, claim: null });
  const state = { level: all(1), orders: [order(3, 1), order(4, 0)] };
  const revisions = [1, 2, 3, 4, 5].map((number) => revision(number, web));
  const routing = compose(state, [slot(2, 0, 'stopping')], revisions);
  assert.deepEqual(
    routing.revisions.map((each) => each.revision),
    ['production-1', 'production-2', 'production-3'],
  );
});

it('workers are not routed to', () => {
  const services = [service('web'), worker('mails')];
  const slots = [slot(1, 0, 'ready'), slot(1, 0, 'ready', 'mails')];
  const [routed] = compose({ level: all(1) }, slots, [revision(1, services)]).revisions;
  assert.deepEqual(
    routed?.services.map((each) => each.service),
    ['web'],
  );
});

it('names the newest release last', () => {
  const known = [revision(2, web), revision(10, web), revision(1, web)];
  const slots = known.map(({ number }) => slot(number, 0, 'ready'));
  const named = compose({ level: all(2) }, slots, known).revisions.map((each) => each.revision);
  assert.deepEqual(named, ['production-1', 'production-2', 'production-10']);
});

it('what the proxies were told stands for what nobody has seen: the same routes follow from it', () => {
  const level = { kind: 'shares', shares: shares([1, 900], [2, 100]) } as const;
  const orders = [1, 2].map((of) => ({ revision: `production-${of}`, service: 'web', slots: 2, claim: null }));
  const draining = [{ revision: 'production-1', service: 'web', fromSlot: 1, drainMs: 800 }];
  const state = { level, orders, draining, epoch: 3, salt: 's' };
  const seen = [slot(1, 0, 'ready'), slot(1, 1, 'ready'), slot(2, 0, 'ready'), slot(2, 1, 'starting')];
  const told = compose(state, seen);
  assert.deepEqual(told.instances, ['1010 accepting', '1011 draining', '2010 accepting']);
  assert.deepEqual(compose(state, toldSlots(told), undefined, told), told);
  assert.deepEqual(toldSlots(null), []);
});

it('one that drained when the proxies were told gets nothing new, also once nobody knows why', () => {
  const told = compose({ level: all(1) }, [slot(1, 0, 'ready'), slot(1, 1, 'stopping')]);
  assert.deepEqual(compose({ level: all(1) }, toldSlots(told)).instances, ['1010 accepting']);
});

it('a revision in a network of its own has its ports there, another one beside it on loopback', () => {
  const { revisions } = compose({ level: all(1) }, [...ready(1), ...ready(2)]);
  assert.deepEqual(
    revisions.map(({ revision: id, inner }) => [id, inner]),
    [
      ['production-1', undefined],
      ['production-2', container],
    ],
  );
});
