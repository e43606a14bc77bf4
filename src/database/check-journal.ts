import { LotseError } from '../core/errors.ts';
import { checkChain } from './check-chain.ts';
import type { ChainCheck, ChainPlaceByName, JournalProblem } from './check-chain.ts';
import { openDatabase } from './open-database.ts';
import type { Database } from './open-database.ts';
import { recoveryAdvice } from './sqlite-errors.ts';
import type { Transaction } from './schema.ts';
import type { SqliteFile } from './sqlite-dialect.ts';
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
 * Verifies every chain, through a connection of its own that only reads; appends may go on meanwhile. Damage is a
 * result, not an error; errors are `not-found`, `state-too-new`, `unreachable`.
 */
export async function checkJournal(
  subject: Database | string,
  options: CheckJournalOptions = {},
): Promise<JournalCheck> {
  const file = typeof subject === 'string' ? subject : subject.file;
  try {
    const reader = await openDatabase({ file, readonly: true });
    try {
      // One transaction, so that events that are appended meanwhile are not taken for damage.
      const transaction = reader.db.transaction().setAccessMode('read only');
      return await transaction.execute((trx) => checkState(trx, reader.sqlite, options.heads ?? {}));
    } finally {
      await reader.close();
    }
  } catch (error) {
    if (!(error instanceof LotseError) || error.code !== 'journal-damaged') throw error;
    return resultOf([], [{ ...overAll, kind: 'unreadable', message: error.message }]);
  }
}

const overAll = { chain: null, sequence: null, advice: recoveryAdvice } as const;

function resultOf(chains: readonly ChainCheck[], further: readonly JournalProblem[]): JournalCheck {
  const problems = [...chains.flatMap((chain) => chain.problems), ...further];
  return { intact: problems.length === 0, chains, problems };
}

async function checkState(trx: Transaction, sqlite: SqliteFile, kept: ChainPlaceByName): Promise<JournalCheck> {
  if (!appliedMigrations(sqlite).includes('0001-journal')) {
    throw new LotseError('journal-damaged', `${sqlite.path} holds no journal.`, { hint: recoveryAdvice });
  }
  const inJournal = await trx.selectFrom('journal').select('chain').distinct().execute();
  const inHeads = await trx.selectFrom('journal_heads').select('chain').where('sequence', '>', 0).execute();
  const names = new Set([...inJournal, ...inHeads].map((row) => row.chain).concat(Object.keys(kept)));
  const chains: ChainCheck[] = [];
  for (const chain of [...names].sort()) chains.push(await checkChain(trx, chain, kept[chain] ?? null));
  return resultOf(chains, await checkPositions(trx, sqlite));
}

/** Positions are given out without gaps, and SQLite remembers the highest one. */
async function checkPositions(trx: Transaction, sqlite: SqliteFile): Promise<readonly JournalProblem[]> {
  const { rows, first, last } = await trx
    .selectFrom('journal')
    .select(({ fn }) => fn.countAll<number>().as('rows'))
    .select(({ fn }) => [fn.min('position').as('first'), fn.max('position').as('last')])
    .executeTakeFirstOrThrow();
  const given = Number(sqlite.rows(`select seq from sqlite_sequence where name = 'journal'`)[0]?.['seq'] ?? 0);
  const whole = rows === 0 ? given === 0 : first === 1 && last === rows && given === rows;
  if (whole) return [];
  const places = rows === 0 ? 'none is there' : `${rows} are there, at positions ${first} to ${last}`;
  return [{ ...overAll, kind: 'gap', message: `${given} events were written over all chains; ${places}.` }];
}
