import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TargetSlot } from '../../ports/targets/targets.ts';
import { routeWorkingTree, type RoutableService } from './route-working-tree.ts';

const slot: TargetSlot = {
  ...{ revision: 'dev-1', service: 'web', slot: 0, attempt: 1, state: 'ready', unexpectedExits: 0, note: null },
  ...{ logTail: [], address: { host: '127.0.0.1', port: 29_000 }, fixedPort: null, pid: 1, startedAt: 1 },
  ...{ memoryBytes: null, writesBesideCode: [] },
};

function service(name: string, more: Partial<RoutableService> = {}): RoutableService {
  return {
    definition: {
      ...{ service: name, kind: 'web', argv: ['node', 'x'], root: '.', port: 3000, path: '/', ready: { kind: 'tcp' } },
      ...{
        live: null,
        drainMs: 1,
        instances: 1,
        memoryBytes: null,
        cpuCores: null,
        stickiness: { kind: 'cookie' },
        assets: null,
      },
      readsClaim: false,
    },
    ...{ phase: 'up', comingForMs: 0, slots: [slot], internalPort: 19_000 },
    ...more,
  };
}

const modeWith = (services: readonly RoutableService[]) =>
  routeWorkingTree({ scope: { app: 'a', environment: 'dev' }, domains: ['dev.a.localhost'], port: 8200, services }).mode
    .kind;

test('requests wait while a service starts, but not for ever', () => {
  assert.equal(modeWith([service('web'), service('api', { phase: 'coming', slots: [] })]), 'paused');
  assert.equal(modeWith([service('web'), service('api', { phase: 'coming', comingForMs: 60_000 })]), 'serving');
});

test('a crashed service takes the others with it only when it was the only one', () => {
  assert.equal(modeWith([service('web'), service('api', { phase: 'down', slots: [] })]), 'serving');
  assert.equal(modeWith([service('web', { phase: 'down', slots: [] })]), 'maintenance');
});

test('instances that are not ready get requests only when none is', () => {
  const unready = { ...slot, slot: 1, state: 'unready' as const };
  const slotsOf = (slots: readonly TargetSlot[]) => {
    const routed = routeWorkingTree({
      ...{ scope: { app: 'a', environment: 'dev' }, domains: [], port: 8200 },
      services: [service('web', { slots })],
    });
    return routed.revisions[0]?.services[0]?.instances.map((instance) => instance.slot);
  };
  assert.deepEqual(slotsOf([slot, unready]), [0]);
  assert.deepEqual(slotsOf([unready]), [1]);
  assert.deepEqual(slotsOf([{ ...slot, state: 'starting', address: null }]), []);
});
