import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { document, environment, instance, revision, service } from './fixtures/documents.ts';
import { InProcessProxy } from './fixtures/in-process-proxy.ts';
import { ok, PlainApp } from './fixtures/plain-app.ts';
import { ask, fieldOf, get, RawClient } from './fixtures/raw-client.ts';
import type { ProxyLimits } from './limits.ts';

const post = (body: string, fields = '') =>
  `POST /x HTTP/1.1\r\nhost: shop.test\r\n${fields}content-length: ${body.length}\r\n\r\n${body}`;

describe('a request through the proxy', () => {
  let app: PlainApp;
  let proxy: InProcessProxy;
  let port: number;

  async function start(limits: Partial<ProxyLimits> = {}): Promise<void> {
    proxy = new InProcessProxy(limits);
    port = await proxy.listen();
    proxy.apply(document([environment([revision('one', [service([instance(app.port)])])], { port })]));
  }

  beforeEach(async () => {
    app = await PlainApp.start();
    await start();
  });
  afterEach(async () => {
    proxy.stop();
    await app.stop();
  });

  it('reaches the instance with what the proxy knows about the client, and the answer comes back', async () => {
    const answer = await ask(
      port,
      get('/a?b=c', {
        'x-mine': 'yes',
        'x-request-id': 'id-1',
        traceparent: '00-x-y-01',
        'x-forwarded-for': '6.6.6.6',
      }),
    );
    assert.deepEqual([answer.status, answer.body], [200, 'hello']);
    const head = app.requests[0]?.head ?? '';
    assert.match(head, /^GET \/a\?b=c HTTP\/1\.1\r\nhost: shop\.test\r\nx-mine: yes\r\ntraceparent: 00-x-y-01\r\n/);
    assert.match(
      head,
      /x-forwarded-for: 127\.0\.0\.1\r\nx-forwarded-proto: http\r\nforwarded: for=127\.0\.0\.1;proto=http;host="shop\.test"\r\nx-forwarded-host: shop\.test\r\nx-request-id: id-1\r\n\r\n$/,
    );
    assert.doesNotMatch(head, /6\.6\.6\.6|connection/i);
  });

  it('gets a request id of its own when it brings none or a strange one', async () => {
    await ask(port, get('/'));
    await ask(port, get('/', { 'x-request-id': 'a b' }));
    const ids = app.requests.map((request) => /x-request-id: (.*)\r\n/.exec(request.head)?.[1] ?? '');
    assert.equal(new Set(ids).size, 2);
    for (const id of ids) assert.match(id, /^[0-9a-f]{12}-[0-9a-z]+$/);
  });

  it('follows others on one connection, and the instance sees one connection too', async () => {
    const client = await RawClient.connect(port);
    for (let i = 0; i < 5; i++) {
      client.send(get(`/${i}`));
      assert.equal((await client.response()).body, 'hello');
    }
    client.close();
    assert.equal(app.connections, 1);
  });

  it('may be pipelined and is answered in order, bodies and all, however the bytes are split', async () => {
    app.handler = (request) => {
      const answer = ok(`${/^\S+ (\S+)/.exec(request.head)?.[1]}:${request.body}`);
      if (!request.head.startsWith('GET /slow')) return answer;
      setTimeout(() => request.socket.write(answer), 50);
      return null;
    };
    const stream = get('/slow') + post('body-1') + get('/2') + post('body-2') + get('/3');
    for (const size of [stream.length, 1, 7]) {
      const client = await RawClient.connect(port);
      for (let at = 0; at < stream.length; at += size) {
        client.send(stream.slice(at, at + size));
        if (size < 10) await new Promise((resolve) => setImmediate(resolve));
      }
      const bodies: string[] = [];
      for (let i = 0; i < 5; i++) bodies.push((await client.response()).body);
      assert.deepEqual(bodies, ['/slow:', '/x:body-1', '/2:', '/x:body-2', '/3:']);
      client.close();
    }
  });

  it('with HEAD, 204 and 304 has no body, and the connection goes on', async () => {
    const client = await RawClient.connect(port);
    app.handler = () => 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n';
    client.send(get('/').replace('GET', 'HEAD'));
    assert.equal(fieldOf(await client.response(true), 'content-length'), '5');
    app.handler = () => 'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\netag: x\r\n\r\n';
    client.send(get('/'));
    assert.equal((await client.response()).status, 304);
    app.handler = () => 'HTTP/1.1 204 No Content\r\n\r\n';
    client.send(get('/'));
    assert.equal((await client.response()).status, 204);
    app.handler = () => ok('end');
    client.send(get('/'));
    assert.equal((await client.response()).body, 'end');
    client.close();
  });

  it('passes chunks and trailers both ways', async () => {
    app.handler = () =>
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 6\r\n\r\n';
    const answer = await ask(
      port,
      'POST / HTTP/1.1\r\nhost: shop.test\r\ntransfer-encoding: chunked\r\n\r\n4\r\nwxyz\r\n0\r\nx-in: 1\r\n\r\n',
    );
    assert.deepEqual([answer.body, answer.rawBody], ['abc', '3\r\nabc\r\n0\r\nx-sum: 6\r\n\r\n']);
    assert.equal(app.requests[0]?.body, '4\r\nwxyz\r\n0\r\nx-in: 1\r\n\r\n');
  });

  it('gets the end of an unframed answer as a last chunk, so that a cut would be seen', async () => {
    app.handler = ({ socket }) => {
      socket.end('HTTP/1.1 200 OK\r\n\r\nall of it');
      return null;
    };
    const client = await RawClient.connect(port);
    client.send(get('/'));
    assert.deepEqual((({ status, body }) => [status, body])(await client.response()), [200, 'all of it']);
    client.send(get('/'));
    assert.equal((await client.response()).body, 'all of it');
    client.close();
  });

  it('in HTTP/1.0 gets the payload without chunks, ended by closing', async () => {
    app.handler = () => 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n';
    const client = await RawClient.connect(port);
    client.send('GET / HTTP/1.0\r\n\r\n');
    const all = await client.untilClosed();
    assert.match(all, /^HTTP\/1\.1 200 OK\r\nconnection: close\r\n\r\nabcde$/);
  });

  it('in HTTP/1.0 may ask to keep the connection', async () => {
    const client = await RawClient.connect(port);
    for (let i = 0; i < 2; i++) {
      client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
      assert.equal(fieldOf(await client.response(), 'connection'), 'keep-alive');
    }
    client.close();
  });

  it('that expects 100-continue gets it from the instance before it sends its body', async () => {
    app.handler = () => ok('done');
    const client = await RawClient.connect(port);
    const [early] = [...app.sockets];
    assert.equal(early, undefined);
    client.send('POST / HTTP/1.1\r\nhost: shop.test\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n');
    while (app.sockets.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const socket of app.sockets) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    assert.equal((await client.response()).status, 100);
    client.send('data');
    assert.equal((await client.response()).body, 'done');
    assert.equal(app.requests[0]?.body, 'data');
    client.close();
  });

  it('gets early hints as they come', async () => {
    app.handler = () => `HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n${ok('page')}`;
    const client = await RawClient.connect(port);
    client.send(get('/'));
    const hints = await client.response();
    assert.deepEqual([hints.status, fieldOf(hints, 'link')], [103, '</a.css>']);
    assert.equal((await client.response()).body, 'page');
    client.close();
  });

  it('may upgrade to a WebSocket, and bytes flow both ways until one side ends', async () => {
    app.handler = ({ socket }) => {
      socket.removeAllListeners('data');
      socket.on('data', (bytes) => socket.write(`echo ${bytes.toString()}`));
      return 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nfirst';
    };
    const client = await RawClient.connect(port);
    client.send(get('/', { connection: 'Upgrade', upgrade: 'websocket' }));
    const answer = await client.response();
    assert.deepEqual(
      [answer.status, fieldOf(answer, 'upgrade'), fieldOf(answer, 'connection')],
      [101, 'websocket', 'upgrade'],
    );
    client.send('GET / HTTP/1.1\r\n\r\n');
    await client.until((received) => received === 'firstecho GET / HTTP/1.1\r\n\r\n');
    assert.deepEqual(
      proxy.plane
        .status()
        .addresses.map(({ activeRequests, upgradedConnections }) => [activeRequests, upgradedConnections]),
      [[1, 1]],
    );
    for (const socket of app.sockets) socket.end();
    await client.untilClosed();
    assert.deepEqual(
      proxy.plane.status().addresses.map(({ activeRequests }) => activeRequests),
      [0],
    );
  });

  it('that did not ask for an upgrade cannot be switched', async () => {
    app.handler = () => 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';
    assert.equal((await ask(port, get('/'))).status, 502);
  });

  it('gets each event of a stream at once', async () => {
    app.handler = ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n');
      return null;
    };
    const client = await RawClient.connect(port);
    client.send(get('/'));
    await client.until((received) => received.includes('data: 1\n\n'));
    for (const socket of app.sockets) socket.write('data: 2\n\n');
    await client.until((received) => received.includes('data: 2\n\n'));
    client.close();
  });

  it('with a large body streams both ways while the other side reads slowly', async () => {
    const size = 8 * 1024 * 1024;
    app.handler = (request) => ok(request.body);
    const client = await RawClient.connect(port);
    const body = 'x'.repeat(size - 3) + 'end';
    client.socket.pause();
    client.send(post(body));
    await new Promise((resolve) => setTimeout(resolve, 100));
    client.socket.resume();
    assert.equal((await client.response()).body === body, true);
    client.close();
  });

  const badAnswers: readonly (readonly [name: string, bytes: string])[] = [
    ['no HTTP at all', 'hello\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
    ['length and chunks', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a bare LF', 'HTTP/1.1 200 OK\nx: y\r\n\r\n'],
    ['a head of 70 KB', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`],
  ];
  for (const [name, bytes] of badAnswers) {
    it(`whose answer has ${name} gets 502`, async () => {
      app.handler = () => bytes;
      assert.equal((await ask(port, get('/'))).status, 502);
    });
  }

  it('whose answer breaks off sees a cut connection, not an end', async () => {
    app.handler = ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n', () => socket.destroy());
      return null;
    };
    const client = await RawClient.connect(port);
    client.send(get('/'));
    const all = await client.untilClosed();
    assert.match(all, /abc\r\n$/);
  });

  it('gets 502 when the instance closes without an answer, as HTML or problem details by Accept', async () => {
    app.handler = ({ socket }) => {
      socket.destroy();
      return null;
    };
    const problem = await ask(port, get('/'));
    assert.deepEqual([problem.status, fieldOf(problem, 'content-type')], [502, 'application/problem+json']);
    assert.equal(JSON.parse(problem.body).reason, 'upstream-reset');
    const page = await ask(port, get('/', { accept: 'text/html,*/*' }));
    assert.match(page.body, /<h1>Bad Gateway<\/h1>/);
  });

  it('gets 504 when the answer does not begin in time', async () => {
    proxy.stop();
    await start({ responseHeadMs: 150 });
    app.handler = () => null;
    const answer = await ask(port, get('/'));
    assert.deepEqual([answer.status, JSON.parse(answer.body).reason], [504, 'answer-timeout']);
    assert.deepEqual(
      proxy.plane.status().addresses.map(({ activeRequests }) => activeRequests),
      [0],
    );
  });

  it('with a broken chunk gets 400 and the instance an aborted request', async () => {
    const client = await RawClient.connect(port);
    client.send('POST / HTTP/1.1\r\nhost: shop.test\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcX');
    assert.equal((await client.response()).status, 400);
    await client.untilClosed();
    assert.equal(app.requests.length, 0);
  });

  it('that is refused early by the instance hears so, and the connection closes', async () => {
    app.handler = () => null;
    const client = await RawClient.connect(port);
    client.send('POST / HTTP/1.1\r\nhost: shop.test\r\ncontent-length: 1000\r\n\r\nabc');
    while (app.sockets.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const socket of app.sockets) socket.write('HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n');
    assert.equal((await client.response()).status, 413);
    await client.untilClosed();
  });
});
