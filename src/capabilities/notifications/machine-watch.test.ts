import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EnvironmentView } from '../../engine/engine.ts';
import { emptyView } from '../../engine/environment-log.ts';
import type { TargetSlot } from '../../ports/targets/targets.ts';
import { MachineWatch } from './machine-watch.ts';
import type { FactKind } from './notification.ts';

const scopes = ['staging', 'production'].map((environment) => ({ app: 'shop', environment }));
const serving = { revision: 'production-1', release: 'r1', since: 0 };
const view: EnvironmentView = { ...emptyView, environment: { ...emptyView.environment, serving } };

function gaveUp(revision: string, attempt: number): TargetSlot {
  return {
    ...{ revision, service: 'web', slot: 0, attempt, state: 'gave-up', unexpectedExits: 5, note: 'it exits with 1' },
    ...{
      logTail: [],
      address: null,
      fixedPort: null,
      pid: null,
      startedAt: null,
      memoryBytes: null,
      writesBesideCode: [],
    },
  };
}

function watched() {
  const told: { readonly where: string; readonly kind: FactKind; readonly id: string }[] = [];
  const state = { now: 0, slots: [] as readonly TargetSlot[], proxy: 'first' };
  const watch = new MachineWatch({
    engine: {
      view: () => view,
      slots: ({ environment }) => (environment === 'production' ? state.slots : []),
    },
    scopes: () => Promise.resolve(scopes),
    proxyStart: () => Promise.resolve(state.proxy),
    stateDir: import.meta.dirname,
    tell: async ({ environment }, { fact: { kind, id } }) => {
      // How full the disk of this machine is decides nothing here.
      if (kind !== 'disk-low') told.push({ where: environment, kind, id });
    },
    now: () => state.now,
    log: () => undefined,
  });
  return { told, state, watch };
}

test('an instance of what serves that gave up is told once; one of another release is not', async () => {
  const { told, state, watch } = watched();
  await watch.look();
  state.slots = [gaveUp('production-1', 5), gaveUp('production-2', 5)];
  await watch.look();
  await watch.look();
  assert.deepEqual(told, [{ where: 'production', kind: 'gave-up', id: 'gave-up/production-1/web/0/5' }]);
  state.slots = [gaveUp('production-1', 6)];
  await watch.look();
  assert.equal(told.length, 2);
});

test('a proxy that is started again and again is told to each app, in one environment; one that is replaced at times is not', async () => {
  const { told, state, watch } = watched();
  for (let each = 0; each < 10; each++) {
    state.proxy = `calm-${each}`;
    state.now += 300_000;
    await watch.look();
  }
  assert.deepEqual(told, []);
  for (let each = 0; each < 3; each++) {
    state.proxy = `wild-${each}`;
    state.now += 5_000;
    await watch.look();
    await watch.look();
  }
  assert.deepEqual(
    told.map(({ where, kind, id }) => [where, kind, id]),
    ['wild-1', 'wild-2'].map((name) => ['production', 'proxy-restarts', `proxy/${name}`]),
  );
});
