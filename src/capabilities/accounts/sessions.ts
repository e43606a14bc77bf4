import { LotseError } from '../../core/errors.ts';
import type { Actor } from '../../core/events.ts';
import type { UnixMs } from '../../core/ids.ts';
import { accountEvent } from './account-events.ts';
import type { AccountParts } from './account-parts.ts';
import { lastUsedEveryMs, sessionRotationMs, sessionValidMs, signInLinkValidMs } from './accounts.ts';
import type { Caller } from './accounts.ts';
import type { PersonView } from './accounts-api.ts';
import { findPerson } from './accounts-rows.ts';
import { hashSecret, newCredentialId, newSecret } from './credential-secrets.ts';
import {
  endSession,
  findSession,
  hasOpenSession,
  insertSession,
  insertSignInLink,
  markSessionSeen,
  removeOldSessions,
  replaceSession,
  useSignInLink,
} from './session-rows.ts';
import type { StoredSession } from './session-rows.ts';

/** What the browser keeps in its cookie. */
export interface SessionSecret {
  readonly secret: string;
  readonly expiresAt: UnixMs;
}

export interface Sessions {
  /** `renewed`: the session has got a new id, and the browser must be given the new secret. Null: there is no such session. */
  authenticate(secret: string): Promise<{ readonly caller: Caller; readonly renewed: SessionSecret | null } | null>;
  /** May a request that was begun in this session go on? */
  isOpen(id: string): Promise<boolean>;
  /** A secret that signs a person in once, within 15 minutes. Errors: `not-found`. */
  createLink(person: string, by: Actor): Promise<SessionSecret>;
  /** Errors: `unauthenticated` when the link was used, is too old or never existed. */
  signIn(linkSecret: string): Promise<SessionSecret & { readonly caller: Caller }>;
  /** Harmless for callers without a session. */
  signOut(caller: Caller): Promise<void>;
}

export function createSessions(parts: AccountParts): Sessions {
  const { database, journal, fence, now } = parts;
  return {
    authenticate: (secret) => authenticateSession(parts, secret),
    isOpen: (id) => hasOpenSession(database.db, id, now()),
    async createLink(person, by) {
      const secret = newSecret();
      const createdAt = now();
      const expiresAt = createdAt + signInLinkValidMs;
      await journal.transact(async ({ trx, append }) => {
        if ((await findPerson(trx, person)) === null)
          throw new LotseError('not-found', `There is no person ${person}.`);
        await append('control', fence(), [accountEvent('sign-in-link-created', by, { person, expiresAt })]);
        await insertSignInLink(trx, hashSecret(secret), person, { createdAt, expiresAt });
      });
      return { secret, expiresAt };
    },
    signIn: (linkSecret) => signIn(parts, linkSecret),
    async signOut({ credential, actor }) {
      if (credential.kind !== 'session') return;
      await journal.transact(async ({ trx, append }) => {
        const payload = { person: actor.id, session: credential.id };
        await append('control', fence(), [accountEvent('person-signed-out', actor, payload)]);
        await endSession(trx, credential.id, now());
      });
    },
  };
}

async function authenticateSession(
  parts: AccountParts,
  secret: string,
): Promise<{ readonly caller: Caller; readonly renewed: SessionSecret | null } | null> {
  const { db } = parts.database;
  const now = parts.now();
  const session = await findSession(db, hashSecret(secret), now);
  const person = session === null ? null : await findPerson(db, session.person);
  if (session === null || person === null) return null;
  if (session.ended_at === null && session.created_at <= now - sessionRotationMs) {
    const renewed = await rotate(parts, session);
    if (renewed !== null) return { caller: callerOf(person, renewed.session), renewed: renewed.secret };
  } else if (session.last_seen_at <= now - lastUsedEveryMs) {
    await markSessionSeen(db, session.session, now);
  }
  return { caller: callerOf(person, session.session), renewed: null };
}

/** The whole session lasts as long as before; only its id and secret are new. Null when another request was first. */
async function rotate(
  { journal, now }: AccountParts,
  old: StoredSession,
): Promise<{ readonly session: string; readonly secret: SessionSecret } | null> {
  const secret = newSecret();
  const at = now();
  const fresh = newSession(old.person, secret, at, old.expires_at);
  const isReplaced = await journal.transact(({ trx }) => replaceSession(trx, old, fresh));
  return isReplaced ? { session: fresh.session, secret: { secret, expiresAt: old.expires_at } } : null;
}

async function signIn(
  { journal, fence, now }: AccountParts,
  linkSecret: string,
): Promise<SessionSecret & { readonly caller: Caller }> {
  const secret = newSecret();
  const at = now();
  const expiresAt = at + sessionValidMs;
  return journal.transact(async ({ trx, append }) => {
    const id = await useSignInLink(trx, hashSecret(linkSecret), at);
    const person = id === null ? null : await findPerson(trx, id);
    if (person === null) {
      throw new LotseError('unauthenticated', 'This sign-in link was used before, or is older than 15 minutes.', {
        hint: 'Each link works once; the next start of Lotse prints a new one, and a signed-in person can make one.',
      });
    }
    await removeOldSessions(trx, at);
    const session = newSession(person.id, secret, at, expiresAt);
    await insertSession(trx, session);
    const caller = callerOf(person, session.session);
    const payload = { person: person.id, session: session.session };
    await append('control', fence(), [accountEvent('person-signed-in', caller.actor, payload)]);
    return { secret, expiresAt, caller };
  });
}

function newSession(person: string, secret: string, at: UnixMs, expiresAt: UnixMs): StoredSession {
  const times = { created_at: at, last_seen_at: at, expires_at: expiresAt, ended_at: null };
  return { session: newCredentialId(), secret_hash: hashSecret(secret), person, ...times };
}

function callerOf({ id, name, roles }: PersonView, session: string): Caller {
  const credential = { kind: 'session', id: session } as const;
  return { kind: 'person', id, name, actor: { kind: 'person', id }, roles, app: null, environment: null, credential };
}
