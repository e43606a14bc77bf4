import type { UnixMs } from '../core/ids.ts';
import type { Database } from './open-database.ts';

/** The stored position of a subscriber; a new name gets `start`, durably. */
export async function loadCursor({ db }: Database, name: string, start: number, at: UnixMs): Promise<number> {
  await db
    .insertInto('subscriptions')
    .values({ name, position: start, failures: 0, last_error: null, updated_at: at })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
  const row = await db
    .selectFrom('subscriptions')
    .select('position')
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  return row.position;
}

export async function saveCursor({ db }: Database, name: string, position: number, at: UnixMs): Promise<void> {
  await db
    .updateTable('subscriptions')
    .set({ position, failures: 0, last_error: null, updated_at: at })
    .where('name', '=', name)
    .where('position', '<', position)
    .execute();
}

export interface SubscriptionFailure {
  readonly name: string;
  /** Of the last event that was handled. */
  readonly position: number;
  readonly failures: number;
  readonly message: string;
  readonly at: UnixMs;
}

export async function saveFailure(
  { db }: Database,
  { name, position, failures, message, at }: SubscriptionFailure,
): Promise<void> {
  await db
    .updateTable('subscriptions')
    .set({ position, failures, last_error: message, updated_at: at })
    .where('name', '=', name)
    .execute();
}
