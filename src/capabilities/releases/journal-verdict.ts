import { checkJournal, type CheckJournalOptions } from '../../database/check-journal.ts';
import type { Database } from '../../database/open-database.ts';
import type { JournalCheckView } from './releases-api.ts';

/** Verifies every chain against the heads that are kept elsewhere, and says it in the API's shape. */
export async function journalVerdict(
  database: Database,
  heads: NonNullable<CheckJournalOptions['heads']>,
): Promise<JournalCheckView> {
  const { intact, chains, problems } = await checkJournal(database, { heads });
  const found = chains.map(({ chain, verified, problems: [problem] }) => ({
    chain,
    events: verified,
    problem: problem?.message ?? null,
  }));
  return { ok: intact, chains: found, advice: problems[0]?.advice ?? null };
}
