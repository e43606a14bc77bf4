import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { JWTPayload } from 'jose';

/** An issuer of identity tokens as GitHub and GitLab are: discovery, keys, and what it signs. */
export interface IdentityProvider {
  readonly issuer: string;
  /** Where it answers, which is the same unless something stands before it. */
  readonly listens: string;
  /** How often its keys were asked for. */
  readonly asked: { keys: number };
  /** A token that counts five minutes, unless the claims say otherwise. `key`: another one signs it. */
  sign(claims: JWTPayload, key?: 'own' | 'foreign'): Promise<string>;
  /**
   * What GitHub gives a job that may have identity tokens: where it asks, and the secret that it shows there. The token is
   * signed about these claims and for the audience that is asked for.
   */
  githubJob(claims: JWTPayload): Readonly<Record<string, string>>;
  /** Nobody answers any more. */
  stop(): void;
}

/** `publicly`: the address that it has through what stands before it. */
export async function identityProvider(t: Pick<TestContext, 'after'>, publicly?: string): Promise<IdentityProvider> {
  const own = await generateKeyPair('RS256');
  const foreign = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'key-1', alg: 'RS256', use: 'sig' };
  const asked = { keys: 0 };
  const jobs = new Map<string, JWTPayload>();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/idtoken') {
      const claims = jobs.get(request.headers.authorization ?? '');
      if (claims === undefined) return void response.writeHead(401).end();
      const aud = searchParams.get('audience') ?? '';
      return void sign({ ...claims, aud }).then((value) => response.end(JSON.stringify({ value })));
    }
    const isKeys = request.url === '/jwks';
    if (isKeys) asked.keys += 1;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(isKeys ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/jwks` }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // parsed: a server that listens on TCP has such an address
  const listens = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = publicly ?? listens;
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  t.after(stop);
  const sign: IdentityProvider['sign'] = async (claims, key = 'own') => {
    const nowS = Math.floor(Date.now() / 1000);
    return await new SignJWT({ iss: issuer, iat: nowS, exp: nowS + 300, sub: 'repo:acme/shop', ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'key-1' })
      .sign((key === 'own' ? own : foreign).privateKey);
  };
  return {
    ...{ issuer, listens, asked, stop, sign },
    githubJob(claims) {
      const token = `job-${jobs.size}`;
      jobs.set(`Bearer ${token}`, claims);
      return {
        ACTIONS_ID_TOKEN_REQUEST_URL: `${issuer}/idtoken?api-version=2.0`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: token,
      };
    },
  };
}
