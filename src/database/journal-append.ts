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
  const head = await trx.selectFrom('journal_heads').selectAll().where('chain', '=', chain).executeTakeFirst();
  await refuseOldFence(trx, append, head?.fence ?? 0);
  let place: ChainPlace = head ?? { sequence: 0, hash: chainStart };
  await refuseDamagedTail(trx, chain, place);
  const events: PositionedEvent[] = [];
  for (const draft of drafts) {
    const row = rowOf(chain, place, draft, draw());
    const stored = await trx.insertInto('journal').values(row).returningAll().executeTakeFirstOrThrow();
    events.push(eventOf(stored));
    place = row;
  }
  const { sequence, hash } = place;
  await trx
    .insertInto('journal_heads')
    .values({ chain, sequence, hash, fence })
    .onConflict((conflict) => conflict.column('chain').doUpdateSet({ sequence, hash, fence }))
    .execute();
  return events;
}

async function refuseOldFence(trx: Transaction, { chain, fence }: Append, chainFence: number): Promise<void> {
  const owner = await trx.selectFrom('owner_fence').select('fence').executeTakeFirst();
  const highest = Math.max(chainFence, owner?.fence ?? 0);
  if (fence >= highest) return;
  throw new LotseError(
    'fenced-off',
    `The journal of ${chain} has seen fence ${highest}; ${fence} may not write any more.`,
    {
      hint: 'A newer control plane has taken over this state; stop this one.',
    },
  );
}

/** One look at the end of the chain, so that nothing is ever built on a cut or replaced tail. */
async function refuseDamagedTail(trx: Transaction, chain: ChainName, place: ChainPlace): Promise<void> {
  const last = await trx
    .selectFrom('journal')
    .select(['sequence', 'hash'])
    .where('chain', '=', chain)
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  if ((last?.sequence ?? 0) === place.sequence && (last?.hash ?? chainStart) === place.hash) return;
  throw new LotseError(
    'journal-damaged',
    `The journal of ${chain} ends at event ${last?.sequence ?? 0}, but ${place.sequence} were written.`,
    {
      hint: 'Run `lotse journal check`: it names what is missing and what to do. Nothing is appended until then.',
    },
  );
}
