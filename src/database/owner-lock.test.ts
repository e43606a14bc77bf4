import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LotseError } from '../core/errors.ts';
import { startScript } from './child-script.ts';
import { openJournal } from './journal.ts';
import { migrateDatabase } from './migrate-database.ts';
import { openDatabase } from './open-database.ts';
import { takeOwnerLock } from './owner-lock.ts';
import { draft, realSources, temporaryDatabase } from './temporary-database.ts';

const ownForEver = `
import { writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { openDatabase } from './open-database.ts';
import { takeOwnerLock } from './owner-lock.ts';
const file = process.argv[1];
try {
  const lock = await takeOwnerLock(dirname(file), await openDatabase({ file }));
  writeSync(1, 'fence ' + lock.fence + '\\n');
  setInterval(() => {}, 1000);
} catch (error) {
  writeSync(1, 'refused ' + JSON.stringify({ code: error.code, message: error.message, hint: error.hint }) + '\\n');
  process.exit(1);
}
`;

test('a second process is refused, naming the owner and what to do', { timeout: 180_000 }, async (t) => {
  const { database, file, folder } = await temporaryDatabase(t);
  const lock = await takeOwnerLock(folder, database);
  t.after(() => lock.release());
  const second = startScript(t, ownForEver, file);
  const refusal = await second.line('refused');
  assert.match(refusal, /"code":"locked"/);
  assert.ok(refusal.includes(`process ${process.pid} on `) && refusal.includes('started 20'), refusal);
  assert.ok(refusal.includes(`kill ${process.pid}`), refusal);
  assert.match(readFileSync(join(folder, 'owner.json'), 'utf8'), new RegExp(`"pid":${process.pid}`));
});

test('within one process a second owner is refused as well', async (t) => {
  const { database, folder } = await temporaryDatabase(t);
  const lock = await takeOwnerLock(folder, database);
  await assert.rejects(takeOwnerLock(folder, database), { code: 'locked' });
  await lock.release();
  await lock.release();
  const next = await takeOwnerLock(folder, database);
  assert.ok(next.fence > lock.fence);
  await next.release();
});

test('the lock of a SIGKILLed owner is free at once, and the next fence is higher', { timeout: 180_000 }, async (t) => {
  const { database, file, folder } = await temporaryDatabase(t);
  const owner = startScript(t, ownForEver, file);
  const fence = Number((await owner.line('fence')).split(' ')[1]);
  await assert.rejects(
    takeOwnerLock(folder, database),
    (error) =>
      error instanceof LotseError && error.code === 'locked' && error.message.includes(`process ${owner.pid} `),
  );
  await owner.kill('SIGKILL');
  const lock = await takeOwnerLock(folder, database);
  t.after(() => lock.release());
  assert.equal(lock.fence, fence + 1);
});

test('a fence seen elsewhere is passed, durably, and the one before it may write no more', async (t) => {
  const { database, file, folder, journal } = await temporaryDatabase(t);
  const lock = await takeOwnerLock(folder, database);
  const first = lock.fence;
  await journal.append('control', first, [draft(1)]);
  assert.equal(await lock.raiseAbove(first - 1), first);
  assert.equal(await lock.raiseAbove(41), 42);
  assert.equal(lock.fence, 42);
  await assert.rejects(journal.append('shop/production', first, [draft(2)]), { code: 'fenced-off' });
  await journal.append('shop/production', lock.fence, [draft(2)]);
  await lock.release();
  await database.close();
  const again = await openDatabase({ file });
  t.after(() => again.close());
  const next = await takeOwnerLock(folder, again);
  t.after(() => next.release());
  assert.equal(next.fence, 43);
  await assert.rejects(openJournal(again, realSources()).append('control', 42, [draft(3)]), { code: 'fenced-off' });
});

test('state that another control plane owns is not migrated', async (t) => {
  const { database, file, folder } = await temporaryDatabase(t);
  const lock = await takeOwnerLock(folder, database);
  await migrateDatabase(database.db, '0003-evidence');
  await assert.rejects(openDatabase({ file }), { code: 'locked' });
  await lock.release();
  await (await openDatabase({ file })).close();
});
