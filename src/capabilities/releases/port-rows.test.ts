import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test, type TestContext } from 'node:test';
import { temporaryDatabase } from '../../database/temporary-database.ts';
import { freePorts } from '../../proxy/fixtures/running-proxy.ts';
import { PortBook, type PortRange } from './port-rows.ts';

const scope = { app: 'shop', environment: 'production' };
const pinned = { ...scope, purpose: 'pinned', revision: 'production-1', service: '' } as const;
const own = { ...scope, purpose: 'environment', revision: '', service: '' } as const;

async function openBook(t: TestContext, stateDir = '/srv/one', environmentPorts: PortRange = [8101, 8199]) {
  const { database } = await temporaryDatabase(t);
  return new PortBook({ database, now: Date.now, environmentPorts, stateDir });
}

test('a use keeps its port until its revision is released', async (t) => {
  const book = await openBook(t);
  const port = await book.portFor(pinned);
  assert.equal(await book.portFor(pinned), port);
  assert.notEqual(await book.portFor({ ...pinned, revision: 'production-2' }), port);
  await book.release(scope, pinned.revision);
  assert.equal(await book.portFor(pinned), port);
});

test('two control planes that look at the same moment, before anybody listens, find different ports', async (t) => {
  const [one, two] = [await openBook(t, '/srv/one'), await openBook(t, '/srv/two')];
  assert.notEqual(await one.portFor(pinned), await two.portFor(pinned));
});

test('an environment gets the lowest port of its range that is free, and none beyond it', async (t) => {
  const [first = 0] = await freePorts(1);
  const book = await openBook(t, '/srv/one', [first, first]);
  const other = createServer().listen(first, '127.0.0.1');
  t.after(() => other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  await assert.rejects(book.portFor(own), { code: 'port-taken', hint: /--environment-ports FIRST-LAST/ });
  await new Promise((resolve) => other.close(resolve));
  assert.equal(await book.portFor(own), first);
});

test('no environment gets a port that browsers refuse to open', async (t) => {
  const book = await openBook(t, '/srv/one', [10_080, 10_080]);
  await assert.rejects(book.portFor(own), { code: 'port-taken' });
});
