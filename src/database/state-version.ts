import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LotseError } from '../core/errors.ts';
import type { UnixMs } from '../core/ids.ts';
import { copyDatabaseFile } from './backup.ts';
import { migrateDatabase, migrateUnsettled, unsettledTable } from './migrate-database.ts';
import { migrationNames } from './migrations/migrations.ts';
import { holdOwnerFile } from './owner-file.ts';
import type { LotseDb } from './schema.ts';
import type { SqliteFile } from './sqlite-dialect.ts';

/** Copies made before migrations that are kept; they still hold what was erased since, so there are few. */
const keptCopies = 2;

/** Names of the migrations that a state file has had, settled or not; empty for a new file. */
export function appliedMigrations(sqlite: SqliteFile): readonly string[] {
  return [...settledMigrations(sqlite), ...unsettledMigrations(sqlite).map(({ name }) => name)];
}

/** Whoever does not know one of these cannot read the state. */
export function settledMigrations(sqlite: SqliteFile): readonly string[] {
  if (!hasTable(sqlite, 'kysely_migration')) return [];
  return sqlite.rows('select name from kysely_migration order by name').map((row) => String(row['name']));
}

export interface UnsettledMigration {
  readonly name: string;
  /** When it was applied, as ISO 8601. */
  readonly since: string;
}

/** What a newer version has only added: the version before may still read and write the state. */
export function unsettledMigrations(sqlite: SqliteFile): readonly UnsettledMigration[] {
  if (!hasTable(sqlite, unsettledTable)) return [];
  return sqlite
    .rows(`select name, timestamp from ${unsettledTable} order by name`)
    .map((row) => ({ name: String(row['name']), since: String(row['timestamp']) }));
}

/**
 * Refuses (`state-too-new`) what has had a migration that this code does not know, and that was settled. One that was not
 * has only added to what this code knows. Writes nothing.
 */
export function refuseNewerState(sqlite: SqliteFile, lotseVersion: string): void {
  const unknown = settledMigrations(sqlite).filter((name) => !migrationNames.includes(name));
  if (unknown.length === 0) return;
  const writer = latestWriter(sqlite);
  const copy = copiesOf(sqlite.path).at(-1);
  throw new LotseError(
    'state-too-new',
    `${sqlite.path} was written by Lotse ${writer ?? '(a newer version)'} (${unknown.join(', ')}); this is Lotse ${lotseVersion}, which knows it up to ${migrationNames.at(-1)}.`,
    {
      hint:
        `Start Lotse ${writer ?? 'in the newer version'} or later` +
        (copy === undefined
          ? ', or restore a backup that was made before the upgrade.'
          : `, or go back to the state from before the upgrade: ${copy}`),
    },
  );
}

export interface BringUpToDate {
  readonly kysely: LotseDb;
  readonly sqlite: SqliteFile;
  readonly lotseVersion: string;
  readonly now: () => UnixMs;
  /** Of state that is a copy itself no other is made. */
  readonly isCopy: boolean;
}

/**
 * Applies what is missing, behind the owner's lock and after a copy, and records which version has written here. New state
 * is settled at once; in existing state what was applied stays unsettled, so that the version before can go on with it.
 */
export async function bringUpToDate({ kysely, sqlite, lotseVersion, now, isCopy }: BringUpToDate): Promise<void> {
  if (missingMigrations(sqlite).length > 0) {
    const owner = holdOwnerFile(dirname(sqlite.path));
    try {
      const settled = settledMigrations(sqlite);
      if (settled.length === 0) await migrateDatabase(kysely, 'latest');
      else if (missingMigrations(sqlite).length > 0) {
        if (!isCopy) await keepCopy(sqlite, appliedMigrations(sqlite).toSorted().at(-1) ?? '', now());
        await migrateUnsettled(kysely, { settled, unsettled: unsettledMigrations(sqlite).map(({ name }) => name) });
      }
    } finally {
      owner.release();
    }
  }
  await kysely
    .insertInto('state_versions')
    .values({ version: lotseVersion, since: now() })
    .onConflict((conflict) => conflict.column('version').doNothing())
    .execute();
}

function missingMigrations(sqlite: SqliteFile): readonly string[] {
  const applied = appliedMigrations(sqlite);
  return migrationNames.filter((name) => !applied.includes(name));
}

async function keepCopy(sqlite: SqliteFile, lastMigration: string, at: UnixMs): Promise<void> {
  const folder = copiesFolder(sqlite.path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const time = new Date(at).toISOString().replaceAll(':', '-');
  await copyDatabaseFile(sqlite, join(folder, `${basename(sqlite.path, '.sqlite')}-${time}-${lastMigration}.sqlite`));
  for (const old of copiesOf(sqlite.path).slice(0, -keptCopies)) rmSync(old);
}

function copiesFolder(file: string): string {
  return join(dirname(file), 'before-migration');
}

/** Oldest first: their names begin with the time. */
function copiesOf(file: string): readonly string[] {
  try {
    const start = `${basename(file, '.sqlite')}-`;
    const names = readdirSync(copiesFolder(file)).filter((name) => name.startsWith(start) && name.endsWith('.sqlite'));
    return names.sort().map((name) => join(copiesFolder(file), name));
  } catch {
    return [];
  }
}

/** Which version has last begun to write here; null: none has said so. */
export function latestWriter(sqlite: SqliteFile): string | null {
  if (!hasTable(sqlite, 'state_versions')) return null;
  const row = sqlite.rows('select version from state_versions order by since desc, rowid desc limit 1')[0];
  return row === undefined ? null : String(row['version']);
}

function hasTable(sqlite: SqliteFile, table: 'kysely_migration' | 'state_versions' | typeof unsettledTable): boolean {
  return sqlite.rows(`select 1 from sqlite_schema where type = 'table' and name = '${table}'`).length > 0;
}
