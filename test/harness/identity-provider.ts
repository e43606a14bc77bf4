import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { JWTPayload } from 'jose';

/** An issuer of identity tokens as GitHub and GitLab are: discovery, keys, and what it signs. */
export interface IdentityProvider {
  readonly issuer: string;
  /** How often its keys were asked for. */
  readonly asked: { keys: number };
  /** A token that counts five minutes, unless the claims say otherwise. `key`: another one signs it. */
  sign(claims: JWTPayload, key?: 'own' | 'foreign'): Promise<string>;
  /** Nobody answers any more. */
  stop(): void;
}

export async function identityProvider(t: Pick<TestContext, 'after'>): Promise<IdentityProvider> {
  const own = await generateKeyPair('RS256');
  const foreign = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'key-1', alg: 'RS256', use: 'sig' };
  const asked = { keys: 0 };
  const server = createServer((request, response) => {
    const isKeys = request.url === '/jwks';
    if (isKeys) asked.keys += 1;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(isKeys ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/jwks` }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // parsed: a server that listens on TCP has such an address
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  t.after(stop);
  return {
    ...{ issuer, asked, stop },
    async sign(claims, key = 'own') {
      const nowS = Math.floor(Date.now() / 1000);
      return await new SignJWT({ iss: issuer, iat: nowS, exp: nowS + 300, sub: 'repo:acme/shop', ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'key-1' })
        .sign((key === 'own' ? own : foreign).privateKey);
    },
  };
}
