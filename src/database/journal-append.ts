import { chainStart } from '../core/chain.ts';
import { LotseError } from '../core/errors.ts';
import type { EventDraft } from '../core/events.ts';
import type { ChainName } from '../core/ids.ts';
import { eventOf, rowOf } from './journal-rows.ts';
import type { ChainPlace, PositionedEvent, RowOrigin } from './journal-rows.ts';
import type { Transaction } from './schema.ts';

export interface Append {
  readonly chain: ChainName;
  readonly fence: number;
  readonly drafts: readonly EventDraft[];
}

/**
 * Appends to one chain inside a transaction. Errors: `fenced-off` for a fence below the chain's highest or below the
 * latest owner's, `journal-damaged` when the chain's last row is not the one that was written last.
 */
export async function appendRows(
  trx: Transaction,
  append: Append,
  draw: () => RowOrigin,
): Promise<readonly PositionedEvent[]> {
  const { chain, fence, drafts } = append;
  const { head, last, ownerFence } = await readEnd(trx, chain);
  refuseOldFence(append, Math.max(head.fence, ownerFence));
  refuseDamagedTail(chain, head, last);
  let place: ChainPlace = head;
  const rows = drafts.map((draft) => {
    const row = rowOf(chain, place, draft, draw());
    place = row;
    return row;
  });
  const stored = rows.length === 0 ? [] : await trx.insertInto('journal').values(rows).returningAll().execute();
  const { sequence, hash } = place;
  await trx
    .insertInto('journal_heads')
    .values({ chain, sequence, hash, fence })
    .onConflict((conflict) => conflict.column('chain').doUpdateSet({ sequence, hash, fence }))
    .execute();
  return stored.map(eventOf).toSorted((a, b) => a.sequence - b.sequence);
}

/** The end of a chain as its head and as its last row tell it, and the latest owner's fence: in one statement. */
async function readEnd(trx: Transaction, chain: ChainName) {
  const { tail, ...found } = await trx
    .selectNoFrom(({ selectFrom }) => [
      selectFrom('journal_heads').select('sequence').where('chain', '=', chain).as('sequence'),
      selectFrom('journal_heads').select('hash').where('chain', '=', chain).as('hash'),
      selectFrom('journal_heads').select('fence').where('chain', '=', chain).as('fence'),
      selectFrom('owner_fence').select('fence').as('ownerFence'),
      selectFrom('journal').select('hash').where('chain', '=', chain).orderBy('sequence', 'desc').limit(1).as('tail'),
      selectFrom('journal')
        .select(({ fn }) => fn.max('sequence').as('last'))
        .where('chain', '=', chain)
        .as('last'),
    ])
    .executeTakeFirstOrThrow();
  const head = { sequence: found.sequence ?? 0, hash: found.hash ?? chainStart, fence: found.fence ?? 0 };
  return { head, last: { sequence: found.last ?? 0, hash: tail ?? chainStart }, ownerFence: found.ownerFence ?? 0 };
}

function refuseOldFence({ chain, fence }: Append, highest: number): void {
  if (fence >= highest) return;
  throw new LotseError(
    'fenced-off',
    `The journal of ${chain} has seen fence ${highest}; ${fence} may not write any more.`,
    {
      hint: 'A newer control plane has taken over this state; stop this one.',
    },
  );
}

/** Nothing is ever built on a cut or replaced tail. */
function refuseDamagedTail(chain: ChainName, head: ChainPlace, last: ChainPlace): void {
  if (last.sequence === head.sequence && last.hash === head.hash) return;
  throw new LotseError(
    'journal-damaged',
    `The journal of ${chain} ends at event ${last.sequence}, but ${head.sequence} were written.`,
    {
      hint: 'Run `lotse journal check`: it names what is missing and what to do. Nothing is appended until then.',
    },
  );
}
