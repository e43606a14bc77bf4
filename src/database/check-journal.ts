import { LotseError } from '../core/errors.ts';
import { checkChain } from './check-chain.ts';
import type { ChainCheck, ChainPlaceByName, JournalProblem } from './check-chain.ts';
import { openDatabase } from './open-database.ts';
import type { Database } from './open-database.ts';
import { recoveryAdvice } from './sqlite-errors.ts';
import { appliedMigrations } from './state-version.ts';

export interface JournalCheck {
  readonly intact: boolean;
  readonly chains: readonly ChainCheck[];
  readonly problems: readonly JournalProblem[];
}

export interface CheckJournalOptions {
  /** Heads kept elsewhere (by the proxy, in backups): only they show a tail that was cut with care. */
  readonly heads?: ChainPlaceByName;
}

/**
 * Verifies every chain of an open database, or of a file that is then opened for reading only. Damage is a result, not an
 * error; errors are `not-found`, `state-too-new`, `unreachable`.
 */
export async function checkJournal(
  subject: Database | string,
  options: CheckJournalOptions = {},
): Promise<JournalCheck> {
  if (typeof subject !== 'string') return await readable(() => checkDatabase(subject, options.heads ?? {}));
  return await readable(async () => {
    const database = await openDatabase({ file: subject, readonly: true });
    try {
      return await checkDatabase(database, options.heads ?? {});
    } finally {
      await database.close();
    }
  });
}

async function checkDatabase(database: Database, kept: ChainPlaceByName): Promise<JournalCheck> {
  const { db, sqlite } = database;
  if (!appliedMigrations(sqlite).includes('0001-journal')) {
    throw new LotseError('journal-damaged', `${sqlite.path} holds no journal.`, { hint: recoveryAdvice });
  }
  const inJournal = await db.selectFrom('journal').select('chain').distinct().execute();
  const inHeads = await db.selectFrom('journal_heads').select('chain').where('sequence', '>', 0).execute();
  const names = new Set([...inJournal, ...inHeads].map((row) => row.chain).concat(Object.keys(kept)));
  const chains: ChainCheck[] = [];
  for (const chain of [...names].sort()) chains.push(await checkChain(database, chain, kept[chain] ?? null));
  const problems = [...chains.flatMap((chain) => chain.problems), ...(await checkPositions(database))];
  return { intact: problems.length === 0, chains, problems };
}

/** Positions are given out without gaps, and SQLite remembers the highest one. */
async function checkPositions({ db, sqlite }: Database): Promise<readonly JournalProblem[]> {
  const found = await db
    .selectFrom('journal')
    .select(({ fn }) => [
      fn.countAll<number>().as('rows'),
      fn.min('position').as('first'),
      fn.max('position').as('last'),
    ])
    .executeTakeFirstOrThrow();
  const given = Number(sqlite.rows(`select seq from sqlite_sequence where name = 'journal'`)[0]?.['seq'] ?? 0);
  const first = found.rows === 0 ? 1 : found.first;
  const last = found.rows === 0 ? 0 : found.last;
  if (first === 1 && last === found.rows && given === last) return [];
  const message = `${given} events were written over all chains; ${found.rows} are there, at positions ${first} to ${last}.`;
  return [{ kind: 'gap', chain: null, sequence: null, message, advice: recoveryAdvice }];
}

async function readable(check: () => Promise<JournalCheck>): Promise<JournalCheck> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof LotseError) || error.code !== 'journal-damaged') throw error;
    const problem: JournalProblem = {
      kind: 'unreadable',
      chain: null,
      sequence: null,
      message: error.message,
      advice: recoveryAdvice,
    };
    return { intact: false, chains: [], problems: [problem] };
  }
}
