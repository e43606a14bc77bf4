import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { RoutedEnvironment } from '../core/routing-document.ts';
import { document, environment, instance, revision, service } from './fixtures/documents.ts';
import { InProcessProxy } from './fixtures/in-process-proxy.ts';
import { ok, PlainApp } from './fixtures/plain-app.ts';
import { get, RawClient } from './fixtures/raw-client.ts';

describe('a paused environment', () => {
  let app: PlainApp;
  let next: PlainApp;
  let proxy: InProcessProxy;
  let port: number;
  const clients: RawClient[] = [];

  const apply = (mode: RoutedEnvironment['mode'], name = 'one', to = app.port) =>
    proxy.apply(document([environment([revision(name, [service([instance(to)])])], { port, mode })]));
  const paused = (more = {}) => ({ kind: 'paused', maxHeld: 100, maxHoldMs: 10_000, ...more }) as const;

  async function send(text: string): Promise<RawClient> {
    const client = await RawClient.connect(port);
    clients.push(client);
    client.send(text);
    return client;
  }

  async function untilHeld(count: number): Promise<void> {
    while (proxy.plane.status().heldRequests !== count) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  beforeEach(async () => {
    app = await PlainApp.start(() => ok('old'));
    next = await PlainApp.start(({ body }) => ok(`new ${body}`));
    proxy = new InProcessProxy();
    port = await proxy.listen();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    proxy.stop();
    await app.stop();
    await next.stop();
  });

  it('holds requests and lets them go to the new instance, bodies and pipelined ones included', async () => {
    apply({ kind: 'serving' });
    const kept = await send(get('/'));
    await kept.response();
    apply(paused());
    kept.send(get('/'));
    const posted = await send(`POST / HTTP/1.1\r\nhost: shop.test\r\ncontent-length: 8\r\n\r\nwith `);
    posted.send(`it!${get('/next')}`);
    await untilHeld(2);
    assert.equal(app.requests.length, 1);
    apply({ kind: 'serving' }, 'two', next.port);
    assert.equal((await kept.response()).body, 'new ');
    assert.equal((await posted.response()).body, 'new with it!');
    assert.equal((await posted.response()).body, 'new ');
    assert.equal(proxy.plane.status().heldRequests, 0);
  });

  it('answers 503 beyond the number it may hold', async () => {
    apply(paused({ maxHeld: 2 }));
    await send(get('/'));
    await send(get('/'));
    await untilHeld(2);
    assert.equal((await (await send(get('/'))).response()).status, 503);
  });

  it('answers 503 after the time it may hold, also when the document is renewed meanwhile', async () => {
    apply(paused({ maxHoldMs: 300 }));
    const startMs = performance.now();
    const client = await send(get('/'));
    await untilHeld(1);
    const renew = setInterval(() => apply(paused({ maxHoldMs: 300 })), 50);
    const answer = await client.response();
    clearInterval(renew);
    assert.equal(answer.status, 503);
    assert.ok(performance.now() - startMs >= 295);
  });

  it('lets held requests see the maintenance page when that comes', async () => {
    apply(paused());
    const client = await send(get('/'));
    await untilHeld(1);
    apply({ kind: 'maintenance', retryAfterS: 5, message: 'later' });
    assert.match((await client.response()).body, /later/);
  });

  it('forgets a request whose client went away', async () => {
    proxy.stop();
    proxy = new InProcessProxy({ halfCloseMs: 0 });
    port = await proxy.listen();
    apply(paused());
    const client = await send(get('/'));
    await untilHeld(1);
    client.close();
    await untilHeld(0);
  });
});

describe('a draining worker', () => {
  it('closes each connection with its next answer and loses none', async () => {
    const app = await PlainApp.start(() => ok('x'));
    const proxy = new InProcessProxy();
    const port = await proxy.listen();
    proxy.apply(document([environment([revision('one', [service([instance(app.port)])])], { port })]));
    const client = await RawClient.connect(port);
    try {
      client.send(get('/'));
      assert.doesNotMatch((await client.response()).head, /connection: close/);
      proxy.plane.drain();
      client.send(get('/'));
      assert.match((await client.response()).head, /connection: close/);
      await client.untilClosed();
      while (proxy.plane.connectionCount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    } finally {
      client.close();
      proxy.stop();
      await app.stop();
    }
  });
});
