import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statfsSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Migration } from 'kysely/migration';
import { checkIntegrity } from './backup.ts';
import { checkJournal } from './check-journal.ts';
import { openJournal } from './journal.ts';
import { migrateDatabase } from './migrate-database.ts';
import { migrationNames, migrations } from './migrations/migrations.ts';
import { openDatabase } from './open-database.ts';
import { settleMigrations } from './settle-migrations.ts';
import { draft, realSources, temporaryDatabase, temporaryFolder } from './temporary-database.ts';

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test('folder and files are made for their owner alone', async (t) => {
  const folder = join(temporaryFolder(t), 'state', 'deep');
  const file = join(folder, 'lotse.sqlite');
  const database = await openDatabase({ file });
  t.after(() => database.close());
  await openJournal(database, realSources()).append('control', 1, [draft(1)]);
  assert.deepEqual(
    [
      modeOf(folder),
      ...readdirSync(folder)
        .sort()
        .map((name) => `${name} ${modeOf(join(folder, name))}`),
    ],
    ['700', 'lotse.sqlite 600', 'lotse.sqlite-shm 600', 'lotse.sqlite-wal 600', 'owner.lock 600'],
  );
});

test('each commit is synced to the disk, and stays so after use', async (t) => {
  const { database, journal } = await temporaryDatabase(t);
  await journal.append('control', 1, [draft(1)]);
  const pragma = (name: string) => Object.values(database.sqlite.rows(`pragma ${name}`)[0] ?? {})[0];
  assert.deepEqual(['journal_mode', 'synchronous', 'fullfsync', 'secure_delete', 'busy_timeout'].map(pragma), [
    'wal',
    2,
    1,
    1,
    5000,
  ]);
});

test('all migrations go up, down and up again, and leave nothing behind', async (t) => {
  const { database, journal } = await temporaryDatabase(t);
  const tables = () =>
    database.sqlite
      .rows(`select sql from sqlite_schema where name not like 'sqlite_%' and name not like 'kysely_%' order by name`)
      .map((row) => row['sql']);
  const first = tables();
  assert.ok(first.length > 20);
  await migrateDatabase(database.db, '0002-releases');
  assert.ok(tables().length < first.length);
  await journal.append('control', 1, [draft('still here')]);
  assert.deepEqual(await migrateDatabase(database.db, 'none'), ['0002-releases', '0001-journal']);
  assert.deepEqual(tables(), []);
  assert.deepEqual(await migrateDatabase(database.db, 'latest'), migrationNames);
  assert.deepEqual(tables(), first);
  await journal.append('control', 1, [draft(1)]);
});

test('a migration that fails takes back all that was changed with it', async (t) => {
  const { database } = await temporaryDatabase(t);
  await migrateDatabase(database.db, '0003-evidence');
  const tables = () => database.sqlite.rows('select name, sql from sqlite_schema order by name');
  const before = tables();
  const broken: Migration = {
    async up(db) {
      await db.schema.createTable('half').addColumn('a', 'text').execute();
      await db.schema.createTable('half').addColumn('a', 'text').execute();
    },
  };
  await assert.rejects(migrateDatabase(database.db, 'latest', { ...migrations, '0099-broken': broken }), {
    code: 'internal',
    message: /The migration 0099-broken failed, and nothing was changed: .*already exists/,
  });
  assert.deepEqual(tables(), before);
  assert.deepEqual(
    await migrateDatabase(database.db, 'latest'),
    migrationNames.slice(migrationNames.indexOf('0004-accounts')),
  );
});

test('older state is migrated in place, and a copy of it is kept beside', async (t) => {
  const { folder, file, database, journal } = await temporaryDatabase(t);
  await journal.append('control', 1, [draft('old')]);
  await migrateDatabase(database.db, '0002-releases');
  await database.close();
  const again = await openDatabase({ file, now: () => Date.UTC(2030, 0, 2, 3, 4, 5) });
  t.after(() => again.close());
  const copies = readdirSync(join(folder, 'before-migration'));
  assert.deepEqual(copies, ['lotse-2030-01-02T03-04-05.000Z-0002-releases.sqlite']);
  const copy = join(folder, 'before-migration', copies[0] ?? '');
  assert.deepEqual([modeOf(copy), checkIntegrity(copy)], ['600', []]);
  const check = await checkJournal(copy);
  assert.deepEqual([check.intact, check.chains[0]?.verified], [true, 1]);
  await again.db.selectFrom('tokens').selectAll().execute();
  assert.deepEqual(await again.db.selectFrom('checkpoints').selectAll().execute(), []);
});

test('only the latest copies from before migrations are kept', async (t) => {
  const { folder, file, database } = await temporaryDatabase(t);
  await database.close();
  for (const year of [2030, 2031, 2032]) {
    const state = await openDatabase({ file });
    await state.write((trx) => settleMigrations(trx, state.sqlite));
    await migrateDatabase(state.db, '0003-evidence');
    await state.close();
    await (await openDatabase({ file, now: () => Date.UTC(year, 0) })).close();
  }
  assert.deepEqual(
    readdirSync(join(folder, 'before-migration')).map((name) => name.slice(0, 10)),
    ['lotse-2031', 'lotse-2032'],
  );
});

test('state of a newer version is refused, naming both versions and the way out, and is left as it is', async (t) => {
  const { file, database } = await temporaryDatabase(t);
  await database.close();
  const newer = new DatabaseSync(file);
  newer.exec(`insert into kysely_migration values ('0099-from-the-future', '2040-01-01T00:00:00.000Z')`);
  newer.exec(`insert into state_versions values ('7.1.0', 4000000000000)`);
  newer.close();
  for (const readonly of [true, false]) {
    await assert.rejects(openDatabase({ file, readonly, lotseVersion: '0.1.0' }), {
      code: 'state-too-new',
      message: new RegExp(
        String.raw`written by Lotse 7\.1\.0 \(0099-from-the-future\); this is Lotse 0\.1\.0, which knows it up to ${migrationNames.at(-1)}`,
      ),
      hint: /Start Lotse 7\.1\.0 or later, or restore a backup/,
    });
  }
});

test('a reader beside a running control plane reads, and changes nothing', async (t) => {
  const { file, database, journal } = await temporaryDatabase(t);
  await journal.append('control', 1, [draft(1)]);
  const reader = await openDatabase({ file, readonly: true });
  t.after(() => reader.close());
  const readersJournal = openJournal(reader, realSources());
  await journal.append('control', 1, [draft(2)]);
  assert.equal(await readersJournal.lastPosition(), 2);
  await assert.rejects(readersJournal.append('control', 1, [draft(3)]), {
    code: 'conflict',
    message: /for reading only/,
  });
  await assert.rejects(reader.db.deleteFrom('journal').execute(), { code: 'conflict' });
  await assert.rejects(openDatabase({ file: `${file}-nowhere`, readonly: true }), { code: 'not-found' });
  assert.equal(database.readonly, false);
});

test('a damaged file is refused with recovery advice', async (t) => {
  const { folder, file, database, journal } = await temporaryDatabase(t);
  for (let n = 0; n < 200; n += 1) await journal.append('control', 1, [draft('x'.repeat(1000))]);
  await database.close();
  const garbage = join(folder, 'garbage.sqlite');
  writeFileSync(garbage, 'no database at all '.repeat(500));
  truncateSync(file, 100 * 1024);
  for (const damaged of [file, garbage]) {
    await assert.rejects(openDatabase({ file: damaged }), { code: 'journal-damaged', hint: /damaged-journal/ });
  }
});

test('a folder that cannot be made is named', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'in-the-way'), '');
  const file = join(folder, 'in-the-way', 'state', 'lotse.sqlite');
  await assert.rejects(openDatabase({ file }), { code: 'unreachable', hint: /in-the-way/ });
});

test('values that a column cannot hold are refused before anything is written', async (t) => {
  const { database } = await temporaryDatabase(t);
  const insert = database.sqlite.prepare('insert into checkpoints (key, value) values (?, ?)');
  for (const bad of [undefined, new Date(), {}, []]) assert.throws(() => insert.run(['k', bad]), TypeError);
  const head = { chain: 'c', sequence: 0.5, hash: '', fence: 1 };
  await assert.rejects(database.db.insertInto('journal_heads').values(head).execute(), { code: 'conflict' });
  assert.deepEqual(await database.db.selectFrom('checkpoints').selectAll().execute(), []);
});

/** A file system of that size; null (and the test is skipped) where it cannot be made. */
function smallDisk(t: TestContext, sizeKiB: number): string | null {
  if (platform() !== 'linux' || process.getuid?.() !== 0) {
    t.skip('mounting a small file system needs root on Linux');
    return null;
  }
  const folder = mkdtempSync(join(tmpdir(), 'lotse-small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeKiB}k`, 'lotse-test', folder], { stdio: 'pipe' });
  } catch (error) {
    rmSync(folder, { recursive: true });
    t.skip(`a tmpfs cannot be mounted here: ${String(error)}`);
    return null;
  }
  t.after(() => {
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

test('on a full disk an append is refused whole, and goes on when there is space again', async (t) => {
  const disk = smallDisk(t, 4096);
  if (disk === null) return;
  const ballast = join(disk, 'ballast');
  writeFileSync(ballast, Buffer.alloc(1024 * 1024));
  const database = await openDatabase({ file: join(disk, 'lotse.sqlite') });
  const journal = openJournal(database, realSources());
  let acknowledged = 0;
  const fill = async (): Promise<never> => {
    for (;;) {
      await journal.append('control', 1, [draft('x'.repeat(20_000)), draft('y'.repeat(20_000))]);
      acknowledged += 2;
    }
  };
  await assert.rejects(fill(), { code: 'disk-full', retriable: true, hint: /Free some space/ });
  assert.ok(acknowledged > 0);
  assert.equal(await journal.lastPosition(), acknowledged);
  const { bavail, bsize } = statfsSync(disk);
  assert.ok(bavail * bsize < 1024 * 1024);
  rmSync(ballast);
  await journal.append('control', 1, [draft('again'), draft('and again')]);
  const check = await checkJournal(database, { heads: await journal.heads() });
  assert.deepEqual([check.problems, check.chains[0]?.verified], [[], acknowledged + 2]);
  await database.close();
});

test('a disk that is full from the start is named as such', async (t) => {
  const disk = smallDisk(t, 64);
  if (disk === null) return;
  writeFileSync(join(disk, 'ballast'), Buffer.alloc(40 * 1024));
  const file = join(disk, 'state', 'lotse.sqlite');
  await assert.rejects(openDatabase({ file }), { code: 'disk-full', hint: /Free some space/ });
});
