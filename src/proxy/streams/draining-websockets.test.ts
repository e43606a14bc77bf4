import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket as WsClient } from 'ws';
import type { RoutedInstance } from '../../core/routing-document.ts';
import type { ProxyControl } from '../control-client.ts';
import { document, environment, instance, revision, service } from '../fixtures/documents.ts';
import { InProcessProxy } from '../fixtures/in-process-proxy.ts';
import { freePorts, ProxyFolder } from '../fixtures/running-proxy.ts';
import { untilTrue } from '../fixtures/until-true.ts';
import { TalkingApp } from '../fixtures/talking-app.ts';

const drainMs = 300;
/** A tick of the clock, and what a busy machine adds. */
const slackMs = 900;

interface Ended {
  readonly code: number;
  readonly afterMs: number;
}

describe('the WebSockets of an instance that drains', () => {
  let app: TalkingApp;
  let proxy: InProcessProxy;
  let port: number;
  let version = 0;
  const clients: WsClient[] = [];

  const apply = (instances: readonly RoutedInstance[]) =>
    proxy.apply(document([environment([revision('one', [service(instances)])], { port })], { version: ++version }));
  const drain = (of = app.port) => apply([{ ...instance(of, 'draining'), drainMs }]);
  const active = () => proxy.plane.status().addresses.reduce((sum, each) => sum + each.activeRequests, 0);

  async function connect(): Promise<{ client: WsClient; heard: string[]; ended: Promise<Ended> }> {
    const client = new WsClient(`ws://127.0.0.1:${port}/`);
    clients.push(client);
    const heard: string[] = [];
    client.on('message', (data) => heard.push(String(data)));
    const ended = once(client, 'close').then(([code]): Ended => {
      return { code: Number(code), afterMs: performance.now() };
    });
    await once(client, 'open');
    return { client, heard, ended };
  }

  beforeEach(async () => {
    proxy = new InProcessProxy();
    port = await proxy.listen();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.terminate();
    proxy.stop();
    await app.stop();
  });

  it('stay for its budget, then both sides are told 1012, within the spread', async () => {
    app = await TalkingApp.start();
    apply([instance(app.port)]);
    const talks = await Promise.all(Array.from({ length: 20 }, () => connect()));
    const sinceMs = performance.now();
    drain();
    const ends = await Promise.all(talks.map((talk) => talk.ended));
    const after = ends.map((end) => end.afterMs - sinceMs).sort((a, b) => a - b);
    assert.ok((after[0] ?? 0) >= drainMs, `the first was closed after ${after[0]} ms`);
    assert.ok((after.at(-1) ?? 0) < drainMs + drainMs / 3 + slackMs, `the last after ${after.at(-1)} ms`);
    assert.deepEqual(new Set(ends.map((end) => end.code)), new Set([1012]));
    await untilTrue('the app knows of every end', () => app.talks.every((talk) => talk.closeCode !== null));
    assert.deepEqual(new Set(app.talks.map((talk) => talk.closeCode)), new Set([1012]));
    while (active() > 0) await sleep(5);
    while (proxy.plane.connectionCount > 0) await sleep(5);
  });

  it('lose no message: both sides talk all the time, compressed, and what was said before the close arrives once', async () => {
    app = await TalkingApp.start(2);
    apply([instance(app.port)]);
    const { client, heard, ended } = await connect();
    const said: { readonly text: string; readonly atMs: number }[] = [];
    const timer = setInterval(() => {
      if (client.readyState !== client.OPEN) return;
      const text = `client ${said.length} ${'x'.repeat(said.length % 700)}`;
      said.push({ text, atMs: performance.now() });
      client.send(text);
    }, 2);
    await sleep(50);
    drain();
    assert.equal((await ended).code, 1012);
    clearInterval(timer);
    const [talk] = app.talks;
    assert.ok(talk !== undefined);
    assert.ok(talk.said.length > 50);
    assert.deepEqual(heard, talk.said, 'all that the app had said before it was told');
    assert.deepEqual(
      talk.heard,
      said.slice(0, talk.heard.length).map(({ text }) => text),
      'each once, in order',
    );
    const before = said.filter(({ atMs }) => atMs < talk.closedAtMs - 500);
    assert.ok(talk.heard.length >= before.length, `${talk.heard.length} of at least ${before.length} arrived`);
  });

  it('are closed at a moment when the client says nothing', async () => {
    app = await TalkingApp.start();
    apply([instance(app.port)]);
    const { client, ended } = await connect();
    const said: string[] = [];
    // Bursts of ten, with a pause that is longer than two looks at the clock.
    const burst = setInterval(() => {
      for (let i = 0; i < 10 && client.readyState === client.OPEN; i++) {
        said.push(`${said.length}`);
        client.send(`${said.length - 1}`);
      }
    }, 250);
    drain();
    await ended;
    clearInterval(burst);
    const [talk] = app.talks;
    assert.deepEqual(talk?.heard, said.slice(0, talk?.heard.length));
    assert.equal((talk?.heard.length ?? 1) % 10, 0, 'no burst was cut');
  });

  it('are not touched while it accepts, or when it accepts again', async () => {
    app = await TalkingApp.start();
    const other = await TalkingApp.start();
    apply([instance(app.port)]);
    const first = await connect();
    apply([
      { ...instance(app.port, 'draining'), drainMs },
      { ...instance(other.port), drainMs },
    ]);
    const second = await connect();
    await sleep(drainMs / 2);
    apply([
      { ...instance(app.port), drainMs },
      { ...instance(other.port), drainMs },
    ]);
    await sleep(drainMs * 3);
    assert.equal(first.client.readyState, first.client.OPEN);
    const sinceMs = performance.now();
    drain();
    assert.ok((await first.ended).afterMs - sinceMs >= drainMs, 'its time began anew');
    await second.ended;
    await other.stop();
  });

  it('stay as long when the document does not name it any more', async () => {
    app = await TalkingApp.start();
    apply([{ ...instance(app.port), drainMs }]);
    const { ended } = await connect();
    const sinceMs = performance.now();
    apply([]);
    const end = await ended;
    assert.equal(end.code, 1012);
    assert.ok(end.afterMs - sinceMs >= drainMs);
  });

  it('are closed before a worker that leaves is gone, with its grace as budget', async () => {
    app = await TalkingApp.start();
    apply([instance(app.port)]);
    const talks = await Promise.all(Array.from({ length: 5 }, () => connect()));
    proxy.plane.drain(60_000);
    const sinceMs = performance.now();
    proxy.plane.drain(6_000);
    const ends = await Promise.all(talks.map((talk) => talk.ended));
    for (const { code, afterMs } of ends) {
      assert.equal(code, 1012);
      assert.ok(afterMs - sinceMs >= 1_500, `${afterMs - sinceMs} ms`);
    }
  });

  it('are closed for the WebSocket of Node.js too', async () => {
    app = await TalkingApp.start(5);
    apply([instance(app.port)]);
    const client = new WebSocket(`ws://127.0.0.1:${port}/`);
    const heard: string[] = [];
    client.addEventListener('message', ({ data }) => heard.push(String(data)));
    const closed = new Promise<CloseEvent>((resolve) => client.addEventListener('close', resolve));
    await new Promise((resolve) => client.addEventListener('open', resolve));
    drain();
    const { code, wasClean } = await closed;
    assert.deepEqual({ code, wasClean }, { code: 1012, wasClean: true });
    assert.deepEqual(heard, app.talks[0]?.said);
  });

  it('a message in fragments is waited for, and arrives whole', async () => {
    app = await TalkingApp.start();
    apply([instance(app.port)]);
    const { client, ended } = await connect();
    client.send('one ', { fin: false });
    drain();
    await sleep(drainMs + 250);
    client.ping();
    client.send('two ', { fin: false });
    await sleep(250);
    assert.equal(client.readyState, client.OPEN);
    client.send('three', { fin: true });
    assert.equal((await ended).code, 1012);
    assert.deepEqual(app.talks[0]?.heard, ['one two three']);
  });

  it('a message in fragments that never ends is not waited for any longer', async () => {
    app = await TalkingApp.start();
    apply([instance(app.port)]);
    const { client, ended } = await connect();
    client.send('one ', { fin: false });
    const sinceMs = performance.now();
    drain();
    const end = await ended;
    assert.equal(end.code, 1012);
    assert.ok(end.afterMs - sinceMs < drainMs + 3_500);
    assert.equal(app.talks[0]?.closeCode, 1012);
  });
});

describe('the WebSockets of a worker that leaves', () => {
  const graceMs = 2_400;

  for (const [how, leave] of [
    ['is replaced', (control: ProxyControl) => control.replaceWorkers(graceMs)],
    ['stops with the proxy', (control: ProxyControl) => control.stop(graceMs)],
  ] as const) {
    it(`are closed with 1012 within its grace, not cut at its end, when it ${how}`, { timeout: 180_000 }, async () => {
      const app = await TalkingApp.start(5);
      const folder = new ProxyFolder();
      const [port = 0] = await freePorts(1);
      const control = await folder.start();
      try {
        await control.putDocument(
          document([environment([revision('one', [service([instance(app.port)])])], { port })]),
        );
        const client = new WsClient(`ws://127.0.0.1:${port}/`);
        const heard: string[] = [];
        client.on('message', (data) => heard.push(String(data)));
        await once(client, 'open');
        const leaving = leave(control);
        const [code] = await once(client, 'close');
        await leaving;
        assert.equal(code, 1012);
        await untilTrue('the app knows of the end', () => app.talks[0]?.closeCode !== null);
        assert.equal(app.talks[0]?.closeCode, 1012);
        assert.deepEqual(heard, app.talks[0]?.said);
      } finally {
        await folder.end(control);
        await app.stop();
      }
    });
  }
});
