import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemActor, type JournalEvent } from '../../core/events.ts';
import { Secret } from '../../core/secret.ts';
import { temporaryDatabase } from '../../database/temporary-database.ts';
import { Vault } from '../../ports/secrets/vault/vault.ts';
import { RotationJobs } from './rotation-jobs.ts';
import { sealedRows } from './secret-rows.ts';
import { SecretRotation } from './secret-rotation.ts';

const scope = { app: 'shop', environment: 'production' };
const place = { ...scope, name: 'DB_PASSWORD' };
const by = { reason: null, expiresAt: null };
const run = (key: string) => ({ key, job: 'new-password', rotates: 'DB_PASSWORD' });

async function world(t: TestContext) {
  const { database, journal } = await temporaryDatabase(t);
  const folder = mkdtempSync(join(tmpdir(), 'lotse-rotation-jobs-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const parts = { database, journal, fence: () => 1, now: Date.now };
  const store = new Vault(sealedRows(parts), join(folder, 'vault.key'));
  const rotation = new SecretRotation({ ...parts, store });
  const jobs = new RotationJobs({ ...parts, store, rotation });
  const held = async (name = place.name) => (await store.read({ ...scope, name }))?.value.reveal() ?? null;
  const given = async (key: string) => (await jobs.given(scope, run(key)))['NEW_DB_PASSWORD']?.reveal() ?? '';
  const end = async (key: string, state: string) => await jobs.follow(ended(key, state));
  const open = async () => (await rotation.open(scope)).map(({ oldVersion, newVersion }) => [oldVersion, newVersion]);
  const events = async () => (await journal.readAll({ afterPosition: 0, limit: 100 })).map(({ type }) => type);
  return { store, rotation, held, given, end, open, events };
}

function ended(key: string, state: string): JournalEvent {
  return {
    ...{ type: 'scheduled-run-ended', version: 1, actor: systemActor, reason: null, correlationId: key },
    ...{ chain: 'shop/production', sequence: 1, id: 'event-1', at: 0, hash: '', erased: false },
    payload: { key, job: 'new-password', dueAt: 0, state, exitCode: null, signal: null, note: null },
  };
}

test('a job is handed a new value, which is in force beside the old one when it has succeeded', async (t) => {
  const { rotation, held, given, end, open, events } = await world(t);
  await rotation.set(place, { ...by, value: new Secret('first') }, systemActor);
  const value = await given('run-1');
  assert.match(value, /^[\w-]{43}$/);
  assert.equal(await given('run-1'), value, 'a start that is repeated is given the same');
  assert.equal(await held(), 'first');
  await end('run-1', 'succeeded');
  assert.deepEqual([await held(), await open(), await held('NEW_DB_PASSWORD')], [value, [['1', '2']], null]);
  await end('run-1', 'succeeded');
  await end('run-of-another-job', 'succeeded');
  assert.equal(await held(), value);
  assert.equal((await events()).filter((type) => type === 'secret-successor-given').length, 1);
  await assert.rejects(given('run-2'), { code: 'conflict', message: /is being rotated already/ });
});

test('a run that fails changes nothing, and the next one is handed the same value again', async (t) => {
  const { rotation, held, given, end, open } = await world(t);
  await rotation.set(place, { ...by, value: new Secret('first') }, systemActor);
  const value = await given('run-1');
  await end('run-1', 'failed');
  await end('run-1', 'lost');
  assert.deepEqual([await held(), await open()], ['first', []]);
  assert.equal(await given('run-2'), value, 'the other service may know it already');
});

test('whatever happens beside it, what the other service was told is in force in the end', async (t) => {
  const { rotation, store, held, given, end } = await world(t);
  await assert.rejects(given('run-0'), { code: 'not-found', message: /no secret DB_PASSWORD that could be rotated/ });
  await rotation.set(place, { ...by, value: new Secret('first') }, systemActor);
  const first = await given('run-1');
  await rotation.rotate(place, { ...by, value: new Secret('of a person') }, systemActor);
  await end('run-1', 'succeeded');
  assert.equal(await held(), first, 'a person has rotated it meanwhile');
  const second = await given('run-2');
  await rotation.rotate(place, { ...by, value: new Secret(second) }, systemActor);
  await end('run-2', 'succeeded');
  assert.equal(await held(), second, 'a control plane has died before it could forget the successor');
  assert.equal(await store.read({ ...scope, name: 'NEW_DB_PASSWORD' }), null);
});
