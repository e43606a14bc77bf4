import { Migrator, NO_MIGRATIONS } from 'kysely/migration';
import type { Migration, MigrationResultSet } from 'kysely/migration';
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
  return namesOf(
    to,
    to === 'latest' ? await migrator.migrateToLatest() : await migrator.migrateTo(to === 'none' ? NO_MIGRATIONS : to),
  );
}

/** Where migrations of existing state are written down until they are settled: the version before does not look here. */
export const unsettledTable = 'unsettled_migration';

export interface HadMigrations {
  readonly settled: readonly string[];
  /** Some of them may be of a version later than this one. */
  readonly unsettled: readonly string[];
}

/** Applies to existing state what it has not had, unsettled, all or none. Errors and answer: as `migrateDatabase`. */
export async function migrateUnsettled<T>(
  db: Kysely<T>,
  had: HadMigrations,
  list: Readonly<Record<string, Migration>> = migrations,
): Promise<readonly string[]> {
  const own = Object.entries(list).filter(([name]) => !had.settled.includes(name));
  const unknown = had.unsettled.filter((name) => !(name in list)).map((name) => [name, alreadyDone] as const);
  const migrator = new Migrator({
    ...{ db, migrationTableName: unsettledTable, migrationLockTableName: `${unsettledTable}_lock` },
    provider: { getMigrations: () => Promise.resolve(Object.fromEntries([...own, ...unknown])) },
    allowUnorderedMigrations: true,
  });
  return namesOf('latest', await migrator.migrateToLatest());
}

const alreadyDone: Migration = { up: () => Promise.resolve() };

function namesOf(to: MigrationTarget, { error, results }: MigrationResultSet): readonly string[] {
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
