import type { UnixMs } from '../../core/ids.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { Database } from '../../database/open-database.ts';

export interface AccountParts {
  readonly database: Pick<Database, 'db'>;
  readonly journal: Pick<DatabaseJournal, 'append' | 'transact'>;
  /** Of the owner's lock, as it is now. */
  readonly fence: () => number;
  readonly now: () => UnixMs;
}
