import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Accounts, Caller } from '../capabilities/accounts/open-accounts.ts';
import type { SessionCookie } from '../capabilities/accounts/session-cookie.ts';
import { LotseError } from '../core/errors.ts';
import type { AllowedOrigins } from './allowed-origins.ts';

/**
 * Whom the request's credential names: `Authorization: Bearer lotse_…` (RFC 6750), else the session's cookie. A bearer
 * token that is not valid is never made up for by a cookie. Errors: `unauthenticated`, `forbidden` (another page).
 */
export type Authenticate = (request: FastifyRequest, reply: FastifyReply) => Promise<Caller>;

export interface AuthenticateParts {
  readonly accounts: Pick<Accounts, 'tokens' | 'sessions'>;
  readonly cookie: SessionCookie;
  readonly origins: AllowedOrigins;
}

export function createAuthenticate({ accounts, cookie, origins }: AuthenticateParts): Authenticate {
  return async (request, reply) => {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const caller = await callerOfToken(accounts, authorization);
      if (caller !== null) return caller;
      throw refuse(
        reply,
        'The token is unknown, expired or revoked.',
        'An admin can make a new one: `lotse token create`.',
      );
    }
    const secret = cookie.read(request.headers.cookie);
    if (secret === null) {
      throw refuse(reply, 'This needs a credential.', 'Set LOTSE_TOKEN, or open a sign-in link in a browser.');
    }
    origins.refuseForeignPage(request.headers, { isReading: isReading(request.method), hasCookie: true });
    const session = await accounts.sessions.authenticate(secret);
    if (session === null) {
      reply.header('set-cookie', cookie.remove());
      throw refuse(reply, 'The session is over.', 'Open a new sign-in link.');
    }
    if (session.renewed !== null) {
      reply.header('set-cookie', cookie.write(session.renewed.secret, session.renewed.expiresAt));
    }
    return session.caller;
  };
}

export function isReading(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

async function callerOfToken({ tokens }: Pick<Accounts, 'tokens'>, authorization: string): Promise<Caller | null> {
  const secret = /^bearer +(\S+) *$/i.exec(authorization)?.[1];
  return secret === undefined ? null : tokens.authenticate(secret);
}

function refuse(reply: FastifyReply, message: string, hint: string): LotseError {
  reply.header('www-authenticate', 'Bearer realm="lotse"');
  return new LotseError('unauthenticated', message, { hint });
}
