import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, before, beforeEach, describe, it } from 'node:test';
import type { RoutedCertificate } from '../../core/routing-document.ts';
import { environment, instance, revision, service } from '../fixtures/documents.ts';
import { ok, PlainApp } from '../fixtures/plain-app.ts';
import { block, endHeaders, endStream, frame, frameTypes, plainFields, RawHttp2 } from '../fixtures/raw-http2.ts';
import { answerOf, request, SecureProxy } from '../fixtures/secure-proxy.ts';
import { lacksOpenssl, makeCertificate } from '../fixtures/test-certificates.ts';
import type { ProxyLimits } from '../limits.ts';

describe('an HTTP/2 connection', { skip: lacksOpenssl }, () => {
  let certificate: RoutedCertificate;
  let app: PlainApp;
  let proxy: SecureProxy;

  async function start(limits: Partial<ProxyLimits> = {}): Promise<void> {
    proxy = await SecureProxy.start(limits);
    proxy.apply([environment([revision('one', [service([instance(app.port)])])])], [certificate]);
  }
  const connect = async () => new RawHttp2(await proxy.connect('shop.test', { ALPNProtocols: ['h2'] }));
  const whole = endHeaders | endStream;
  const headers = (fields: readonly (readonly [string, string])[], stream = 1, flags = whole) =>
    frame(frameTypes.headers, flags, stream, block(fields));
  const reset = (stream: number, code = 8) => frame(frameTypes.resetStream, 0, stream, Buffer.from([0, 0, 0, code]));

  /** How the proxy takes a request with these fields, on a connection of its own. */
  async function outcomeOf(fields: readonly (readonly [string, string])[]): Promise<string> {
    const client = await connect();
    client.send(headers(fields));
    const outcome = await client.outcome(1);
    client.socket.destroy();
    return outcome;
  }

  before(() => (certificate = makeCertificate('shop.test')));
  beforeEach(async () => {
    app = await PlainApp.start();
  });
  afterEach(async () => {
    proxy.stop();
    await app.stop();
  });

  it('takes a plain request that was written by hand', async () => {
    await start();
    assert.equal(await outcomeOf(plainFields()), 'status 200');
  });

  it('refuses what is malformed and nothing of it reaches an instance', async () => {
    await start();
    const malformed: readonly (readonly [string, [string, string][], RegExp])[] = [
      ['upper case', [...plainFields(), ['X-Big', 'a']], /reset 1/],
      ['connection', [...plainFields(), ['connection', 'close']], /reset 1/],
      ['transfer-encoding', [...plainFields(), ['transfer-encoding', 'chunked']], /reset 1/],
      ['keep-alive', [...plainFields(), ['keep-alive', 'timeout=5']], /reset 1/],
      ['upgrade', [...plainFields(), ['upgrade', 'websocket']], /reset 1/],
      ['te', [...plainFields(), ['te', 'gzip']], /reset 1/],
      ['no path', plainFields({ ':path': null }), /reset 1/],
      ['no method', plainFields({ ':method': null }), /reset 1/],
      ['no scheme', plainFields({ ':scheme': null }), /reset 1/],
      ['empty path', plainFields({ ':path': '' }), /reset 1|status 400/],
      ['path of two', [...plainFields(), [':path', '/other']], /reset 1/],
      ['late pseudo-field', [['x', 'y'], ...plainFields()], /reset 1/],
      ['unknown pseudo-field', [...plainFields(), [':evil', '1']], /reset 1/],
      ['line end in the path', plainFields({ ':path': '/ HTTP/1.1\r\nx: y' }), /reset 1/],
      ['space in the path', plainFields({ ':path': '/a b' }), /reset 1|status 400/],
      ['relative path', plainFields({ ':path': 'a' }), /reset 1|status 400/],
      ['fragment', plainFields({ ':path': '/a#b' }), /reset 1|status 400/],
      ['space in the method', plainFields({ ':method': 'GET /x' }), /reset 1/],
      ['two hosts', [...plainFields(), ['host', 'other.test']], /status 400/],
      [
        'Host twice',
        [...plainFields({ ':authority': null }), ['host', 'shop.test'], ['host', 'x']],
        /reset 1|status 400/,
      ],
      ['no name', plainFields({ ':authority': null }), /reset 1|status 400/],
      ['user in the name', plainFields({ ':authority': 'me@shop.test' }), /reset 1|status 400/],
      ['a length without body', [...plainFields(), ['content-length', '5']], /reset 1/],
      ['two lengths', [...plainFields(), ['content-length', '0'], ['content-length', '0']], /reset 1|status 400/],
      ['signed length', [...plainFields(), ['content-length', '+0']], /reset 1|status 400/],
      ['plain scheme', plainFields({ ':scheme': 'http' }), /status 421/],
      [
        'CONNECT',
        [
          [':method', 'CONNECT'],
          [':authority', 'shop.test'],
        ],
        /status 501/,
      ],
      ['unknown expectation', [...plainFields(), ['expect', 'wonders']], /status 417/],
    ];
    for (const [what, fields, expected] of malformed) assert.match(await outcomeOf(fields), expected, what);
    assert.equal(app.requests.length, 0);
  });

  it('drops fields that would be more than one line, or none', async () => {
    await start();
    await outcomeOf([
      ...plainFields(),
      ['x-a', 'a\r\nx-evil: b'],
      ['x-b', 'a\0b'],
      ['x-c', 'a\nb'],
      ['x d', '1'],
      ['x-e:x', '1'],
    ]);
    for (const { head } of app.requests) assert.doesNotMatch(head, /evil|x-[abce]|x d|\0/);
  });

  it('takes Host in place of :authority, and both when they agree', async () => {
    await start();
    assert.equal(await outcomeOf([...plainFields({ ':authority': null }), ['host', 'shop.test']]), 'status 200');
    assert.equal(await outcomeOf([...plainFields(), ['host', 'SHOP.test']]), 'status 200');
    for (const { head } of app.requests) assert.equal(head.match(/^host:/gim)?.length, 1);
  });

  it('resets a stream whose body is longer or shorter than its length', async () => {
    await start();
    const post = plainFields({ ':method': 'POST', 'content-length': '3' });
    for (const body of ['ab', 'abcd', '']) {
      const client = await connect();
      client.send(headers(post, 1, endHeaders), frame(frameTypes.data, endStream, 1, Buffer.from(body)));
      assert.match(await client.outcome(1), /reset|gone/);
      client.socket.destroy();
    }
    assert.equal(app.requests.length, 0);
  });

  it('does not take a reset for the end of a body, whatever its code', async () => {
    await start();
    for (const code of [0, 8]) {
      const client = await connect();
      const post = headers(plainFields({ ':method': 'POST' }), 1, endHeaders);
      client.send(post, frame(frameTypes.data, 0, 1, Buffer.from('abc')));
      while (app.sockets.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      const [socket] = [...app.sockets];
      const closed = once(socket ?? assert.fail(), 'close');
      client.send(reset(1, code));
      await closed;
      client.socket.destroy();
    }
    assert.equal(app.requests.length, 0);
  });

  it('answers 431 and 414 to what is somewhat too large, and goes on', async () => {
    await start();
    const client = await connect();
    const fields: [string, string][] = [
      ...plainFields(),
      ...Array.from({ length: 140 }, (_, i): [string, string] => [`x-${i}`, 'y']),
    ];
    client.send(headers(fields, 1));
    assert.equal(await client.outcome(1), 'status 431');
    client.send(...split(block(plainFields({ ':path': `/${'y'.repeat(16_400)}` })), 3));
    assert.equal(await client.outcome(3), 'status 414');
    client.send(...split(block([...plainFields(), ...big(4, 10_000)]), 5));
    assert.equal(await client.outcome(5), 'status 431');
    client.send(headers(plainFields(), 7));
    assert.equal(await client.outcome(7), 'status 200');
    assert.equal(app.requests.length, 1);
    client.socket.destroy();
  });

  it('refuses header bombs: far too much, too many fields, endless continuations', async () => {
    await start();
    const far = await connect();
    far.send(...split(block([...plainFields(), ...big(12, 10_000)]), 1));
    assert.match(await far.outcome(1), /reset 11|status 431|gone/);
    far.socket.destroy();
    // One entry of the dynamic table, named ten thousand times in a few bytes.
    const bomb = await connect();
    const entry = Buffer.concat([Buffer.from([0x40]), block([['x-bomb', 'y'.repeat(4_000)]]).subarray(1)]);
    bomb.send(...split(Buffer.concat([block(plainFields()), entry, Buffer.alloc(10_000, 0x80 | 62)]), 1));
    assert.match(await bomb.outcome(1), /reset 11|gone/);
    bomb.socket.destroy();
    const many = await connect();
    many.send(...split(block([...plainFields(), ...big(2_000, 1)]), 1));
    assert.match(await many.outcome(1), /reset 11|gone/);
    many.socket.destroy();
    const endless = await connect();
    endless.send(headers(plainFields(), 1, endStream));
    for (let i = 0; i < 200; i++) endless.send(frame(frameTypes.continuation, 0, 1, block([[`x-${i}`, 'y']])));
    assert.match(await endless.outcome(1), /gone|closed/);
    assert.equal(app.requests.length, 0);
  });

  it('sends away who resets streams rapidly, and asks instances for next to nothing', async () => {
    await start({ http2NuisanceBurst: 50, http2NuisancePerS: 10 });
    app.handler = () => null;
    const client = await connect();
    for (let i = 0; i < 200; i++) client.send(headers(plainFields(), 2 * i + 1), reset(2 * i + 1));
    const gone = await client.until(({ type }) => type === frameTypes.goAway);
    assert.equal(gone?.payload.readUInt32BE(4), 11);
    await client.until(() => false).catch(() => {});
    assert.ok(client.isClosed);
    assert.ok(app.requests.length <= 60, `${app.requests.length} requests`);
    while (proxy.inner.plane.connectionCount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('sends away who floods it with pings or settings', async () => {
    await start({ http2NuisanceBurst: 50, http2NuisancePerS: 10 });
    for (const nuisance of [frame(frameTypes.ping, 0, 0, Buffer.alloc(8)), frame(frameTypes.settings, 0, 0)]) {
      const client = await connect();
      for (let i = 0; i < 100; i++) client.send(nuisance);
      const gone = await client.until(({ type }) => type === frameTypes.goAway);
      assert.equal(gone?.payload.readUInt32BE(4), 11);
      client.socket.destroy();
    }
  });

  it('forgives a page full of broken-off requests', async () => {
    await start();
    const client = await connect();
    for (let i = 0; i < 100; i++) client.send(headers(plainFields(), 2 * i + 1), reset(2 * i + 1));
    client.send(headers(plainFields(), 201));
    assert.equal(await client.outcome(201), 'status 200');
    client.socket.destroy();
  });

  it('is closed when nothing is asked on it, and when it never begins', async () => {
    await start({ clientIdleMs: 200, lingerMs: 100 });
    const session = await proxy.session('shop.test');
    const left = new Promise((resolve) => session.once('goaway', resolve));
    await request(session, {});
    assert.equal(await left, 0);
    const silent = await proxy.connect('shop.test', { ALPNProtocols: ['h2'] });
    silent.resume();
    await once(silent, 'close');
    while (proxy.inner.plane.connectionCount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('that begins with nonsense is closed', async () => {
    await start();
    const socket = await proxy.connect('shop.test', { ALPNProtocols: ['h2'] });
    socket.write('GET / HTTP/1.1\r\nhost: shop.test\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    while (proxy.inner.plane.connectionCount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('of a worker that leaves is closed once quiet, or after a while; what was begun is answered', async () => {
    await start();
    let release = () => {};
    app.handler = ({ head, socket }) => {
      if (!head.startsWith('GET /slow')) return ok('quick');
      release = () => void socket.write(ok('slow'));
      return null;
    };
    const quiet = await connect();
    const busy = await connect();
    quiet.send(headers(plainFields(), 1));
    busy.send(headers(plainFields({ ':path': '/slow' }), 1));
    while (app.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await quiet.outcome(1);
    proxy.inner.plane.drain();
    const isGoAway = ({ type }: { readonly type: number }) => type === frameTypes.goAway;
    const last = (goAway: { readonly payload: Buffer } | null) =>
      goAway === null ? null : [goAway.payload.readUInt32BE(0), goAway.payload.readUInt32BE(4)];
    assert.deepEqual(last(await quiet.until(isGoAway)), [1, 0]);
    busy.send(headers(plainFields(), 3));
    assert.equal((await busy.outcome(3)).replace('status 200', ''), '', 'a request in the meantime is answered');
    assert.deepEqual(last(await busy.until(isGoAway)), [3, 0]);
    busy.send(headers(plainFields({ ':path': '/late' }), 5));
    release();
    const isAnswer = ({ type, stream }: { readonly type: number; readonly stream: number }) =>
      type === frameTypes.headers && stream === 1;
    assert.ok((await busy.until(isAnswer)) !== null);
    while (proxy.inner.plane.connectionCount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(app.requests.every(({ head }) => !head.startsWith('GET /late')));
  });

  it('carries a hundred requests at once, large ones both ways', async () => {
    await start();
    const size = 300_000;
    app.handler = ({ body }) => ok(`${body.length}:${'z'.repeat(size)}`);
    const session = await proxy.session('shop.test', { maxSessionMemory: 1_000 });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        request(session, { ':method': 'POST', 'content-length': size + i }, 'u'.repeat(size + i)),
      ),
    );
    for (const [i, { body, code }] of answers.entries()) {
      assert.equal(code, 0);
      assert.equal(body.length, `${size + i}:`.length + size);
      assert.ok(body.startsWith(`${size + i}:zz`));
    }
  });

  it('does not read on behalf of an instance that does not, and not for a client that does not', async () => {
    await start();
    app.handler = ({ head }) => (head.startsWith('GET /big') ? ok('b'.repeat(30 * 1024 * 1024)) : ok('small'));
    const session = await proxy.session('shop.test');
    const slow = session.request({ ':path': '/big' });
    await once(slow, 'response');
    slow.pause();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const [socket] = [...app.sockets];
    assert.ok((socket?.writableLength ?? 0) > 10 * 1024 * 1024, 'most of it is still with the instance');
    assert.equal((await request(session, {})).body, 'small');
    slow.resume();
    const { body, code } = await answerOf(slow);
    assert.deepEqual([body.length, code], [30 * 1024 * 1024, 0]);
  });
});

/** Field lines of a given size. */
function big(count: number, bytes: number): [string, string][] {
  return Array.from({ length: count }, (_, i): [string, string] => [`x-big-${i}`, 'y'.repeat(bytes)]);
}

/** A header block in as many frames as it takes. */
function split(bytes: Buffer, stream: number): Buffer[] {
  const parts: Buffer[] = [];
  for (let from = 0; from < bytes.length; from += 16_384) parts.push(bytes.subarray(from, from + 16_384));
  return parts.map((part, i) => {
    const isLast = i === parts.length - 1;
    const type = i === 0 ? frameTypes.headers : frameTypes.continuation;
    return frame(type, (i === 0 ? endStream : 0) | (isLast ? endHeaders : 0), stream, part);
  });
}
