import { setImmediate } from 'node:timers/promises';
import { chainStart, hashLink, hashPayload } from '../core/chain.ts';
import { payloadErased } from './journal-erase.ts';
import { linkOf } from './journal-rows.ts';
import type { ChainPlace, JournalRow } from './journal-rows.ts';
import type { Transaction } from './schema.ts';
import { recoveryAdvice } from './sqlite-errors.ts';

export interface JournalProblem {
  readonly kind:
    /** Events are missing in the middle. */
    | 'gap'
    /** An event, or the order of events, is not what was written. */
    | 'broken-hash'
    | 'changed-payload'
    /** A payload is gone and no event says who erased it, and why. */
    | 'erased-without-record'
    /** Events are missing at the end. */
    | 'cut-tail'
    /** The chain does not hold the event that a head names: it was written anew from some point on. */
    | 'other-history'
    | 'unreadable';
  /** Null: it is seen over all chains, or in the file. */
  readonly chain: string | null;
  /** First bad event. */
  readonly sequence: number | null;
  readonly message: string;
  /** What to do. */
  readonly advice: string;
}

export type ChainPlaceByName = Readonly<Record<string, ChainPlace>>;

export interface ChainCheck {
  readonly chain: string;
  /** Events that verify, from the first one on. */
  readonly verified: number;
  readonly erased: number;
  /** Where the verified part ends; null: nothing verifies. */
  readonly head: ChainPlace | null;
  /** First bad event; null: none. */
  readonly firstBad: number | null;
  readonly problems: readonly JournalProblem[];
}

const pageSize = 500;

interface Walk {
  readonly place: ChainPlace;
  readonly position: number;
  readonly erased: ReadonlySet<number>;
  readonly recorded: ReadonlySet<number>;
  /** Hash at the kept head's sequence, when the walk has come by. */
  readonly atKept: string | null;
}

/** Walks one chain from its start to the first event that does not verify, then compares its end with both heads. */
export async function checkChain(trx: Transaction, chain: string, kept: ChainPlace | null): Promise<ChainCheck> {
  const erased = new Set<number>();
  const recorded = new Set<number>();
  let walk: Walk = { place: { sequence: 0, hash: chainStart }, position: 0, erased, recorded, atKept: null };
  let broken: JournalProblem | null = null;
  for await (const row of rowsOf(trx, chain)) {
    broken = problemOf(row, walk);
    if (broken !== null) break;
    if (row.body === null) erased.add(row.sequence);
    else if (row.type === payloadErased) recorded.add(erasedSequence(row.body));
    const atKept = row.sequence === kept?.sequence ? row.hash : walk.atKept;
    walk = { place: { sequence: row.sequence, hash: row.hash }, position: row.position, erased, recorded, atKept };
  }
  const stored = await storedHead(trx, chain);
  const problems = broken === null ? endProblems(chain, walk, stored, kept) : [broken];
  return {
    chain,
    verified: walk.place.sequence,
    erased: erased.size,
    head: walk.place.sequence === 0 ? null : walk.place,
    firstBad: problems.reduce<number | null>(
      (least, { sequence }) => Math.min(least ?? Infinity, sequence ?? Infinity),
      null,
    ),
    problems,
  };
}

async function* rowsOf(trx: Transaction, chain: string): AsyncGenerator<JournalRow> {
  const pages = trx.selectFrom('journal').selectAll().where('chain', '=', chain).orderBy('sequence').limit(pageSize);
  let rows = await pages.execute();
  for (let last = rows.at(-1); last !== undefined; last = rows.at(-1)) {
    yield* rows;
    rows = await pages.where('sequence', '>', last.sequence).execute();
    // A long check shares the process with everything else.
    await setImmediate();
  }
}

function problemOf(row: JournalRow, { place, position }: Walk): JournalProblem | null {
  const { chain, sequence } = row;
  const expected = place.sequence + 1;
  if (sequence !== expected)
    return problem('gap', chain, expected, `event ${expected} is missing (the next one is ${sequence})`);
  if (hashLink(place.hash, linkOf(row)) !== row.hash) {
    return problem('broken-hash', chain, sequence, `event ${sequence} (${row.type}) is not what was written`);
  }
  if (row.position <= position)
    return problem('broken-hash', chain, sequence, `event ${sequence} stands before the one that it followed`);
  if ((row.body === null) !== (row.salt === null)) {
    return problem('changed-payload', chain, sequence, `payload or salt of event ${sequence} (${row.type}) is missing`);
  }
  if (row.body !== null && hashPayload(row.salt ?? '', row.body) !== row.payload_hash) {
    return problem(
      'changed-payload',
      chain,
      sequence,
      `the payload of event ${sequence} (${row.type}) is not what was written`,
    );
  }
  return null;
}

function endProblems(
  chain: string,
  walk: Walk,
  stored: ChainPlace,
  kept: ChainPlace | null,
): readonly JournalProblem[] {
  const { place, erased, recorded, atKept } = walk;
  const problems = [...erased]
    .filter((sequence) => !recorded.has(sequence))
    .map((at) =>
      problem('erased-without-record', chain, at, `the payload of event ${at} is gone, and no event says why`),
    );
  const written = Math.max(stored.sequence, kept?.sequence ?? 0);
  if (written > place.sequence) {
    const what = `it ends at event ${place.sequence}, but ${written} were written`;
    problems.push(problem('cut-tail', chain, place.sequence + 1, what));
  } else if (stored.sequence !== place.sequence || stored.hash !== place.hash) {
    const at = Math.min(stored.sequence + 1, place.sequence);
    problems.push(problem('other-history', chain, at, 'its end is not the event that was written last'));
  }
  const passedKept = kept !== null && kept.sequence > 0 && kept.sequence <= place.sequence;
  if (passedKept && atKept !== kept.hash) {
    const what = `event ${kept.sequence} is not the one that was confirmed elsewhere`;
    problems.push(problem('other-history', chain, kept.sequence, what));
  }
  return problems;
}

async function storedHead(trx: Transaction, chain: string): Promise<ChainPlace> {
  const row = await trx
    .selectFrom('journal_heads')
    .select(['sequence', 'hash'])
    .where('chain', '=', chain)
    .executeTakeFirst();
  return row ?? { sequence: 0, hash: chainStart };
}

/** Only called for a payload that has verified, so it is what `erase` wrote. */
function erasedSequence(body: string): number {
  const parsed: unknown = JSON.parse(body);
  if (typeof parsed !== 'object' || parsed === null || !('payload' in parsed)) return 0;
  const { payload } = parsed;
  return typeof payload === 'object' && payload !== null && 'sequence' in payload ? Number(payload.sequence) : 0;
}

function problem(kind: JournalProblem['kind'], chain: string, sequence: number, what: string): JournalProblem {
  return { kind, chain, sequence, message: `Journal of ${chain}: ${what}.`, advice: recoveryAdvice };
}
