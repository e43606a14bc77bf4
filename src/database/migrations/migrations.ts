import type { Migration } from 'kysely/migration';
import * as journal from './0001-journal.ts';
import * as releases from './0002-releases.ts';
import * as evidence from './0003-evidence.ts';
import * as accounts from './0004-accounts.ts';

/** All migrations in their order. Once released, one is never changed; a new one is added at the end. */
export const migrations = {
  '0001-journal': journal,
  '0002-releases': releases,
  '0003-evidence': evidence,
  '0004-accounts': accounts,
} as const satisfies Record<string, Migration>;

export const migrationNames: readonly string[] = Object.keys(migrations);
