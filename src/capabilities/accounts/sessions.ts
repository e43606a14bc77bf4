import { LotseError } from '../../core/errors.ts';
import type { Actor } from '../../core/events.ts';
import type { UnixMs } from '../../core/ids.ts';
import type { JournalTransaction } from '../../database/journal.ts';
import { accountEvent } from './account-events.ts';
import type { AccountParts } from './account-parts.ts';
import { freshSignInMs, lastUsedEveryMs, sessionRotationMs, sessionValidMs, signInLinkValidMs } from './accounts.ts';
import type { Caller } from './accounts.ts';
import type { PersonView } from './accounts-api.ts';
import { findActivePerson } from './accounts-rows.ts';
import { hashSecret, newCredentialId, newSecret } from './credential-secrets.ts';
import {
  endSession,
  endSessionsOf,
  findSession,
  findSessionById,
  hasOpenSession,
  insertSession,
  insertSignInLink,
  listOpenSessions,
  markSessionSeen,
  removeOldSessions,
  replaceSession,
  useSignInLink,
} from './session-rows.ts';
import type { StoredSession } from './session-rows.ts';
import type { SessionView, SignInWay } from './sign-in-api.ts';

/** What the browser keeps in its cookie. */
export interface SessionSecret {
  readonly secret: string;
  readonly expiresAt: UnixMs;
}

export type NewSession = SessionSecret & { readonly caller: Caller };

export interface Sessions {
  /** `renewed`: the session has got a new id, and the browser must be given the new secret. Null: there is no such session. */
  authenticate(secret: string): Promise<{ readonly caller: Caller; readonly renewed: SessionSecret | null } | null>;
  /** May a request that was begun in this session go on? */
  isOpen(id: string): Promise<boolean>;
  /** A secret that signs a person in once, within `validMs`. Errors: `not-found`. */
  createLink(person: string, by: Actor, validMs?: number): Promise<SessionSecret>;
  /** Errors: `unauthenticated` when the link was used, is too old or never existed. */
  signIn(linkSecret: string, agent?: string): Promise<NewSession>;
  /** For somebody who has proven who they are. Errors: `unauthenticated` when they can do nothing any more. */
  begin(person: string, way: SignInWay, agent: string): Promise<NewSession>;
  /** The caller's own, latest first. */
  list(caller: Caller): Promise<readonly SessionView[]>;
  /** Has the caller proven within the last 15 minutes who they are? Never for a token. */
  isFresh(caller: Caller): Promise<boolean>;
  /** Harmless for callers without a session. */
  signOut(caller: Caller): Promise<void>;
  /** Ends one of the caller's own sessions; null: all, this one too. Errors: `not-found`. */
  end(caller: Caller, session: string | null): Promise<void>;
}

export function createSessions(parts: AccountParts): Sessions {
  const { database, journal, fence, now } = parts;
  return {
    authenticate: (secret) => authenticateSession(parts, secret),
    isOpen: (id) => hasOpenSession(database.db, id, now()),
    createLink: (person, by, validMs = signInLinkValidMs) => createLink(parts, person, by, validMs),
    signIn: (linkSecret, agent = '') => signIn(parts, linkSecret, agent),
    begin: (person, way, agent) =>
      journal.transact(({ trx, append }) => beginSession(parts, { trx, append }, { person, way, agent })),
    async list({ actor, credential }) {
      const open = await listOpenSessions(database.db, actor.id, now());
      return open.map((session) => viewSession(session, credential.id));
    },
    async isFresh({ credential }) {
      if (credential.kind !== 'session') return false;
      const session = await findSessionById(database.db, credential.id, now());
      return session !== null && signedInAt(session) > now() - freshSignInMs;
    },
    async signOut({ credential, actor }) {
      if (credential.kind !== 'session') return;
      await journal.transact(async ({ trx, append }) => {
        const payload = { person: actor.id, session: credential.id };
        await append('control', fence(), [accountEvent('person-signed-out', actor, payload)]);
        await endSession(trx, credential.id, now());
      });
    },
    async end({ actor }, wanted) {
      await journal.transact(async ({ trx, append }) => {
        const open = await listOpenSessions(trx, actor.id, now());
        const sessions = open.map(({ session }) => session).filter((id) => wanted === null || id === wanted);
        if (wanted !== null && sessions.length === 0) throw new LotseError('not-found', 'There is no such session.');
        await append('control', fence(), [accountEvent('sessions-ended', actor, { person: actor.id, sessions })]);
        if (wanted === null) await endSessionsOf(trx, actor.id, now());
        else await endSession(trx, wanted, now());
      });
    },
  };
}

async function createLink(
  { journal, fence, now }: AccountParts,
  person: string,
  by: Actor,
  validMs: number,
): Promise<SessionSecret> {
  const secret = newSecret();
  const createdAt = now();
  const expiresAt = createdAt + validMs;
  await journal.transact(async ({ trx, append }) => {
    if ((await findActivePerson(trx, person)) === null) {
      throw new LotseError('not-found', `There is no person ${person}, or they are disabled.`);
    }
    await append('control', fence(), [accountEvent('sign-in-link-created', by, { person, expiresAt })]);
    await insertSignInLink(trx, hashSecret(secret), person, { createdAt, expiresAt });
  });
  return { secret, expiresAt };
}

async function authenticateSession(
  parts: AccountParts,
  secret: string,
): Promise<{ readonly caller: Caller; readonly renewed: SessionSecret | null } | null> {
  const { db } = parts.database;
  const now = parts.now();
  const session = await findSession(db, hashSecret(secret), now);
  const person = session === null ? null : await findActivePerson(db, session.person);
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
  const { expires_at: expiresAt, person, begun_by, agent } = old;
  const fresh = newSession({ person, begun_by, agent, expires_at: expiresAt }, secret, now());
  const isReplaced = await journal.transact(({ trx }) => replaceSession(trx, old, fresh));
  return isReplaced ? { session: fresh.session, secret: { secret, expiresAt } } : null;
}

async function signIn(parts: AccountParts, linkSecret: string, agent: string): Promise<NewSession> {
  return await parts.journal.transact(async ({ trx, append }) => {
    const person = await useSignInLink(trx, hashSecret(linkSecret), parts.now());
    if (person === null) throw linkRefused();
    return await beginSession(parts, { trx, append }, { person, way: 'link', agent });
  });
}

interface Begun {
  readonly person: string;
  readonly way: SignInWay;
  readonly agent: string;
}

async function beginSession(
  { fence, now }: AccountParts,
  { trx, append }: JournalTransaction,
  { person: id, way, agent }: Begun,
): Promise<NewSession> {
  const person = await findActivePerson(trx, id);
  if (person === null) throw linkRefused();
  const secret = newSecret();
  const at = now();
  const expiresAt = at + sessionValidMs;
  await removeOldSessions(trx, at);
  const session = newSession(
    { person: id, begun_by: way, agent: agent.slice(0, 300), expires_at: expiresAt },
    secret,
    at,
  );
  await insertSession(trx, session);
  const caller = callerOf(person, session.session);
  const payload = { person: id, session: session.session, way };
  await append('control', fence(), [accountEvent('person-signed-in', caller.actor, payload)]);
  return { secret, expiresAt, caller };
}

function linkRefused(): LotseError {
  return new LotseError('unauthenticated', 'This sign-in link was used before, or is too old.', {
    hint: 'Each link works once. Who runs Lotse can make another: `lotse sign-in`.',
  });
}

type Lasting = Pick<StoredSession, 'person' | 'begun_by' | 'agent' | 'expires_at'>;

function newSession(lasting: Lasting, secret: string, at: UnixMs): StoredSession {
  const times = { created_at: at, last_seen_at: at, ended_at: null };
  return { session: newCredentialId(), secret_hash: hashSecret(secret), ...lasting, ...times };
}

/** A rotation changes when a session was created, and never when it ends. */
function signedInAt(session: StoredSession): UnixMs {
  return session.expires_at - sessionValidMs;
}

function viewSession(session: StoredSession, current: string): SessionView {
  return {
    ...{ id: session.session, way: session.begun_by, agent: session.agent, isThisOne: session.session === current },
    ...{ signedInAt: signedInAt(session), lastSeenAt: session.last_seen_at, expiresAt: session.expires_at },
  };
}

function callerOf({ id, name, roles }: PersonView, session: string): Caller {
  const credential = { kind: 'session', id: session } as const;
  return { kind: 'person', id, name, actor: { kind: 'person', id }, roles, app: null, environments: null, credential };
}
