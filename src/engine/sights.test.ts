import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Looks, type Look } from '../core/looks.ts';
import type { TargetSlot } from '../ports/targets/targets.ts';
import { judgement } from '../rollout/fixtures/example-rollout.ts';
import { Sights } from './sights.ts';

const scope = { app: 'shop', environment: 'production' };

function slot(changed: Partial<TargetSlot> = {}): TargetSlot {
  return {
    ...{ revision: 'production-1', service: 'web', slot: 0, attempt: 1, state: 'ready', unexpectedExits: 0 },
    ...{ address: { host: '127.0.0.1', port: 8001 }, fixedPort: null, pid: 7, startedAt: 1, memoryBytes: 1_000 },
    ...{ note: null, logTail: [], writesBesideCode: [], ...changed },
  };
}

function watched() {
  const looks = new Looks();
  const sights = new Sights(looks);
  const told: Look[] = [];
  const stop = looks.onLook((look) => told.push(look));
  return { sights, told, stop };
}

test('an instance that is no longer ready is told once, its memory and its log are not', () => {
  const { sights, told } = watched();
  sights.compare(scope, [], null);
  assert.deepEqual(told, [], 'nothing runs, and nothing did');
  sights.compare(scope, [slot()], null);
  sights.compare(scope, [slot({ memoryBytes: 2_000, logTail: ['a request'] })], null);
  assert.deepEqual(told, [{ ...scope, what: 'instances' }]);
  sights.compare(scope, [slot({ state: 'unready' })], null);
  sights.compare(scope, [slot({ state: 'unready' })], null);
  assert.equal(told.length, 2);
});

test('that users were counted is told each time', () => {
  const { sights, told } = watched();
  sights.counted(scope);
  sights.counted(scope);
  assert.deepEqual(told, [
    { ...scope, what: 'traffic' },
    { ...scope, what: 'traffic' },
  ]);
});

test('each environment is compared with itself, and nobody is told after having stopped to listen', () => {
  const { sights, told, stop } = watched();
  sights.compare(scope, [slot()], null);
  sights.compare({ ...scope, environment: 'staging' }, [slot()], null);
  assert.deepEqual(
    told.map(({ environment }) => environment),
    ['production', 'staging'],
  );
  stop();
  sights.compare(scope, [], null);
  assert.equal(told.length, 2);
});

test('another judgement is told once, and its end too', () => {
  const { sights, told } = watched();
  const judged = { rollout: 'production-rollout-2', judgement: judgement('undecided'), points: [] };
  const worse = { ...judged, judgement: judgement('harmful') };
  for (const each of [null, judged, { ...judged }, worse, worse, null]) sights.compare(scope, [], each);
  const look = { ...scope, what: 'judgement' };
  assert.deepEqual(told, [look, look, look]);
});
