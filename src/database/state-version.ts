import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LotseError } from '../core/errors.ts';
import type { UnixMs } from '../core/ids.ts';
import { copyDatabaseFile } from './backup.ts';
import { migrateDatabase } from './migrate-database.ts';
import { migrationNames } from './migrations/migrations.ts';
import { holdOwnerFile } from './owner-file.ts';
import type { LotseDb } from './schema.ts';
import type { SqliteFile } from './sqlite-dialect.ts';

/** Copies made before migrations that are kept; they still hold what was erased since, so there are few. */
const keptCopies = 2;

/** Names of the migrations that a state file has had; empty for a new file. */
export function appliedMigrations(sqlite: SqliteFile): readonly string[] {
  if (!hasTable(sqlite, 'kysely_migration')) return [];
  return sqlite.rows('select name from kysely_migration order by name').map((row) => String(row['name']));
}

/** Refuses (`state-too-new`) what has had a migration that this code does not know. Writes nothing. */
export function refuseNewerState(sqlite: SqliteFile, lotseVersion: string): void {
  const unknown = appliedMigrations(sqlite).filter((name) => !migrationNames.includes(name));
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
}

/** Applies what is missing, behind the owner's lock and after a copy, and records which version has written here. */
export async function bringUpToDate({ kysely, sqlite, lotseVersion, now }: BringUpToDate): Promise<void> {
  if (appliedMigrations(sqlite).length < migrationNames.length) {
    const owner = holdOwnerFile(dirname(sqlite.path));
    try {
      const applied = appliedMigrations(sqlite);
      if (applied.length > 0) await keepCopy(sqlite, applied.at(-1) ?? '', now());
      await migrateDatabase(kysely, 'latest');
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

function latestWriter(sqlite: SqliteFile): string | null {
  if (!hasTable(sqlite, 'state_versions')) return null;
  const row = sqlite.rows('select version from state_versions order by since desc, rowid desc limit 1')[0];
  return row === undefined ? null : String(row['version']);
}

function hasTable(sqlite: SqliteFile, table: 'kysely_migration' | 'state_versions'): boolean {
  return sqlite.rows(`select 1 from sqlite_schema where type = 'table' and name = '${table}'`).length > 0;
}
