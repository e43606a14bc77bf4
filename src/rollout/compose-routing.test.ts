import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { composeRouting, type AddressedSlot } from './compose-routing.ts';
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

function compose(state: Partial<EnvironmentState>, slots: readonly AddressedSlot[], revisions?: readonly Revision[]) {
  const known = revisions ?? [revision(1, web), revision(2, web)];
  const routing = composeRouting({
    scope: { app: 'shop', environment: 'production' },
    domains: ['shop.example'],
    port: 8101,
    state: { ...emptyEnvironment, ...state },
    revisions: new Map(known.map((each) => [each.id, each])),
    slots,
    pinnedPort: (id) => (id === 'production-2' ? 9002 : 9001),
    internalPort: () => 9100,
  });
  const instances = routing.revisions.flatMap((each) =>
    each.services.flatMap((one) => one.instances.map((instance) => `${instance.address.port} ${instance.state}`)),
  );
  return { ...routing, instances };
}
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

  it('that were told to drain get nothing new, even when no other one is there', () => {
    const draining = [{ revision: 'production-1', service: 'web', fromSlot: 0 }];
    assert.deepEqual(compose({ level: all(1), draining }, [slot(1, 0, 'ready')]).instances, ['1010 draining']);
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

  it('go back to what served before a stranded rollout, as long as it runs', () => {
    const state = { level: all(2), serving: serving(2), previous: serving(1) };
    assert.deepEqual(compose(state, [...ready(1), slot(2, 0, 'unready')]).shares, shares([1, 1000]));
    assert.deepEqual(compose(state, [slot(1, 0, 'stopping'), slot(2, 0, 'unready')]).shares, shares([2, 1000]));
  });

  it('stay as ordered when nobody is ready', () => {
    const state = { level: all(2), serving: serving(1) };
    assert.deepEqual(compose(state, [slot(1, 0, 'unready'), slot(2, 0, 'unready')]).shares, shares([2, 1000]));
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
    const adopted = { kind: 'adopted', host: '10.0.0.7', port: 80 } as const;
    assert.deepEqual(modeOf(adopted), { kind: 'adopted', address: { host: '10.0.0.7', port: 80 } });
  });

  it('on the maintenance page a release that starts can be reached by its pinned port alone', () => {
    const routing = compose({}, ready(2));
    assert.deepEqual([routing.shares, routing.revisions.map((each) => each.pinnedPort)], [[], [9002]]);
  });
});

it('names the releases that are ordered, run, or have a share, and no other', () => {
  const state = { level: all(1), orders: [{ revision: 'production-3', service: 'web', slots: 1, claim: null }] };
  const revisions = [1, 2, 3, 4].map((number) => revision(number, web));
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
