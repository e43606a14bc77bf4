import type { Selectable } from 'kysely';
import type { SessionsTable } from '../../database/account-tables.ts';
import type { UnixMs } from '../../core/ids.ts';
import type { LotseDb, Transaction } from '../../database/schema.ts';
import { sessionOverlapMs } from './accounts.ts';

type Db = LotseDb | Transaction;
export type StoredSession = Selectable<SessionsTable>;

/** The session whose secret has this hash, unless it has ended or is over. */
export async function findSession(db: Db, secretHash: string, now: UnixMs): Promise<StoredSession | null> {
  const row = await db.selectFrom('sessions').selectAll().where('secret_hash', '=', secretHash).executeTakeFirst();
  return row !== undefined && isOpen(row, now) ? row : null;
}

export async function findSessionById(db: Db, id: string, now: UnixMs): Promise<StoredSession | null> {
  const row = await db.selectFrom('sessions').selectAll().where('session', '=', id).executeTakeFirst();
  return row !== undefined && isOpen(row, now) ? row : null;
}

/** Of a person, latest first, without those that a rotation has replaced. */
export async function listOpenSessions(db: Db, person: string, now: UnixMs): Promise<readonly StoredSession[]> {
  const rows = await db
    .selectFrom('sessions')
    .selectAll()
    .where('person', '=', person)
    .where('ended_at', 'is', null)
    .orderBy('last_seen_at', 'desc')
    .orderBy('session')
    .execute();
  return rows.filter((row) => isOpen(row, now));
}

export async function hasOpenSession(db: Db, id: string, now: UnixMs): Promise<boolean> {
  return (await findSessionById(db, id, now)) !== null;
}

/** Also those that a rotation has replaced, and links that nobody has used: nothing of the person is left open. */
export async function endSessionsOf(db: Db, person: string, now: UnixMs): Promise<void> {
  await db.updateTable('sessions').set({ ended_at: now }).where('person', '=', person).execute();
  await db.deleteFrom('sign_in_links').where('person', '=', person).execute();
}

export async function insertSession(db: Db, session: StoredSession): Promise<void> {
  await db.insertInto('sessions').values(session).execute();
}

export async function endSession(db: Db, id: string, now: UnixMs): Promise<void> {
  await db.updateTable('sessions').set({ ended_at: now }).where('session', '=', id).execute();
}

/** The old one still counts for requests under way. False: another request was first. */
export async function replaceSession(trx: Transaction, old: StoredSession, fresh: StoredSession): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('sessions')
    .set({ ended_at: fresh.last_seen_at + sessionOverlapMs })
    .where('session', '=', old.session)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  await insertSession(trx, fresh);
  return true;
}

export async function markSessionSeen(db: Db, id: string, now: UnixMs): Promise<void> {
  await db.updateTable('sessions').set({ last_seen_at: now }).where('session', '=', id).execute();
}

export async function insertSignInLink(db: Db, secretHash: string, person: string, times: LinkTimes): Promise<void> {
  const { createdAt, expiresAt } = times;
  await db
    .insertInto('sign_in_links')
    .values({ secret_hash: secretHash, person, created_at: createdAt, expires_at: expiresAt, used_at: null })
    .execute();
}

interface LinkTimes {
  readonly createdAt: UnixMs;
  readonly expiresAt: UnixMs;
}

/** Marks the link as used and names its person; null when it was used before, is too old or does not exist. */
export async function useSignInLink(trx: Transaction, secretHash: string, now: UnixMs): Promise<string | null> {
  const row = await trx
    .updateTable('sign_in_links')
    .set({ used_at: now })
    .where('secret_hash', '=', secretHash)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .returning('person')
    .executeTakeFirst();
  return row?.person ?? null;
}

/** What nobody can use any more. */
export async function removeOldSessions(db: Db, now: UnixMs): Promise<void> {
  await db.deleteFrom('sign_in_links').where('expires_at', '<=', now).execute();
  await db
    .deleteFrom('sessions')
    .where((where) => where.or([where('expires_at', '<=', now), where('ended_at', '<=', now)]))
    .execute();
}

function isOpen(row: StoredSession, now: UnixMs): boolean {
  return row.expires_at > now && (row.ended_at === null || row.ended_at > now);
}
