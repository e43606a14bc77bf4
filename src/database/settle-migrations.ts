import { sql } from 'kysely';
import { LotseError } from '../core/errors.ts';
import { unsettledTable } from './migrate-database.ts';
import { migrationNames } from './migrations/migrations.ts';
import type { Transaction } from './schema.ts';
import type { SqliteFile } from './sqlite-dialect.ts';
import { unsettledMigrations } from './state-version.ts';

/**
 * Gives up the way back to the version before: what was added to the state is written down where each version looks, so that
 * one that does not know it refuses the state. Answers the names; empty: all was settled. Error: `conflict` when a newer
 * version than this one has left something that is not settled.
 */
export async function settleMigrations(trx: Transaction, sqlite: SqliteFile): Promise<readonly string[]> {
  const names = unsettledMigrations(sqlite).map(({ name }) => name);
  if (names.length === 0) return [];
  const unknown = names.filter((name) => !migrationNames.includes(name));
  if (unknown.length > 0) {
    throw new LotseError('conflict', `${unknown.join(', ')} is of a newer Lotse than this one.`, {
      hint: 'Only the version that brought it can settle it; this one goes on as it is.',
    });
  }
  const from = sql.table(unsettledTable);
  await sql`insert into kysely_migration (name, timestamp) select name, timestamp from ${from}`.execute(trx);
  await sql`delete from ${from}`.execute(trx);
  return names;
}
