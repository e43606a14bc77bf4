import { Migrator, NO_MIGRATIONS } from 'kysely/migration';
import type { Migration } from 'kysely/migration';
import type { Kysely } from 'kysely';
import { LotseError } from '../core/errors.ts';
import { migrations } from './migrations/migrations.ts';

/** `latest`, `none`, or the name of the migration that shall be the last one applied. */
export type MigrationTarget = 'latest' | 'none' | (string & {});

/**
 * Moves the tables up or down to a migration, all steps in one transaction or none. Errors: `disk-full`, `locked`, `internal`.
 * Resolves to the names that were applied or taken back, in that order.
 */
export async function migrateDatabase<T>(
  db: Kysely<T>,
  to: MigrationTarget,
  list: Readonly<Record<string, Migration>> = migrations,
): Promise<readonly string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve({ ...list }) } });
  const { error, results } =
    to === 'latest' ? await migrator.migrateToLatest() : await migrator.migrateTo(to === 'none' ? NO_MIGRATIONS : to);
  if (error instanceof LotseError && error.retriable) throw error;
  if (error !== undefined) {
    const failed = results?.find((result) => result.status === 'Error');
    throw new LotseError(
      'internal',
      `The migration ${failed?.migrationName ?? to} failed, and nothing was changed: ${reasonOf(error)}`,
      {
        hint: 'The state is as it was: go on with the version of Lotse that wrote it, and report this error.',
        cause: error,
      },
    );
  }
  return (results ?? []).map((result) => result.migrationName);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
