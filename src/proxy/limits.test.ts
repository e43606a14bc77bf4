import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { document, environment, instance, revision, service } from './fixtures/documents.ts';
import { InProcessProxy } from './fixtures/in-process-proxy.ts';
import { ok, PlainApp } from './fixtures/plain-app.ts';
import { ask, get, RawClient } from './fixtures/raw-client.ts';
import type { ProxyLimits } from './limits.ts';

/** Which test holds each limit: file and part of its title. A new limit must name its own. */
const tests: Readonly<Record<keyof ProxyLimits, readonly [file: string, title: string]>> = {
  headBytes: ['limits', 'of exactly the allowed size, target and number of fields is taken, and not one more'],
  targetBytes: ['limits', 'of exactly the allowed size, target and number of fields is taken, and not one more'],
  fieldCount: ['limits', 'of exactly the allowed size, target and number of fields is taken, and not one more'],
  bodyBytes: ['limits', 'with a body of exactly the allowed size is taken, and not one more byte'],
  responseHeadBytes: ['upstream-limits', 'whose head is too large, or has too many fields, is refused'],
  requestHeadMs: ['limits', 'whose head does not come to its end in time gets 408'],
  proxyHeaderMs: ['origin/proxy-header-wait', 'is closed when the header takes too long'],
  tlsHandshakeMs: ['tls/tls-front', 'gives up handshakes that do not come to an end'],
  tlsHandshakes: ['tls/tls-front', 'has room for a bounded number of handshakes'],
  http2Streams: ['http2/http2-limits', 'may have so many streams open at once, and not one more'],
  http2StreamWindowBytes: ['http2/http2-limits', 'may send so much of a body before it is read'],
  http2NuisanceBurst: ['http2/http2-connection', 'sends away who floods it with pings or settings'],
  http2NuisancePerS: ['http2/nuisance-guard', 'a guard lets a burst pass, then so many each second'],
  clientIdleMs: ['client-connection', 'is closed without a word when it brings nothing'],
  requestBodyIdleMs: ['limits', 'whose body stops coming gets 408, but not one that comes slowly'],
  clientWriteStallMs: ['limits', 'that is not read is cut, and its instance freed'],
  connectMs: ['upstream-limits', 'that does not take the connection in time gets the client 504'],
  responseHeadMs: ['upstream-limits', 'that does not begin its answer in time gets the client 504'],
  assetMs: ['assets', 'are not had from a revision that fails, hangs or closes'],
  responseBodyIdleMs: ['upstream-limits', 'that falls silent inside its answer is cut'],
  streamIdleMs: ['upstream-limits', 'whose event stream or upgraded connection falls silent is cut'],
  upstreamIdleMs: ['upstream-limits', 'is closed when it is not used'],
  recentlyUsedMs: ['upstream/upstream', 'get a POST on a fresh connection when the kept one was idle for a while'],
  idlePerUpstream: ['upstream-limits', 'stays open beside so many others, and no more'],
  connections: ['client-connection', 'beyond the limit of connections gets 503'],
  replayBytes: ['upstream-limits', 'gets a request again only when its whole body was kept'],
  readAheadBytes: ['limits', 'with others pipelined behind it does not make the proxy read on for ever'],
  halfCloseMs: ['client-connection', 'that goes away frees its instance'],
  lingerMs: ['limits', 'that was refused may go on for a moment, then its connection is cut'],
  ejectFirstMs: ['upstream-limits', 'gets nothing for a time that doubles with each refusal, up to the longest'],
  ejectMaxMs: ['upstream-limits', 'gets nothing for a time that doubles with each refusal, up to the longest'],
  warmUpRequests: ['counting/traffic-counters', 'leave out how long the first requests of an instance take'],
  warmUpMs: ['counting/traffic-counters', 'do not excuse an instance that hangs while it is warming up'],
  epochLingerMs: ['counting/traffic-counters', 'stop waiting for a request that outlives its epoch by far'],
};

describe('every limit', () => {
  for (const [limit, [file, title]] of Object.entries(tests)) {
    it(`has a test: ${limit}`, () => {
      const text = readFileSync(new URL(`${file}.test.ts`, import.meta.url), 'utf8');
      assert.ok(text.includes(`it('${title}`), `${file}.test.ts has no test "${title}…"`);
    });
  }

  it('of a paused environment has a test too', () => {
    const text = readFileSync(new URL('data-plane.test.ts', import.meta.url), 'utf8');
    for (const title of ['answers 503 beyond the number it may hold', 'answers 503 after the time it may hold'])
      assert.ok(text.includes(`it('${title}`), title);
  });
});

describe('a request', () => {
  let app: PlainApp;
  let proxy: InProcessProxy;
  let port: number;
  const clients: RawClient[] = [];

  async function start(limits: Partial<ProxyLimits>): Promise<void> {
    proxy = new InProcessProxy(limits);
    port = await proxy.listen();
    apply(port);
  }
  const apply = (on: number) =>
    proxy.apply(document([environment([revision('one', [service([instance(app.port)])])], { port: on })]));

  async function send(text: string): Promise<RawClient> {
    const client = await RawClient.connect(port);
    clients.push(client);
    client.send(text);
    return client;
  }
  const statusOf = async (text: string) => (await ask(port, text)).status;

  beforeEach(async () => {
    app = await PlainApp.start();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    proxy.stop();
    await app.stop();
  });

  it('of exactly the allowed size, target and number of fields is taken, and not one more', async () => {
    await start({ headBytes: 600, targetBytes: 100, fieldCount: 10 });
    const sized = (bytes: number) => {
      const head = get('/', { x: '' });
      return get('/', { x: 'y'.repeat(bytes - (head.length - 4)) });
    };
    const fields = (count: number) =>
      get('/', Object.fromEntries(Array.from({ length: count - 1 }, (_, i) => [`x${i}`, 'y'])));
    assert.deepEqual(
      [await statusOf(sized(600)), await statusOf(sized(601)), await statusOf(sized(5_000))],
      [200, 431, 431],
    );
    assert.deepEqual(
      [await statusOf(get(`/${'a'.repeat(99)}`)), await statusOf(get(`/${'a'.repeat(100)}`))],
      [200, 414],
    );
    assert.deepEqual([await statusOf(fields(10)), await statusOf(fields(11))], [200, 431]);
    assert.equal(app.requests.length, 3);
  });

  it('with a body of exactly the allowed size is taken, and not one more byte', async () => {
    await start({ bodyBytes: 100 });
    const byLength = (bytes: number) =>
      `POST / HTTP/1.1\r\nhost: shop.test\r\ncontent-length: ${bytes}\r\n\r\n${'b'.repeat(bytes)}`;
    const inChunks = (bytes: number) => {
      const chunks = `32\r\n${'b'.repeat(50)}\r\n${(bytes - 50).toString(16)}\r\n${'b'.repeat(bytes - 50)}\r\n0\r\n\r\n`;
      return `POST / HTTP/1.1\r\nhost: shop.test\r\ntransfer-encoding: chunked\r\n\r\n${chunks}`;
    };
    for (const body of [byLength, inChunks])
      assert.deepEqual([await statusOf(body(100)), await statusOf(body(101))], [200, 413]);
    const client = await send(byLength(101) + get('/after'));
    assert.match(await client.untilClosed(), /^HTTP\/1\.1 413 /);
    assert.deepEqual(
      app.requests.map(({ head }) => head.split(' ')[1]),
      ['/', '/'],
    );
  });

  it('whose head does not come to its end in time gets 408', async () => {
    await start({ requestHeadMs: 200 });
    const client = await send(get('/'));
    await client.response();
    // The time begins anew with each request.
    await new Promise((resolve) => setTimeout(resolve, 250));
    client.send('GET / HTTP/1.1\r\n');
    const drip = setInterval(() => client.send('x'), 50);
    try {
      const startMs = performance.now();
      assert.equal((await client.response()).status, 408);
      assert.ok(performance.now() - startMs >= 195);
      await client.untilClosed();
    } finally {
      clearInterval(drip);
    }
  });

  it('whose body stops coming gets 408, but not one that comes slowly', async () => {
    await start({ requestBodyIdleMs: 300 });
    for (const body of ['content-length: 10\r\n\r\nabc', 'transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n']) {
      const client = await send(`POST / HTTP/1.1\r\nhost: a\r\n${body}`);
      assert.equal((await client.response()).status, 408);
      await client.untilClosed();
    }
    const slow = await send('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 12\r\n\r\n');
    const drip = setInterval(() => slow.send('x'), 50);
    assert.equal((await slow.response()).status, 200);
    clearInterval(drip);
    assert.equal(app.requests.length, 1);
  });

  it('that is not read is cut, and its instance freed', async () => {
    app.handler = () => ok('x'.repeat(20 * 1024 * 1024));
    await start({ clientWriteStallMs: 300 });
    const client = await send(get('/'));
    client.socket.pause();
    const active = () =>
      proxy.plane
        .status()
        .addresses.map(({ activeRequests }) => activeRequests)
        .join();
    while (active() !== '1') await new Promise((resolve) => setTimeout(resolve, 5));
    while (active() !== '0' || proxy.plane.connectionCount > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    client.socket.resume();
    await client.untilClosed();
    assert.ok(client.received.length < 20 * 1024 * 1024);
  });

  it('with others pipelined behind it does not make the proxy read on for ever', async () => {
    const accepted: net.Socket[] = [];
    const readAheadBytes = 100_000;
    proxy = new InProcessProxy({ readAheadBytes });
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      accepted.push(socket);
      proxy.plane.accept(socket, port);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
    apply(port);
    app.handler = () => null;
    const next = get('/', { x: 'y'.repeat(900) });
    const client = await send(get('/') + next.repeat(5_000));
    try {
      while (accepted[0]?.isPaused() !== true) await new Promise((resolve) => setTimeout(resolve, 5));
      await new Promise((resolve) => setTimeout(resolve, 100));
      const bytes = accepted[0]?.bytesRead ?? 0;
      // A paused socket still fills its own buffer, and each read may bring 64 KB at once.
      assert.ok(bytes <= readAheadBytes + 3 * 65_536, `${bytes} bytes were read`);
      assert.equal(app.requests.length, 1);
      app.handler = () => ok('');
      for (const waiting of app.sockets) waiting.write(ok(''));
      await client.until((received) => received.split('HTTP/1.1 200').length === 5_002);
    } finally {
      server.close();
    }
  });

  it('that was refused may go on for a moment, then its connection is cut', async () => {
    await start({ lingerMs: 300 });
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    socket.on('error', () => {});
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write('nonsense\r\n\r\n');
    socket.resume();
    await once(socket, 'end');
    const startMs = performance.now();
    const more = setInterval(() => socket.write('more nonsense'), 20);
    await closed;
    clearInterval(more);
    assert.ok(performance.now() - startMs >= 295, 'cut too early');
    assert.equal(proxy.plane.connectionCount, 0);
  });
});
