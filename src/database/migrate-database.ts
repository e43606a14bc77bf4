import { Migrator, NO_MIGRATIONS } from 'kysely/migration';
import type { Kysely } from 'kysely';
import { LotseError } from '../core/errors.ts';
import { migrations } from './migrations/migrations.ts';

/** `latest`, `none`, or the name of the migration that shall be the last one applied. */
export type MigrationTarget = 'latest' | 'none' | (string & {});

/**
 * Moves the tables up or down to a migration, all steps in one transaction or none. Throws what the failed step threw.
 * Resolves to the names that were applied or taken back, in that order.
 */
export async function migrateDatabase<T>(db: Kysely<T>, to: MigrationTarget): Promise<readonly string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve({ ...migrations }) } });
  const { error, results } =
    to === 'latest' ? await migrator.migrateToLatest() : await migrator.migrateTo(to === 'none' ? NO_MIGRATIONS : to);
  if (error instanceof LotseError) throw error;
  if (error !== undefined) {
    const failed = results?.find((result) => result.status === 'Error');
    throw new LotseError('internal', `The migration ${failed?.migrationName ?? to} failed; nothing was changed.`, {
      hint: 'The state is as it was: go on with the version of Lotse that wrote it, and report this error.',
      cause: error,
    });
  }
  return (results ?? []).map((result) => result.migrationName);
}
