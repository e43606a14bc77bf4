import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenedOnce } from './opened-once.ts';

test('a thing is opened once, when it is first needed', async () => {
  const log: string[] = [];
  const things = new OpenedOnce(async (name: 'a' | 'b') => {
    log.push(name);
    return { name };
  });
  assert.deepEqual([log, things.opened], [[], []]);
  const [one, again] = await Promise.all([things.of('a'), things.of('a')]);
  assert.equal(one, again);
  assert.deepEqual([log, things.opened], [['a'], [{ name: 'a' }]]);
  await things.of('b');
  assert.deepEqual(log, ['a', 'b']);
});

test('what could not be opened is tried again', async () => {
  let tries = 0;
  const things = new OpenedOnce(async (_name: 'a') => {
    if (++tries === 1) throw new Error('not yet');
    return tries;
  });
  await assert.rejects(things.of('a'), /not yet/);
  assert.deepEqual(things.opened, []);
  assert.equal(await things.of('a'), 2);
});
