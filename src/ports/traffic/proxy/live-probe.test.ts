import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import net from 'node:net';
import { test } from 'node:test';
import { revisionHeader } from '../../../core/routing-document.ts';
import { askOnce } from './live-probe.ts';

const probe = { bucket: 0, nowMs: Date.now() };
const probeKey = '0123456789abcdef0123456789abcdef';

test('a name that leads nowhere is not reached, and the proxy behind it is, when asked at its address', async () => {
  const server = createServer((request, response) => {
    response.setHeader(revisionHeader, `production-7 web 0`);
    response.end(request.headers.host);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const target = { host: 'nowhere.invalid', port, path: '/', probeKey, tls: null, trustedProxies: [] };
  const { signal } = new AbortController();
  try {
    const outside = await askOnce({ ...target, address: null }, probe, signal);
    assert.equal(outside.isReached, false);
    assert.match(outside.problem ?? '', /nowhere\.invalid/);
    const inside = await askOnce({ ...target, address: '127.0.0.1' }, probe, signal);
    assert.deepEqual(inside, { isReached: true, revision: 'production-7', problem: null });
  } finally {
    server.close();
  }
});

test('an answer that names no revision is an answer all the same', async () => {
  const server = createServer((_request, response) => void response.end('somebody else')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const target = { host: 'localhost', port, path: '/', probeKey, tls: null, trustedProxies: [], address: null };
  try {
    const answer = await askOnce(target, probe, new AbortController().signal);
    assert.equal(answer.isReached, true);
    assert.equal(answer.revision, null);
  } finally {
    server.close();
  }
});

test('a proxy that demands the PROXY protocol from this machine gets it from the probe too', async () => {
  const begins: string[] = [];
  const server = net.createServer((socket) => {
    socket.once('data', (bytes) => {
      begins.push(bytes.subarray(0, 18).toString('latin1'));
      socket.end(`HTTP/1.1 200 OK\r\n${revisionHeader}: production-7 web 0\r\ncontent-length: 0\r\n\r\n`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const target = { host: 'localhost', port, path: '/', probeKey, tls: null, address: null };
  const { signal } = new AbortController();
  try {
    for (const network of ['127.0.0.0/8', '10.0.0.0/8']) {
      const trustedProxies = [{ network, protocol: 'proxy-v2' as const }];
      const answer = await askOnce({ ...target, trustedProxies }, probe, signal);
      assert.deepEqual(answer, { isReached: true, revision: 'production-7', problem: null });
    }
    assert.equal(begins[0], '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0HE');
    assert.equal(begins[1]?.slice(0, 6), 'HEAD /');
  } finally {
    server.close();
  }
});
