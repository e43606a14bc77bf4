import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCheckpoints } from './checkpoints.ts';
import { openDatabase } from './open-database.ts';
import { temporaryDatabase } from './temporary-database.ts';

test('a checkpoint keeps its latest value over a restart, until it is removed', async (t) => {
  const { database, file } = await temporaryDatabase(t);
  const checkpoints = openCheckpoints(database);
  assert.equal(await checkpoints.load('looks/production-rollout-1'), null);
  await checkpoints.save('looks/production-rollout-1', '{"n":1}');
  await checkpoints.save('looks/production-rollout-1', '{"n":2}');
  await checkpoints.save('other', '[]');
  await database.close();
  const again = await openDatabase({ file });
  t.after(() => again.close());
  const reopened = openCheckpoints(again);
  assert.equal(await reopened.load('looks/production-rollout-1'), '{"n":2}');
  await reopened.remove('looks/production-rollout-1');
  await reopened.remove('looks/production-rollout-1');
  assert.equal(await reopened.load('looks/production-rollout-1'), null);
  assert.equal(await reopened.load('other'), '[]');
});
