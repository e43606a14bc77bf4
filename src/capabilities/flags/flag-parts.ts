import type { ReleaseId, Scope, UnixMs } from '../../core/ids.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { Database } from '../../database/open-database.ts';

/** The flags of one release, as text. */
export interface DefinedFlags {
  readonly release: ReleaseId;
  readonly text: string;
}

/** What the capability works with. */
export interface FlagParts {
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly fence: () => number;
  readonly now: () => UnixMs;
  /** Of the releases that run in an environment, those first whose definitions win. */
  readonly definitions: (scope: Scope) => Promise<readonly DefinedFlags[]>;
  readonly log: (about: object) => void;
}
