import assert from 'node:assert/strict';
import { readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { backupDatabase, checkIntegrity } from './backup.ts';
import { checkJournal } from './check-journal.ts';
import { draft, temporaryDatabase, temporaryFolder } from './temporary-database.ts';

test('a backup taken while appends go on is whole, verifies, and holds what was acknowledged before it', async (t) => {
  const { database, journal } = await temporaryDatabase(t);
  const folder = temporaryFolder(t);
  for (let n = 0; n < 300; n += 1) await journal.append('control', 1, [draft('x'.repeat(500))]);
  let stop = false;
  const appending = (async () => {
    for (; !stop; await new Promise((resolve) => setImmediate(resolve)))
      await journal.append('control', 1, [draft('y')]);
  })();
  const before = await journal.lastPosition();
  const backup = await backupDatabase(database, join(folder, 'copy.sqlite'));
  stop = true;
  await appending;
  assert.deepEqual(readdirSync(folder), ['copy.sqlite']);
  assert.deepEqual([statSync(backup.file).mode & 0o777, statSync(backup.file).size], [0o600, backup.bytes]);
  assert.ok((backup.heads['control']?.sequence ?? 0) >= before);
  assert.deepEqual(checkIntegrity(backup.file), []);
  const copied = await checkJournal(backup.file, { heads: backup.heads });
  assert.deepEqual(copied.problems, []);
  assert.deepEqual((await checkJournal(database, { heads: backup.heads })).problems, []);
});

test('a backup overwrites nothing, and one that fails leaves nothing behind', async (t) => {
  const { database } = await temporaryDatabase(t);
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'taken.sqlite'), 'precious');
  await assert.rejects(backupDatabase(database, join(folder, 'taken.sqlite')), { code: 'conflict' });
  await assert.rejects(backupDatabase(database, join(folder, 'nowhere', 'copy.sqlite')));
  assert.deepEqual(readdirSync(folder), ['taken.sqlite']);
});

test('the integrity check names what is wrong with a file', async (t) => {
  const { database, journal } = await temporaryDatabase(t);
  for (let n = 0; n < 50; n += 1) await journal.append('control', 1, [draft('x'.repeat(2000))]);
  const { file } = await backupDatabase(database, join(temporaryFolder(t), 'copy.sqlite'));
  truncateSync(file, Math.floor(statSync(file).size / 8192) * 4096);
  const problems = (): readonly string[] => {
    try {
      return checkIntegrity(file);
    } catch (error) {
      return [String(error)];
    }
  };
  assert.notDeepEqual(problems(), []);
});
