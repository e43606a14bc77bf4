import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { Address } from '../../core/routing-document.ts';
import { askUpstream } from './ask-upstream.ts';

async function listening(t: TestContext, server: Server): Promise<Address> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  return { host: '127.0.0.1', port: typeof address === 'object' && address !== null ? address.port : 0 };
}

test('any HTTP answer is an answer', async (t) => {
  for (const status of [200, 301, 404, 503]) {
    const upstream = await listening(
      t,
      createHttpServer((_, response) => response.writeHead(status).end()),
    );
    assert.deepEqual(await askUpstream(upstream), { kind: 'answered', status });
  }
});

test('it is asked by its own address', async (t) => {
  let host = '';
  const server = createHttpServer((request, response) => {
    host = request.headers.host ?? '';
    response.end();
  });
  const upstream = await listening(t, server);
  await askUpstream(upstream);
  assert.equal(host, `127.0.0.1:${upstream.port}`);
});

test('nobody, somebody who speaks something else, and somebody who hangs up are told apart', async (t) => {
  const words = await listening(
    t,
    createServer((socket) => socket.on('error', () => undefined).end('+PONG\r\n')),
  );
  assert.deepEqual(await askUpstream(words), { kind: 'silent', why: 'what listens there does not speak plain HTTP' });
  const hangsUp = await listening(
    t,
    createServer((socket) => socket.on('error', () => undefined).destroy()),
  );
  const hungUp = await askUpstream(hangsUp);
  assert.match(hungUp.kind === 'silent' ? hungUp.why : '', /closes the connection without an answer/);
  const server = createServer();
  const gone = await listening(t, server);
  server.close();
  await once(server, 'close');
  assert.deepEqual(await askUpstream(gone), { kind: 'silent', why: 'nobody listens there' });
});

test('who takes the connection and says nothing is not waited for', async (t) => {
  const sockets = new Set<{ destroy(): void }>();
  const silent = await listening(
    t,
    createServer((socket) => void sockets.add(socket)),
  );
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  assert.deepEqual(await askUpstream(silent), { kind: 'silent', why: 'it gives no answer within 3 s' });
});
