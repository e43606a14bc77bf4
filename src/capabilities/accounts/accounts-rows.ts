import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { UnixMs } from '../../core/ids.ts';
import type { Actor } from '../../core/events.ts';
import type { PeopleTable, TokensTable } from '../../database/account-tables.ts';
import { decodeJson, encodeJson } from '../../database/json-column.ts';
import type { LotseDb, Transaction } from '../../database/schema.ts';
import { role } from './accounts-api.ts';
import type { PersonRequest, PersonView, Role, TokenView } from './accounts-api.ts';

/** Queries run on the database itself or inside a transaction. */
type Db = LotseDb | Transaction;

const rolesColumn = z.array(role);

export interface StoredToken extends TokenView {
  readonly secretHash: string;
  readonly revokedAt: UnixMs | null;
}

/** Null for people who do not exist or were erased. */
export async function findPerson(db: Db, id: string): Promise<PersonView | null> {
  const people = await db.selectFrom('people').selectAll().where('person', '=', id).execute();
  return people.flatMap(viewPerson)[0] ?? null;
}

/** Null also for people who are disabled: they can do nothing. */
export async function findActivePerson(db: Db, id: string): Promise<PersonView | null> {
  const person = await findPerson(db, id);
  return person?.disabledAt === null ? person : null;
}

/** Oldest first, without the erased. */
export async function listPeople(db: Db): Promise<readonly PersonView[]> {
  const people = await db.selectFrom('people').selectAll().orderBy('created_at').orderBy('person').execute();
  return people.flatMap(viewPerson);
}

export async function isMailTaken(db: Db, mail: string): Promise<boolean> {
  return (await db.selectFrom('people').select('person').where('mail', '=', mail).executeTakeFirst()) !== undefined;
}

export async function insertPerson(db: Db, id: string, request: PersonRequest, now: UnixMs): Promise<void> {
  const roles = encodeJson(request.roles);
  await db
    .insertInto('people')
    .values({
      person: id,
      name: request.name,
      mail: request.mail,
      roles,
      created_at: now,
      erased_at: null,
      disabled_at: null,
    })
    .execute();
}

export async function updatePerson(db: Db, { id, name, mail, roles, disabledAt }: PersonView): Promise<void> {
  await db
    .updateTable('people')
    .set({ name, mail, roles: encodeJson(roles), disabled_at: disabledAt })
    .where('person', '=', id)
    .execute();
}

/** Name and mail are gone, tokens revoked (their names too); sessions, links and all ways to sign in are removed. */
export async function erasePersonRows(db: Db, id: string, now: UnixMs): Promise<void> {
  await db
    .updateTable('people')
    .set({ name: null, mail: null, roles: '[]', erased_at: now })
    .where('person', '=', id)
    .execute();
  await db.updateTable('tokens').set({ name: '', revoked_at: now }).where('person', '=', id).execute();
  for (const table of ['sessions', 'sign_in_links', 'passwords', 'passkeys'] as const) {
    await db.deleteFrom(table).where('person', '=', id).execute();
  }
}

export async function insertToken(db: Db, token: StoredToken, createdBy: Actor): Promise<void> {
  const { id, secretHash, name, person, app } = token;
  const environment = token.environments?.join(',') ?? null;
  await db
    .insertInto('tokens')
    .values({
      ...{ token: id, secret_hash: secretHash, name, person, roles: encodeJson(token.roles), app, environment },
      created_at: token.createdAt,
      created_by_kind: createdBy.kind,
      created_by_id: createdBy.id,
      expires_at: token.expiresAt,
      last_used_at: token.lastUsedAt,
      revoked_at: token.revokedAt,
    })
    .execute();
}

/** Also when it is expired or revoked. */
export async function findToken(db: Db, id: string): Promise<StoredToken | null> {
  const row = await db.selectFrom('tokens').selectAll().where('token', '=', id).executeTakeFirst();
  return row === undefined ? null : storedToken(row);
}

/** Oldest first, without the revoked. */
export async function listStoredTokens(db: Db): Promise<readonly StoredToken[]> {
  const rows = await db
    .selectFrom('tokens')
    .selectAll()
    .where('revoked_at', 'is', null)
    .orderBy('created_at')
    .orderBy('token')
    .execute();
  return rows.map(storedToken);
}

export async function markTokenUsed(db: Db, id: string, now: UnixMs): Promise<void> {
  await db.updateTable('tokens').set({ last_used_at: now }).where('token', '=', id).execute();
}

export async function markTokenRevoked(db: Db, id: string, now: UnixMs): Promise<void> {
  await db.updateTable('tokens').set({ revoked_at: now }).where('token', '=', id).execute();
}

function viewPerson(row: Selectable<PeopleTable>): readonly PersonView[] {
  if (row.erased_at !== null) return [];
  const { person: id, mail, created_at: createdAt, disabled_at: disabledAt } = row;
  return [{ id, name: row.name ?? '', mail, roles: readRoles(row.roles, `people ${id}`), createdAt, disabledAt }];
}

function storedToken(row: Selectable<TokensTable>): StoredToken {
  const { token: id, name, person, app } = row;
  const environments = row.environment?.split(',') ?? null;
  return {
    ...{ id, name, person, app, environments, roles: readRoles(row.roles, `tokens ${id}`) },
    secretHash: row.secret_hash,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  };
}

function readRoles(text: string, where: string): Role[] {
  return decodeJson(text, rolesColumn, where);
}
