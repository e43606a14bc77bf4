import { LotseError } from '../core/errors.ts';
import { checkJournal, type CheckJournalOptions } from './check-journal.ts';
import type { Database } from './open-database.ts';

/** Nothing is decided on a damaged journal. Errors: `journal-damaged`, with what was found and how to recover. */
export async function refuseDamage(
  database: Database,
  heads: NonNullable<CheckJournalOptions['heads']>,
): Promise<void> {
  const { intact, problems } = await checkJournal(database, { heads });
  if (intact) return;
  throw new LotseError('journal-damaged', problems[0]?.message ?? 'the journal is damaged', {
    hint: problems[0]?.advice ?? 'Restore a backup of the state folder.',
    details: problems.map((problem) => `${problem.chain ?? 'all chains'}: ${problem.message}`),
  });
}
