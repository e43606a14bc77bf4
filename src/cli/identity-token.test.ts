import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { identityToken } from './identity-token.ts';

test('GitHub is asked for a token that is made for this control plane', async (t) => {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    response.end(JSON.stringify({ value: 'signed' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  // parsed: a server that listens on TCP has such an address
  const { port } = server.address() as AddressInfo;
  const env = {
    ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of-the-job',
  };
  assert.equal(await identityToken(env, 'https://lotse.example'), 'signed');
  assert.equal(asked[0]?.url, '/token?api-version=2.0&audience=https%3A%2F%2Flotse.example');
  assert.equal(asked[0]?.headers.authorization, 'Bearer of-the-job');
  assert.equal(await identityToken({ ...env, LOTSE_ID_TOKEN: 'given' }, 'x'), 'given', 'GitLab has it in a variable');
});

test('outside of a job it says what the job must ask for', async () => {
  await assert.rejects(identityToken({}, 'https://lotse.example'), (error) => {
    assert.match(String(Reflect.get(Object(error), 'hint')), /id-token: write \}\n.*aud: https:\/\/lotse\.example/);
    return true;
  });
});
