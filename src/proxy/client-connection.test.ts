import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { document, environment, instance, revision, service } from './fixtures/documents.ts';
import { InProcessProxy } from './fixtures/in-process-proxy.ts';
import { ok, PlainApp } from './fixtures/plain-app.ts';
import { ask, fieldOf, get, RawClient } from './fixtures/raw-client.ts';
import type { ProxyLimits } from './limits.ts';

describe('a client connection', () => {
  let app: PlainApp;
  const proxies: InProcessProxy[] = [];

  async function start(limits: Partial<ProxyLimits> = {}): Promise<number> {
    const proxy = new InProcessProxy(limits);
    proxies.push(proxy);
    const port = await proxy.listen();
    proxy.apply(document([environment([revision('one', [service([instance(app.port)])])], { port })]));
    return port;
  }

  beforeEach(async () => {
    app = await PlainApp.start();
  });
  afterEach(async () => {
    for (const proxy of proxies.splice(0)) proxy.stop();
    await app.stop();
  });

  it('is closed after a refusal, and what follows is not read', async () => {
    const port = await start();
    const client = await RawClient.connect(port);
    client.send(
      `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${get('/smuggled')}`,
    );
    const all = await client.untilClosed();
    assert.match(all, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.equal(all.match(/HTTP\/1\.1/g)?.length, 1);
    assert.equal(app.requests.length, 0);
  });

  it('is answered 400 at once for a bare LF, without waiting for more', async () => {
    const client = await RawClient.connect(await start());
    client.send('GET / HTTP/1.1\nHost: a\n');
    assert.equal((await client.response()).status, 400);
    client.close();
  });

  it('gets 431, 414 and 413 for what is too large', async () => {
    const port = await start({ bodyBytes: 100 });
    assert.equal((await ask(port, get('/', { x: 'y'.repeat(40_000) }))).status, 431);
    assert.equal((await ask(port, get(`/${'y'.repeat(20_000)}`))).status, 414);
    assert.equal((await ask(port, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 101\r\n\r\n')).status, 413);
    const chunks = `65\r\n${'y'.repeat(101)}\r\n0\r\n\r\n`;
    assert.equal(
      (await ask(port, `POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${chunks}`)).status,
      413,
    );
  });

  it('gets 408 when a head comes too slowly, byte by byte or not', async () => {
    const client = await RawClient.connect(await start({ requestHeadMs: 200 }));
    const drip = setInterval(() => client.send('x'), 20);
    client.send('GET /');
    const answer = await client.response();
    clearInterval(drip);
    assert.equal(answer.status, 408);
    await client.untilClosed();
  });

  it('gets 408 when a body stops coming', async () => {
    const client = await RawClient.connect(await start({ requestBodyIdleMs: 200 }));
    client.send('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc');
    assert.equal((await client.response()).status, 408);
    await client.untilClosed();
  });

  it('is closed without a word when it brings nothing', async () => {
    const client = await RawClient.connect(await start({ clientIdleMs: 200 }));
    assert.equal(await client.untilClosed(), '');
    assert.equal(client.errorCode, null);
  });

  it('is cut when it does not read its answer', async () => {
    app.handler = () => ok('x'.repeat(20 * 1024 * 1024));
    const port = await start({ clientWriteStallMs: 300 });
    const client = await RawClient.connect(port);
    client.socket.pause();
    client.send(get('/'));
    await new Promise(
      (resolve) =>
        client.socket.once('close', resolve).once('error', resolve) && setTimeout(() => client.socket.resume(), 3_000),
    );
    await client.untilClosed();
    assert.ok(client.received.length < 20 * 1024 * 1024);
  });

  it('beyond the limit of connections gets 503', async () => {
    const port = await start({ connections: 2 });
    const first = await RawClient.connect(port);
    const second = await RawClient.connect(port);
    first.send(get('/'));
    await first.response();
    const third = await RawClient.connect(port);
    assert.equal((await third.response()).status, 503);
    first.close();
    second.close();
    third.close();
  });

  it('that closes its sending side right behind its requests still gets the answers', async () => {
    app.handler = ({ socket }) => {
      setTimeout(() => socket.write(ok('late')), 100);
      return null;
    };
    const client = await RawClient.connect(await start());
    client.socket.end(get('/') + get('/'));
    const all = await client.untilClosed();
    assert.equal(all.match(/late/g)?.length, 2);
  });

  it('that closes its sending side inside the body of a pipelined request is let go with its last answer', async () => {
    app.handler = ({ socket }) => {
      setTimeout(() => socket.write(ok('first')), 100);
      return null;
    };
    const client = await RawClient.connect(await start());
    client.socket.end(`${get('/')}POST / HTTP/1.1\r\nhost: shop.test\r\ncontent-length: 10\r\n\r\nhalf`);
    assert.match(await client.untilClosed(3_000), /first$/);
    assert.equal(app.requests.length, 1);
  });

  it('that goes away frees its instance', async () => {
    app.handler = () => null;
    const port = await start({ halfCloseMs: 20 });
    const client = await RawClient.connect(port);
    client.send(get('/'));
    while (app.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const [upstream] = [...app.sockets];
    await new Promise((resolve) => setTimeout(resolve, 50));
    const closed = new Promise((resolve) => upstream?.once('close', resolve));
    client.close();
    await closed;
    assert.deepEqual(
      proxies[0]?.plane.status().addresses.map(({ activeRequests }) => activeRequests),
      [0],
    );
  });

  it('that says close is closed', async () => {
    const client = await RawClient.connect(await start());
    client.send(get('/', { connection: 'close' }));
    assert.equal(fieldOf(await client.response(), 'connection'), 'close');
    await client.untilClosed();
  });

  it('survives nonsense of all kinds beside it', async () => {
    const port = await start();
    const steady = await RawClient.connect(port);
    for (const nonsense of [
      '\0\0\0\0',
      '\r\n\r\n\r\n',
      'GET',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      ' \r\n',
    ]) {
      const client = await RawClient.connect(port);
      client.send(nonsense);
      client.socket.resetAndDestroy();
      steady.send(get('/'));
      assert.equal((await steady.response()).status, 200);
    }
    steady.close();
  });
});
