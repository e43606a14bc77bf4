import { LotseError } from '../../core/errors.ts';
import { systemActor } from '../../core/events.ts';
import type { Actor } from '../../core/events.ts';
import { accountEvent } from './account-events.ts';
import type { AccountParts } from './account-parts.ts';
import { lastUsedEveryMs, mayRevoke, personOf, refuseTokenRequest, rolesInForce } from './accounts.ts';
import type { Caller } from './accounts.ts';
import type { NewTokenView, PersonView, TokenRequest, TokenView } from './accounts-api.ts';
import {
  findActivePerson,
  findToken,
  insertToken,
  listStoredTokens,
  markTokenRevoked,
  markTokenUsed,
} from './accounts-rows.ts';
import type { StoredToken } from './accounts-rows.ts';
import { hashSecret, hasHash, newTokenSecret, tokenIdOf } from './credential-secrets.ts';

/** How long an expired token is still listed, in milliseconds. */
const keptExpiredMs = 86_400_000;

export interface Tokens {
  /** Whom a bearer token names; null when it is unknown, expired, revoked, or its person is gone. */
  authenticate(secret: string): Promise<Caller | null>;
  /** May a request that was begun with this token go on? */
  isOpen(id: string): Promise<boolean>;
  /** Errors: `forbidden`, `bad-input`. */
  create(caller: Caller, request: TokenRequest): Promise<NewTokenView>;
  /** For Lotse itself, e.g. the command line's token on the machine that it runs on. `person` null: for a system. */
  createForLotse(request: TokenRequest, person: string | null): Promise<NewTokenView>;
  /** The caller's own; for an admin all. */
  list(caller: Caller): Promise<readonly TokenView[]>;
  /** May be called again. Errors: `not-found` (also for tokens that the caller may not see). */
  revoke(caller: Caller, id: string): Promise<void>;
}

export function createTokens(parts: AccountParts): Tokens {
  const { database, journal, fence, now } = parts;
  return {
    authenticate: (secret) => authenticateToken(parts, secret),
    async isOpen(id) {
      const token = await findToken(database.db, id);
      return token !== null && isInForce(token, now());
    },
    async create(caller, request) {
      refuseTokenRequest(caller, request);
      return createToken(parts, request, request.speaksFor === 'me' ? personOf(caller) : null, caller.actor);
    },
    createForLotse: (request, person) => createToken(parts, request, person, systemActor),
    async list(caller) {
      const tokens = await listStoredTokens(database.db);
      const isKnown = ({ expiresAt }: StoredToken): boolean => expiresAt === null || expiresAt > now() - keptExpiredMs;
      return tokens.filter((token) => isKnown(token) && mayRevoke(caller, token)).map(viewToken);
    },
    async revoke(caller, id) {
      await journal.transact(async ({ trx, append }) => {
        const token = await findToken(trx, id);
        if (token === null || !mayRevoke(caller, token)) {
          throw new LotseError('not-found', `There is no token ${id} that you may revoke.`, {
            hint: '`lotse token list` shows them.',
          });
        }
        if (token.revokedAt !== null) return;
        await append('control', fence(), [accountEvent('token-revoked', caller.actor, { token: id })]);
        await markTokenRevoked(trx, id, now());
      });
    },
  };
}

async function authenticateToken({ database: { db }, now }: AccountParts, secret: string): Promise<Caller | null> {
  const id = tokenIdOf(secret);
  const token = id === null ? null : await findToken(db, id);
  if (token === null || !hasHash(secret, token.secretHash) || !isInForce(token, now())) return null;
  const person = token.person === null ? null : await findActivePerson(db, token.person);
  if (token.person !== null && person === null) return null;
  if ((token.lastUsedAt ?? 0) <= now() - lastUsedEveryMs) await markTokenUsed(db, token.id, now());
  return callerOf(token, person);
}

function callerOf(token: StoredToken, person: PersonView | null): Caller {
  const { app, environments } = token;
  const credential = { kind: 'token', id: token.id } as const;
  if (person === null) {
    const actor = { kind: 'token', id: token.id } as const;
    return { kind: 'token', id: token.id, name: token.name, actor, roles: token.roles, app, environments, credential };
  }
  const actor = { kind: 'person', id: person.id } as const;
  const roles = rolesInForce(token.roles, person.roles);
  return { kind: 'person', id: person.id, name: person.name, actor, roles, app, environments, credential };
}

async function createToken(
  { journal, fence, now }: AccountParts,
  request: TokenRequest,
  person: string | null,
  by: Actor,
): Promise<NewTokenView> {
  const { id, secret } = newTokenSecret();
  const { name, roles, app, environments, validMs } = request;
  const createdAt = now();
  const expiresAt = validMs === null ? null : createdAt + validMs;
  const view = { id, name, person, roles, app, environments, createdAt, expiresAt, lastUsedAt: null };
  await journal.transact(async ({ trx, append }) => {
    const payload = { token: id, person, roles, app, environments, expiresAt };
    await append('control', fence(), [accountEvent('token-created', by, payload)]);
    await insertToken(trx, { ...view, secretHash: hashSecret(secret), revokedAt: null }, by);
  });
  return { ...view, secret };
}

function isInForce(token: StoredToken, now: number): boolean {
  return token.revokedAt === null && (token.expiresAt === null || token.expiresAt > now);
}

function viewToken({ secretHash: _hash, revokedAt: _revoked, ...view }: StoredToken): TokenView {
  return view;
}
