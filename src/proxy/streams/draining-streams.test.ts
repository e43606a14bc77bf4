import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { document, environment, instance, revision, service } from '../fixtures/documents.ts';
import { InProcessProxy } from '../fixtures/in-process-proxy.ts';
import { PlainApp } from '../fixtures/plain-app.ts';
import { get, RawClient } from '../fixtures/raw-client.ts';
import { webSocketFrame } from '../fixtures/websocket-frame.ts';

const drainMs = 200;
const close = (code: number, isMasked: boolean) =>
  webSocketFrame(Buffer.from([code >> 8, code & 0xff]), { opcode: 8, isMasked }).toString('latin1');
const fromApp = (text: string, more = {}) => webSocketFrame(text, { isMasked: false, ...more }).toString('latin1');
const toApp = (text: string, more = {}) => webSocketFrame(text, more).toString('latin1');
/** As the proxy writes it, masked with zeros. */
const toldApp = '\x88\x82\0\0\0\0\x03\xf4';

let app: PlainApp;
let proxy: InProcessProxy;
let port: number;
const clients: RawClient[] = [];

async function send(text: string): Promise<RawClient> {
  const client = await RawClient.connect(port);
  clients.push(client);
  client.send(text);
  return client;
}

const apply = (state: 'accepting' | 'draining') =>
  proxy.apply(
    document([environment([revision('one', [service([{ ...instance(app.port, state), drainMs }])])], { port })]),
  );
const address = () => proxy.plane.status().addresses[0];

beforeEach(async () => {
  app = await PlainApp.start();
  proxy = new InProcessProxy({ lingerMs: 300 });
  port = await proxy.listen();
  apply('accepting');
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  proxy.stop();
  await app.stop();
});

describe('a draining WebSocket', () => {
  /** What the app received behind the request. */
  let heard: string;
  let hasAppEnded: boolean;
  let onData: (text: string) => void;

  async function upgrade(protocol = 'websocket'): Promise<RawClient> {
    heard = '';
    hasAppEnded = false;
    app.handler = ({ socket }) => {
      socket.removeAllListeners('data');
      socket.on('data', (bytes) => {
        heard += bytes.toString('latin1');
        onData(bytes.toString('latin1'));
      });
      socket.on('end', () => (hasAppEnded = true));
      return `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${protocol}\r\n\r\n`;
    };
    onData = () => {};
    const client = await send(
      `GET / HTTP/1.1\r\nhost: shop.test\r\nconnection: upgrade\r\nupgrade: ${protocol}\r\n\r\n`,
    );
    await client.until((received) => received.endsWith('\r\n\r\n'));
    return client;
  }

  const appSocket = () => {
    const [socket] = app.sockets;
    assert.ok(socket !== undefined);
    return socket;
  };
  const behindHead = (client: RawClient) => client.received.slice(client.received.indexOf('\r\n\r\n') + 4);

  it('the app is told first; all that it sends before its Close reaches the client, then 1012 in place of its code', async () => {
    const client = await upgrade();
    client.send(toApp('question'));
    onData = (text) => {
      if (!text.includes(toldApp)) return;
      const whole = fromApp('late') + fromApp('la', { isFinal: false }) + fromApp('test', { opcode: 0 });
      const bytes = Buffer.from(`${whole}${close(1000, false)}nothing of this`, 'latin1');
      // Byte by byte, so that each border falls between two reads.
      const socket = appSocket();
      void (async () => {
        for (const byte of bytes) {
          socket.write(Buffer.from([byte]));
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
    };
    apply('draining');
    await client.until((received) => received.endsWith(close(1012, false)));
    assert.equal(heard, toApp('question') + toldApp);
    assert.equal(
      behindHead(client),
      fromApp('late') + fromApp('la', { isFinal: false }) + fromApp('test', { opcode: 0 }) + close(1012, false),
    );
    client.send(close(1012, true));
    await client.untilClosed();
    assert.equal(client.errorCode, null);
    assert.equal(heard, toApp('question') + toldApp, 'the app has closed and hears nothing more');
  });

  it('an app that ignores Close is not waited for; what it goes on saying ends at a message', async () => {
    const client = await upgrade();
    const timer = setInterval(() => appSocket().write(fromApp('x'), 'latin1'), 50);
    const sinceMs = performance.now();
    apply('draining');
    await client.until((received) => received.endsWith(close(1012, false)));
    clearInterval(timer);
    assert.ok(performance.now() - sinceMs < drainMs + 4_000);
    assert.equal(behindHead(client).replaceAll(fromApp('x'), ''), close(1012, false));
    client.send(close(1012, true));
    await client.untilClosed();
    assert.equal(client.errorCode, null);
    while ((address()?.activeRequests ?? 0) > 0) await sleep(5);
  });

  it('a client that ignores Close, or has gone without a word, is not waited for', async () => {
    const client = await upgrade();
    onData = (text) => text.includes(toldApp) && appSocket().end(close(1012, false), 'latin1');
    apply('draining');
    await client.until((received) => received.endsWith(close(1012, false)));
    while ((address()?.activeRequests ?? 0) > 0) await sleep(5);
    client.send(toApp('I go on'));
    await client.untilClosed(4_000);
    assert.equal(heard, toldApp);
    while (proxy.plane.connectionCount > 0) await sleep(5);
  });

  it('an app that does not notice that its client has gone keeps no address busy', async () => {
    const client = await upgrade();
    appSocket().allowHalfOpen = true;
    client.socket.end();
    await client.untilClosed();
    while (!hasAppEnded) await sleep(5);
    while ((address()?.activeRequests ?? 0) > 0) await sleep(5);
  });

  it('an app that answers Close by ending its connection has said all', async () => {
    const client = await upgrade();
    onData = (text) => text.includes(toldApp) && appSocket().end(fromApp('bye'), 'latin1');
    apply('draining');
    await client.until((received) => received.endsWith(close(1012, false)));
    assert.equal(behindHead(client), fromApp('bye') + close(1012, false));
  });

  it('that closes by itself is left to do so', async () => {
    const client = await upgrade();
    client.send(close(1000, true));
    apply('draining');
    await sleep(drainMs * 2);
    appSocket().end(close(1000, false), 'latin1');
    await client.untilClosed();
    assert.equal(behindHead(client), close(1000, false));
    assert.equal(heard, close(1000, true));
  });

  it('with broken framing passes bytes blindly and is ended at its time', async () => {
    const client = await upgrade();
    client.send('these are no frames');
    appSocket().write('neither are these');
    await client.until((received) => received.endsWith('these'));
    const sinceMs = performance.now();
    apply('draining');
    await client.untilClosed();
    assert.ok(performance.now() - sinceMs >= drainMs);
    assert.equal(client.errorCode, null);
    assert.equal(behindHead(client), 'neither are these');
    assert.equal(heard, 'these are no frames');
    while (!hasAppEnded) await sleep(5);
  });

  it('a connection that was upgraded to something else is ended at its time, both ways', async () => {
    const client = await upgrade('chat');
    client.send('hello');
    appSocket().write('welcome');
    await client.until((received) => received.endsWith('welcome'));
    const sinceMs = performance.now();
    apply('draining');
    await client.untilClosed();
    assert.ok(performance.now() - sinceMs >= drainMs);
    assert.equal(client.errorCode, null);
    while (!hasAppEnded) await sleep(5);
    assert.equal(heard, 'hello');
    while (proxy.plane.connectionCount > 0) await sleep(5);
  });
});

describe('a draining event stream', () => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n';
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
  const socketOf = (number = 0) => {
    const socket = app.requests[number]?.socket;
    assert.ok(socket !== undefined);
    return socket;
  };

  async function open(answer: string): Promise<RawClient> {
    app.handler = () => answer;
    const client = await send(get('/'));
    await client.until((received) => received.includes('\r\n\r\n'));
    return client;
  }

  it('that is silent ends at once, in good order, and the connection goes on', async () => {
    const client = await open(`${head}transfer-encoding: chunked\r\n\r\n${chunk('data: one\n\n')}`);
    assert.deepEqual([address()?.activeRequests, address()?.eventStreams], [1, 1]);
    await client.until((received) => received.includes('data: one'));
    const sinceMs = performance.now();
    apply('draining');
    const { body } = await client.response();
    const tookMs = performance.now() - sinceMs;
    assert.ok(tookMs >= drainMs && tookMs < drainMs + 4_000, `${tookMs} ms`);
    assert.equal(body, 'data: one\n\n');
    assert.deepEqual([address()?.activeRequests, address()?.eventStreams], [0, 0]);
    await once(socketOf(), 'close');
    app.handler = () => 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nnext';
    apply('accepting');
    client.send(get('/'));
    assert.equal((await client.response()).body, 'next');
  });

  it('ends at the end of an event however the app has split it', async () => {
    const client = await open(`${head}transfer-encoding: chunked\r\n\r\n`);
    apply('draining');
    await sleep(50);
    socketOf().write(chunk('id: 7\ndata: a'));
    await sleep(drainMs * 3);
    assert.equal(client.isClosed, false);
    socketOf().write('3\r\nbc\n\r\n');
    await sleep(20);
    socketOf().write(chunk('\n'));
    assert.equal((await client.response()).body, 'id: 7\ndata: abc\n\n');
  });

  it('without a length, or for an old client, ends with the connection', async () => {
    const client = await open(`${head}\r\ndata: one\n\n`);
    app.handler = () => `${head}\r\ndata: old\n\n`;
    const old = await send('GET / HTTP/1.0\r\nhost: shop.test\r\n\r\n');
    await old.until((received) => received.includes('old'));
    apply('draining');
    assert.equal((await client.response()).body, 'data: one\n\n');
    assert.match(await old.untilClosed(), /data: old\n\n$/);
  });

  it('that is never silent ends for a real client between two events, and none is lost or cut', async () => {
    app.handler = ({ socket }) => {
      socket.write(`${head}transfer-encoding: chunked\r\n\r\n`);
      let number = 0;
      let rest = '';
      const timer = setInterval(() => {
        for (let i = 0; i < 20; i++) rest += `id: ${number}\ndata: ${'x'.repeat(number++ % 50)}\n\n`;
        const length = Math.floor(rest.length * 0.9);
        socket.write(chunk(rest.slice(0, length)));
        rest = rest.slice(length);
      }, 2);
      socket.on('close', () => clearInterval(timer));
      return null;
    };
    const asked = request({ port, host: '127.0.0.1', headers: { host: 'shop.test' } }).end();
    const [answer] = await once(asked, 'response');
    let text = '';
    answer.setEncoding('utf8').on('data', (part: string) => (text += part));
    apply('draining');
    await once(answer, 'end');
    assert.equal(answer.complete, true);
    assert.ok(text.endsWith('\n\n'));
    const events = text.slice(0, -2).split('\n\n');
    assert.ok(events.length > 100);
    events.forEach((event, number) => assert.equal(event, `id: ${number}\ndata: ${'x'.repeat(number % 50)}`));
    asked.destroy();
  });

  it('is not touched while its instance accepts, and other answers are not at all', async () => {
    const stream = await open(`${head}transfer-encoding: chunked\r\n\r\n${chunk('data: one\n\n')}`);
    app.handler = () => 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nslow\r\n';
    const slow = await send(get('/'));
    await slow.until((received) => received.includes('slow'));
    apply('draining');
    await sleep(drainMs / 2);
    apply('accepting');
    await sleep(drainMs * 2);
    socketOf(0).write(chunk('data: two\n\n'));
    await stream.until((received) => received.includes('two'));
    apply('draining');
    assert.equal((await stream.response()).body, 'data: one\n\ndata: two\n\n');
    await sleep(drainMs * 2);
    socketOf(1).write('7\r\n answer\r\n0\r\n\r\n');
    assert.equal((await slow.response()).body, 'slow answer');
  });

  it('ends before a worker that leaves is gone, and with it the connection', async () => {
    const client = await open(`${head}transfer-encoding: chunked\r\n\r\n${chunk('data: one\n\n')}`);
    proxy.plane.drain(4_000);
    assert.match(await client.untilClosed(), /0\r\n\r\n$/);
  });
});
