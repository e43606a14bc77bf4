import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { afterEach, before, beforeEach, describe, it } from 'node:test';
import type { RoutedCertificate, RoutedEnvironment } from '../../core/routing-document.ts';
import { environment, instance, revision, service } from '../fixtures/documents.ts';
import { ok, PlainApp } from '../fixtures/plain-app.ts';
import { answerOf, request, SecureProxy } from '../fixtures/secure-proxy.ts';
import { lacksOpenssl, makeCertificate } from '../fixtures/test-certificates.ts';
import type { ProxyLimits } from '../limits.ts';

describe('a request over HTTP/2', { skip: lacksOpenssl }, () => {
  let certificate: RoutedCertificate;
  let app: PlainApp;
  let proxy: SecureProxy;

  async function start(limits: Partial<ProxyLimits> = {}, more: Partial<RoutedEnvironment> = {}) {
    proxy = await SecureProxy.start(limits);
    proxy.apply([environment([revision('one', [service([instance(app.port)])])], more)], [certificate]);
    return proxy.session('shop.test');
  }
  const counts = () => {
    const [line] = proxy.inner.counts(1);
    assert.ok(line !== undefined);
    return line;
  };

  before(() => (certificate = makeCertificate('shop.test')));
  beforeEach(async () => {
    app = await PlainApp.start();
  });
  afterEach(async () => {
    proxy.stop();
    await app.stop();
  });

  it('reaches the instance as HTTP/1.1, and its answer comes back', async () => {
    const session = await start();
    app.handler = () => ok('hello', 'X-Kind: test\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nconnection: close\r\n');
    const answer = await request(session, { ':path': '/a?b', 'x-own': 'yes', cookie: ['a=1', 'b=2'], te: 'trailers' });
    assert.deepEqual([answer.status, answer.body, answer.code], [200, 'hello', 0]);
    assert.equal(answer.headers['x-kind'], 'test');
    assert.equal(answer.headers['content-length'], '5');
    assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2']);
    assert.equal(answer.headers.connection, undefined);
    const head = app.requests[0]?.head ?? '';
    assert.match(head, /^GET \/a\?b HTTP\/1\.1\r\nhost: shop\.test:\d+\r\n/);
    assert.match(head, /\r\nx-own: yes\r\n/);
    assert.match(head, /\r\ncookie: a=1; b=2\r\n/);
    assert.match(head, /\r\nx-forwarded-proto: https\r\n/);
    assert.doesNotMatch(head, /\r\n(te|transfer-encoding|:)/);
    assert.deepEqual([counts().started, counts().ok], [1, 1]);
  });

  it('with a body of unknown length goes on in chunks, with its trailers', async () => {
    const session = await start();
    app.handler = ({ body }) => ok(body);
    const stream = session.request({ ':method': 'POST' }, { endStream: false, waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7', 'content-type': 'evil', 'x-b': 'b' }));
    stream.write('abc');
    stream.end('defg');
    await answerOf(stream);
    const [sent] = app.requests;
    assert.match(sent?.head ?? '', /\r\ntransfer-encoding: chunked\r\n/);
    assert.match(sent?.body ?? '', /^(3\r\nabc\r\n4\r\ndefg|7\r\nabcdefg)\r\n0\r\nx-sum: 7\r\nx-b: b\r\n\r\n$/);
  });

  it('with a length goes on with that length', async () => {
    const session = await start();
    app.handler = ({ body }) => ok(`got ${body}`);
    const answer = await request(session, { ':method': 'PUT', 'content-length': 3 }, 'abc');
    assert.equal(answer.body, 'got abc');
    assert.match(app.requests[0]?.head ?? '', /\r\ncontent-length: 3\r\n/);
    assert.doesNotMatch(app.requests[0]?.head ?? '', /transfer-encoding/);
  });

  it('gets chunked answers without their framing, and announced trailers', async () => {
    const session = await start();
    app.handler = () =>
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nx-sum: 5\r\n\r\n';
    const answer = await request(session, {});
    assert.deepEqual([answer.body, answer.trailers['x-sum'], answer.code], ['abcde', '5', 0]);
    assert.equal(answer.headers['transfer-encoding'], undefined);
    app.handler = () => 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
    assert.equal((await request(session, {})).body, 'abc');
    assert.equal(app.connections, 1);
  });

  it('gets answers that end with the connection, HEAD, 204, 205 and 304 as they are', async () => {
    const session = await start();
    app.handler = ({ socket }) => {
      socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end');
      return null;
    };
    assert.equal((await request(session, {})).body, 'until the end');
    app.handler = () => 'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n';
    const head = await request(session, { ':method': 'HEAD' });
    assert.deepEqual([head.status, head.headers['content-length'], head.body], [200, '99', '']);
    for (const status of [204, 205, 304]) {
      app.handler = () => `HTTP/1.1 ${status} X\r\n${status === 205 ? 'content-length: 0\r\n' : ''}\r\n`;
      assert.deepEqual([(await request(session, {})).status, (await request(session, {})).code], [status, 0]);
    }
  });

  it('hears 103 before its answer, and 100 when it asked for it', async () => {
    const session = await start();
    app.handler = () => `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\nlink: </b>\r\n\r\n${ok('x')}`;
    const stream = session.request({});
    const [hints] = await once(stream, 'headers');
    assert.deepEqual([hints[':status'], hints.link], [103, '</a>, </b>']);
    assert.equal((await answerOf(stream)).body, 'x');
    const server = http.createServer((req, res) => req.resume().on('end', () => res.end('done')));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const at = server.address();
    const port = typeof at === 'object' && at !== null ? at.port : 0;
    proxy.apply([environment([revision('two', [service([instance(port)])])])], [certificate]);
    const asking = session.request({ ':method': 'POST', expect: '100-continue', 'content-length': 2 });
    await once(asking, 'continue');
    asking.end('hi');
    assert.equal((await answerOf(asking)).body, 'done');
    server.close();
    server.closeAllConnections();
  });

  it('whose answer breaks off is reset, and is never whole', async () => {
    const session = await start();
    app.handler = ({ socket }) => {
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc');
      return null;
    };
    const answer = await request(session, {});
    assert.deepEqual([answer.status, answer.code], [200, 2]);
    app.handler = ({ socket }) => {
      socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n');
      return null;
    };
    assert.equal((await request(session, {})).code, 2);
    assert.equal(counts().failed, 2);
  });

  it('is answered by the proxy when nobody else can, other streams go on', async () => {
    const session = await start();
    const lost = await PlainApp.start();
    await lost.stop();
    proxy.apply([environment([revision('one', [service([instance(lost.port)])])])], [certificate]);
    const answer = await request(session, { accept: 'text/html' });
    assert.deepEqual([answer.status, answer.headers['content-type']], [502, 'text/html; charset=utf-8']);
    assert.match(answer.body, /<h1>Bad Gateway/);
    assert.equal((await request(session, { ':method': 'HEAD' })).body, '');
    proxy.apply([environment([revision('one', [service([instance(app.port)])])])], [certificate]);
    assert.equal((await request(session, {})).body, 'hello');
  });

  it('that the client breaks off frees its instance', async () => {
    const session = await start();
    app.handler = () => null;
    const stream = session.request({ ':method': 'POST' }, { endStream: false });
    stream.on('error', () => {});
    stream.write('abc');
    while (app.sockets.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const [socket] = [...app.sockets];
    const closed = once(socket ?? assert.fail(), 'close');
    // Unlike `close` this sends no END_STREAM first.
    stream.destroy(new Error('no more'));
    await closed;
    assert.equal(app.requests.length, 0);
    assert.equal(counts().clientGone, 1);
  });

  it('that is held goes to the new instance with its body', async () => {
    const session = await start();
    const one = [revision('one', [service([instance(app.port)])])];
    const paused = { kind: 'paused', maxHeld: 10, maxHoldMs: 10_000 } as const;
    proxy.apply([environment(one, { mode: paused })], [certificate]);
    app.handler = ({ body }) => ok(`with ${body}`);
    const answers = [
      request(session, {}),
      request(session, { ':method': 'POST', 'content-length': 3 }, 'abc'),
      request(session, { ':method': 'POST', 'content-length': 3 }, 'xyz'),
    ];
    const gone = session.request({});
    gone.on('error', () => {});
    while (proxy.inner.plane.status().heldRequests < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    gone.close(8);
    while (proxy.inner.plane.status().heldRequests > 3) await new Promise((resolve) => setTimeout(resolve, 5));
    proxy.apply([environment(one)], [certificate]);
    assert.deepEqual(
      (await Promise.all(answers)).map(({ body }) => body),
      ['with ', 'with abc', 'with xyz'],
    );
    assert.equal(app.requests.length, 3);
  });

  it('gets 413 for a body that is too large, announced or not', async () => {
    const session = await start({ bodyBytes: 100 });
    assert.equal((await request(session, { ':method': 'POST', 'content-length': 101 }, 'x'.repeat(101))).status, 413);
    const stream = session.request({ ':method': 'POST' }, { endStream: false });
    stream.write('x'.repeat(101));
    assert.equal((await answerOf(stream)).status, 413);
    assert.equal((await request(session, {})).status, 200);
  });

  it('gets 408 when its body stops coming', async () => {
    const session = await start({ requestBodyIdleMs: 200 });
    const stream = session.request({ ':method': 'POST' }, { endStream: false });
    stream.write('x');
    assert.equal((await answerOf(stream)).status, 408);
  });

  it('gets 504 when the instance does not answer', async () => {
    const session = await start({ responseHeadMs: 200 });
    app.handler = () => null;
    assert.equal((await request(session, {})).status, 504);
  });

  it('is cut when nobody reads its answer, and only it', async () => {
    app.handler = ({ head }) => ok('x'.repeat(head.startsWith('GET /big') ? 4 * 1024 * 1024 : 1));
    const session = await start({ clientWriteStallMs: 300 });
    const stream = session.request({ ':path': '/big' });
    stream.on('error', () => {});
    stream.pause();
    const closed = new Promise((resolve) => stream.once('close', resolve));
    await once(stream, 'response');
    stream.pause();
    assert.equal((await request(session, {})).body, 'x');
    while (counts().clientGone === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    stream.resume();
    await closed;
    assert.equal(stream.rstCode, 2);
  });

  it('is ended cleanly when it is an event stream whose instance drains', async () => {
    const session = await start();
    app.handler = () =>
      'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n';
    const stream = session.request({});
    const answer = answerOf(stream);
    await once(stream, 'data');
    const draining = { ...instance(app.port, 'draining'), drainMs: 50 };
    const other = await PlainApp.start();
    const revisions = [revision('one', [service([draining])]), revision('two', [service([instance(other.port)])])];
    proxy.apply([environment(revisions)], [certificate]);
    const { body, code } = await answer;
    await other.stop();
    assert.deepEqual([body, code], ['data: 1\n\n', 0]);
  });
});
