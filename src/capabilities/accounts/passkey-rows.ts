import type { Selectable } from 'kysely';
import type { UnixMs } from '../../core/ids.ts';
import type { PasskeysTable } from '../../database/account-tables.ts';
import type { LotseDb, Transaction } from '../../database/schema.ts';

type Db = LotseDb | Transaction;
export type StoredPasskey = Selectable<PasskeysTable>;

export async function findPasskey(db: Db, id: string): Promise<StoredPasskey | null> {
  return (await db.selectFrom('passkeys').selectAll().where('passkey', '=', id).executeTakeFirst()) ?? null;
}

/** Oldest first. */
export async function listPasskeys(db: Db, person: string): Promise<readonly StoredPasskey[]> {
  return await db
    .selectFrom('passkeys')
    .selectAll()
    .where('person', '=', person)
    .orderBy('created_at')
    .orderBy('passkey')
    .execute();
}

export async function insertPasskey(db: Db, passkey: StoredPasskey): Promise<void> {
  await db.insertInto('passkeys').values(passkey).execute();
}

/** `uses`: the authenticator's counter after this one. */
export async function markPasskeyUsed(db: Db, id: string, uses: number, now: UnixMs): Promise<void> {
  await db.updateTable('passkeys').set({ uses, last_used_at: now }).where('passkey', '=', id).execute();
}

export async function removePasskey(db: Db, id: string): Promise<void> {
  await db.deleteFrom('passkeys').where('passkey', '=', id).execute();
}
