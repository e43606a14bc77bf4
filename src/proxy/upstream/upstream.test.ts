import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { document, environment, instance, revision, service } from '../fixtures/documents.ts';
import { InProcessProxy } from '../fixtures/in-process-proxy.ts';
import { ok, PlainApp } from '../fixtures/plain-app.ts';
import { ask, get, RawClient } from '../fixtures/raw-client.ts';
import type { ProxyLimits } from '../limits.ts';

const post = 'POST / HTTP/1.1\r\nhost: shop.test\r\ncontent-length: 2\r\n\r\nhi';

describe('instances', () => {
  let app: PlainApp;
  let other: PlainApp;
  let proxy: InProcessProxy;
  let port: number;

  async function start(ports: readonly number[], limits: Partial<ProxyLimits> = {}): Promise<void> {
    proxy = new InProcessProxy(limits);
    port = await proxy.listen();
    proxy.apply(
      document([
        environment([revision('one', [service(ports.map((at, slot) => instance(at, 'accepting', slot)))])], { port }),
      ]),
    );
  }

  beforeEach(async () => {
    app = await PlainApp.start(() => ok('app'));
    other = await PlainApp.start(() => ok('other'));
  });
  afterEach(async () => {
    proxy.stop();
    await app.stop();
    await other.stop();
  });

  it('take turns when all are idle, and the one with fewer requests in flight comes first', async () => {
    await start([app.port, other.port]);
    const bodies: string[] = [];
    for (let i = 0; i < 10; i++) bodies.push((await ask(port, get('/'))).body);
    assert.equal(bodies.filter((body) => body === 'app').length, 5);
    app.handler = () => null;
    const waiting = await RawClient.connect(port);
    waiting.send(get('/'));
    const second = await RawClient.connect(port);
    second.send(get('/'));
    for (let i = 0; i < 6 && app.requests.length < 6; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    for (let i = 0; i < 6; i++) assert.equal((await ask(port, get('/'))).body, 'other');
    waiting.close();
    second.close();
  });

  it('that refuse connections are left out, POSTs included, and come back by themselves', async () => {
    const refusing = await PlainApp.start(() => ok('back'));
    const { port: refusedPort } = refusing;
    await refusing.stop();
    await start([app.port, refusedPort], { ejectFirstMs: 100 });
    for (let i = 0; i < 6; i++) assert.equal((await ask(port, post)).body, 'app');
    assert.deepEqual(
      proxy.plane.status().addresses.map(({ ejected }) => ejected),
      [false, true],
    );
    const back = await PlainApp.start(() => ok('back'), refusedPort);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const bodies = new Set<string>();
    for (let i = 0; i < 6; i++) bodies.add((await ask(port, get('/'))).body);
    assert.deepEqual(bodies, new Set(['app', 'back']));
    await back.stop();
  });

  it('that all refuse are answered 502, not 503: they might be back', async () => {
    const { port: gone } = app;
    await app.stop();
    await start([gone]);
    for (let i = 0; i < 3; i++) assert.equal((await ask(port, get('/'))).status, 502);
    app = await PlainApp.start(() => ok('again'), gone);
    assert.equal((await ask(port, get('/'))).body, 'again');
  });

  it('that close a kept connection under a repeatable request get it again on a fresh one', async () => {
    await start([app.port]);
    const client = await RawClient.connect(port);
    client.send(get('/'));
    await client.response();
    app.handler = ({ connection, socket }) => {
      if (connection > 1) return ok('again');
      socket.destroy();
      return null;
    };
    client.send('PUT / HTTP/1.1\r\nhost: shop.test\r\ncontent-length: 2\r\n\r\nhi');
    assert.equal((await client.response()).body, 'again');
    assert.deepEqual(
      app.requests.map(({ connection, body }) => [connection, body]),
      [
        [1, ''],
        [1, 'hi'],
        [2, 'hi'],
      ],
    );
    client.close();
  });

  it('never get a POST twice', async () => {
    await start([app.port]);
    const client = await RawClient.connect(port);
    client.send(get('/'));
    await client.response();
    app.handler = ({ socket }) => {
      socket.destroy();
      return null;
    };
    client.send(post);
    assert.equal((await client.response()).status, 502);
    assert.equal(app.requests.length, 2);
    client.close();
  });

  it('get a POST on a fresh connection when the kept one was idle for a while', async () => {
    await start([app.port], { recentlyUsedMs: 50 });
    await ask(port, get('/'));
    await ask(port, post);
    assert.equal(app.connections, 1);
    await new Promise((resolve) => setTimeout(resolve, 80));
    await ask(port, post);
    assert.equal(app.connections, 2);
  });

  it('are not asked on a connection that they are about to close', async () => {
    await start([app.port]);
    app.handler = () => ok('x', 'keep-alive: timeout=1\r\n');
    await ask(port, get('/'));
    await new Promise((resolve) => setTimeout(resolve, 550));
    await ask(port, get('/'));
    assert.equal(app.connections, 2);
    app.handler = () => ok('x', 'connection: close\r\n');
    await ask(port, get('/'));
    await ask(port, get('/'));
    assert.equal(app.connections, 3);
  });

  it('that send more than their answer lose the connection, not the next request', async () => {
    await start([app.port]);
    app.handler = () => `${ok('x')}HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison`;
    const client = await RawClient.connect(port);
    client.send(get('/'));
    assert.equal((await client.response()).body, 'x');
    app.handler = () => ok('clean');
    client.send(get('/'));
    assert.equal((await client.response()).body, 'clean');
    client.close();
  });

  it('that are no longer named finish what they have; idle connections to them are closed, the client’s stay', async () => {
    await start([app.port]);
    const client = await RawClient.connect(port);
    client.send(get('/'));
    await client.response();
    const slow = await RawClient.connect(port);
    app.handler = () => null;
    slow.send(get('/'));
    while (app.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    proxy.apply(document([environment([revision('two', [service([instance(other.port)])])], { port, epoch: 2 })]));
    const active = () =>
      proxy.plane.status().addresses.map(({ address, activeRequests }) => [address.port, activeRequests]);
    assert.deepEqual(active(), [
      [app.port, 1],
      [other.port, 0],
    ]);
    client.send(get('/'));
    assert.equal((await client.response()).body, 'other');
    for (const socket of app.sockets) socket.write(ok('finished'));
    assert.equal((await slow.response()).body, 'finished');
    assert.deepEqual(active(), [[other.port, 0]]);
    while (app.sockets.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    client.close();
    slow.close();
  });
});
