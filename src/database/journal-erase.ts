import { sql } from 'kysely';
import { LotseError } from '../core/errors.ts';
import type { Actor, EventDraft } from '../core/events.ts';
import type { ChainName } from '../core/ids.ts';
import { eventOf } from './journal-rows.ts';
import type { PositionedEvent } from './journal-rows.ts';
import type { JournalTransaction } from './journal.ts';
import type { Database } from './open-database.ts';

/** Type of the event that records an erasure; its payload is `{ sequence, id }` of the erased event. */
export const payloadErased = 'payload-erased';

export interface Erasure {
  readonly fence: number;
  readonly actor: Actor;
  /** Why; it stays readable for ever, so it must not repeat what is erased. */
  readonly reason: string;
  readonly correlationId?: string;
}

export async function eraseRow(
  unit: JournalTransaction,
  chain: ChainName,
  sequence: number,
  erasure: Erasure,
): Promise<PositionedEvent> {
  const { trx } = unit;
  const row = await trx
    .selectFrom('journal')
    .selectAll()
    .where('chain', '=', chain)
    .where('sequence', '=', sequence)
    .executeTakeFirst();
  if (row === undefined) throw new LotseError('not-found', `The journal of ${chain} has no event ${sequence}.`);
  if (row.type === payloadErased) {
    throw new LotseError('conflict', `Event ${sequence} of ${chain} records an erasure, and stays.`);
  }
  const earlier = row.body === null ? await findErasure(unit, chain, sequence) : null;
  if (earlier !== null) return earlier;
  await trx.updateTable('journal').set({ body: null, salt: null }).where('position', '=', row.position).execute();
  const [record] = await unit.append(chain, erasure.fence, [draftOf(erasure, { sequence, id: row.id })]);
  if (record === undefined) throw new LotseError('internal', 'The erasure was not recorded.');
  return record;
}

function draftOf(erasure: Erasure, payload: { readonly sequence: number; readonly id: string }): EventDraft {
  const { actor, reason, correlationId = null } = erasure;
  return { type: payloadErased, version: 1, actor, reason, correlationId, payload };
}

async function findErasure(
  { trx }: JournalTransaction,
  chain: ChainName,
  sequence: number,
): Promise<PositionedEvent | null> {
  const row = await trx
    .selectFrom('journal')
    .selectAll()
    .where('chain', '=', chain)
    .where('type', '=', payloadErased)
    .where(sql<number>`json_extract(body, '$.payload.sequence')`, '=', sequence)
    .executeTakeFirst();
  return row === undefined ? null : eventOf(row);
}

/** The write-ahead log still holds the old page until it is written back and cut. */
export async function forgetOldPages(database: Database): Promise<void> {
  let cut = false;
  await database.write(
    () => Promise.resolve(),
    () => (cut = database.sqlite.cutLog()),
  );
  if (cut) return;
  throw new LotseError(
    'locked',
    'The payload is erased, but its old bytes stay in the write-ahead log while it is read.',
    {
      hint: 'Repeat the command when running checks and backups have ended.',
      retriable: true,
    },
  );
}
