import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { uuidv7 } from 'uuidv7';
import { HiddenValues } from './core/hidden-values.ts';
import { openJournal, type DatabaseJournal } from './database/journal.ts';
import type { Database } from './database/open-database.ts';
import { problemLog } from './process.ts';

export interface Books {
  readonly journal: DatabaseJournal;
  readonly log: (about: object) => void;
  /** Values of secrets that this control plane has seen: in no book is any of them. */
  readonly hidden: HiddenValues;
}

/** The part of the composition root for what is written down: the journal, and the log of problems. */
export function openBooks(database: Database, controlDir: string): Books {
  const hidden = new HiddenValues();
  const newSalt = () => randomBytes(16).toString('hex');
  const journal = openJournal(database, { now: Date.now, newId: uuidv7, newSalt, hide: hidden.hide });
  return { journal, log: problemLog(join(controlDir, 'control-plane.log'), hidden.hide), hidden };
}
