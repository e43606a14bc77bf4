import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Migration } from 'kysely/migration';
import { migrateDatabase, migrateUnsettled, unsettledTable } from './migrate-database.ts';
import { migrationNames, migrations } from './migrations/migrations.ts';
import { openDatabase, type Database } from './open-database.ts';
import { settleMigrations } from './settle-migrations.ts';
import { settledMigrations, unsettledMigrations } from './state-version.ts';
import { openJournal } from './journal.ts';
import { readTableShapes, whatBreaks } from './table-shapes.ts';
import { draft, realSources, temporaryDatabase } from './temporary-database.ts';

const settle = (database: Database) => database.write((trx) => settleMigrations(trx, database.sqlite));

test('what a newer version adds to existing state is not settled, so the version before goes on with it', async (t) => {
  const { file, database, journal } = await temporaryDatabase(t);
  await journal.append('control', 1, [draft('of the version before')]);
  await migrateDatabase(database.db, '0004-accounts');
  await database.close();
  const newer = await openDatabase({ file, lotseVersion: '0.2.0' });
  t.after(() => newer.close());
  const added = migrationNames.slice(4);
  // What a version looks at that knows nothing of settling: to it, the state is its own.
  assert.deepEqual(settledMigrations(newer.sqlite), migrationNames.slice(0, 4));
  assert.deepEqual(
    unsettledMigrations(newer.sqlite).map(({ name }) => name),
    added,
  );
  assert.ok(added.every((name) => !newer.isSettled(name)));
  assert.ok(newer.isSettled('0004-accounts'));
  await openJournal(newer, realSources()).append('control', 1, [draft('of the newer one')]);
  await newer.close();

  const again = await openDatabase({ file, lotseVersion: '0.2.0' });
  t.after(() => again.close());
  assert.deepEqual(await settle(again), added);
  assert.deepEqual([settledMigrations(again.sqlite), unsettledMigrations(again.sqlite)], [migrationNames, []]);
  assert.ok(added.every((name) => again.isSettled(name)));
  assert.deepEqual(await settle(again), []);
});

test('what a still newer version has left unsettled stays where it is, and only that version settles it', async (t) => {
  const { file, database } = await temporaryDatabase(t);
  const later: Migration = {
    async up(db) {
      await db.schema.createTable('of_later').addColumn('a', 'text').execute();
    },
  };
  const had = { settled: migrationNames, unsettled: [] };
  assert.deepEqual(await migrateUnsettled(database.db, had, { ...migrations, '0099-later': later }), ['0099-later']);
  await migrateDatabase(database.db, '0012-flag-reasons');
  await database.close();
  const back = await openDatabase({ file });
  t.after(() => back.close());
  const unsettled = unsettledMigrations(back.sqlite).map(({ name }) => name);
  const own = migrationNames.slice(migrationNames.indexOf('0012-flag-reasons') + 1);
  assert.deepEqual(unsettled, [...own, '0099-later'], 'its own go beside it');
  await assert.rejects(settle(back), { code: 'conflict', message: /0099-later is of a newer Lotse/ });
  assert.equal(unsettledMigrations(back.sqlite).length, own.length + 1);
});

test('a migration of existing state that fails leaves nothing behind, and the version before goes on', async (t) => {
  const { database } = await temporaryDatabase(t);
  const broken: Migration = {
    async up(db) {
      await db.schema.createTable('half').addColumn('a', 'text').execute();
      throw new Error('half way');
    },
  };
  const had = { settled: migrationNames, unsettled: [] };
  await assert.rejects(migrateUnsettled(database.db, had, { ...migrations, '0099-broken': broken }), {
    message: /The migration 0099-broken failed, and nothing was changed: half way/,
  });
  assert.deepEqual(database.sqlite.rows("select name from sqlite_schema where name = 'half'"), []);
  assert.deepEqual(unsettledMigrations(database.sqlite), []);
});

test('every migration only adds to what the one before it knows', async (t) => {
  const { database } = await temporaryDatabase(t);
  await migrateDatabase(database.db, '0004-accounts');
  for (const name of migrationNames.slice(4)) {
    const before = readTableShapes(database.sqlite);
    await migrateDatabase(database.db, name);
    assert.deepEqual(whatBreaks(before, readTableShapes(database.sqlite)), [], name);
  }
});

test('what a version that knows only the tables before could not go on with is named', () => {
  const shapes = (...statements: readonly string[]) => {
    const memory = new DatabaseSync(':memory:');
    for (const statement of statements) memory.exec(statement);
    const rows = (text: string) => memory.prepare(text).all();
    return readTableShapes({ rows } as never);
  };
  const first = 'create table people (id text primary key not null, name text not null, mail text)';
  const second = 'create table tokens (id text primary key not null)';
  const before = shapes(first, second);
  const whatBreaksBy = (...then: readonly string[]) => whatBreaks(before, shapes(first, second, ...then));
  assert.deepEqual(
    whatBreaksBy(
      'create table passkeys (id text not null)',
      'create unique index passkeys_once on passkeys (id)',
      'create index people_name on people (name)',
      'alter table people add column disabled_at integer',
      "alter table tokens add column kind text not null default 'plain'",
      `create table ${unsettledTable} (name text not null)`,
    ),
    [],
  );
  assert.deepEqual(whatBreaksBy('drop table tokens'), ['table tokens is gone']);
  assert.deepEqual(whatBreaksBy('alter table people drop column mail'), ['column people.mail is gone']);
  assert.deepEqual(
    whatBreaksBy('drop table tokens', 'create table tokens (id text primary key not null, of text not null)'),
    ['column tokens.of is needed, and it knows nothing of it'],
  );
  assert.deepEqual(whatBreaksBy('drop table tokens', 'create table tokens (id integer primary key not null)'), [
    'column tokens.id has changed',
  ]);
  assert.deepEqual(whatBreaksBy('create unique index people_mail on people (mail)'), [
    'people_mail is a new rule for rows that it writes',
  ]);
});
