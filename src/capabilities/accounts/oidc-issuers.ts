import { z } from 'zod';
import { LotseError, toLotseError } from '../../core/errors.ts';
import type { UnixMs } from '../../core/ids.ts';
import type { Claims } from './match-claims.ts';

const askMs = 5000;
const keepMs = 3_600_000;
const mostBytes = 64 * 1024;
const clockToleranceS = 30;
/** Signatures that need a private key of the issuer. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/** OpenID Connect Discovery 1.0, as far as it is needed. */
const discovery = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

export interface OidcIssuers {
  /**
   * The claims of an identity token (JWT, RFC 7519) that this issuer has signed for one of the audiences. Keys come from
   * where the issuer says (OpenID Connect Discovery 1.0, RFC 7517) and are kept for an hour; an unknown key is asked for
   * again. Errors: `unauthenticated`; `unreachable` when the issuer does not answer.
   */
  verify(token: string, issuer: string, audiences: readonly string[]): Promise<Claims>;
}

type Keys = ReturnType<Awaited<ReturnType<typeof library>>['createRemoteJWKSet']>;

export function createOidcIssuers(now: () => UnixMs): OidcIssuers {
  const known = new Map<string, { readonly keys: Keys; readonly until: UnixMs }>();
  const keysOf = async (issuer: string): Promise<Keys> => {
    const kept = known.get(issuer);
    if (kept !== undefined && kept.until > now()) return kept.keys;
    const { createRemoteJWKSet } = await library();
    const keys = createRemoteJWKSet(await discover(issuer), { timeoutDuration: askMs, cacheMaxAge: keepMs });
    known.set(issuer, { keys, until: now() + keepMs });
    return keys;
  };
  return {
    async verify(token, issuer, audiences) {
      const { jwtVerify } = await library();
      const keys = await keysOf(issuer);
      try {
        const { payload } = await jwtVerify(token, keys, {
          ...{ issuer, audience: [...audiences], algorithms, clockTolerance: clockToleranceS },
          ...{ currentDate: new Date(now()), requiredClaims: ['exp', 'iat', 'aud', 'sub'] },
        });
        return payload;
      } catch (thrown) {
        throw refusal(thrown, issuer);
      }
    },
  };
}

/** The issuer that a token names, not checked yet; null when it is no JWT. */
export async function namedIssuer(token: string): Promise<string | null> {
  const { decodeJwt } = await library();
  try {
    return decodeJwt(token).iss ?? null;
  } catch {
    return null;
  }
}

/** Loaded when somebody brings an identity token. */
async function library() {
  return await import('jose');
}

/** Where the issuer's keys are. */
async function discover(issuer: string): Promise<URL> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const told = discovery.safeParse(await ask(address));
  if (told.success && told.data.issuer === issuer) return new URL(told.data.jwks_uri);
  throw unreachable(issuer, 'what it publishes about itself is about another issuer, or has no jwks_uri');
}

async function ask(address: string): Promise<unknown> {
  try {
    const response = await fetch(address, { redirect: 'error', signal: AbortSignal.timeout(askMs) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const text = await response.text();
    if (text.length > mostBytes) throw new Error('the answer is too long');
    return JSON.parse(text);
  } catch (thrown) {
    throw unreachable(address, toLotseError(thrown).message, thrown);
  }
}

function refusal(thrown: unknown, issuer: string): LotseError {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (/^ERR_J(?:WT|WS|OSE_ALG)|^ERR_JWKS_NO_MATCHING/.test(code)) {
    const why = thrown instanceof Error ? thrown.message : '';
    return new LotseError('unauthenticated', `The identity token is not valid: ${why}.`, {
      hint: 'Its audience must be the one that `lotse oidc list` shows, and it counts for some minutes only.',
      cause: thrown,
    });
  }
  return unreachable(issuer, toLotseError(thrown).message, thrown);
}

function unreachable(what: string, why: string, cause?: unknown): LotseError {
  return new LotseError('unreachable', `${what} does not say how its tokens are checked: ${why}`, {
    hint: 'The control plane asks the issuer for its keys: can it reach that address?',
    retriable: true,
    cause,
  });
}
