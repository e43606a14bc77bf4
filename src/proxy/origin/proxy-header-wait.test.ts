import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { TrustedProxy } from '../../core/routing-document.ts';
import { document, environment, instance, revision, service } from '../fixtures/documents.ts';
import { InProcessProxy } from '../fixtures/in-process-proxy.ts';
import { ok, PlainApp } from '../fixtures/plain-app.ts';
import { proxyHeader } from '../fixtures/proxy-header.ts';
import { ask, get, RawClient } from '../fixtures/raw-client.ts';
import { request, SecureProxy } from '../fixtures/secure-proxy.ts';
import { lacksOpenssl, makeCertificate } from '../fixtures/test-certificates.ts';

const bare: TrustedProxy = { network: '127.0.0.0/8', protocol: 'proxy-v2' };
const header = proxyHeader({ address: '192.0.2.7' });

describe('a connection from a proxy that speaks the PROXY protocol', () => {
  let app: PlainApp;
  let proxy: InProcessProxy;
  let port: number;
  let internal: number;
  let own: number;

  const apply = (...trustedProxies: readonly TrustedProxy[]) => {
    const web = service([instance(app.port)], { internalPort: internal });
    proxy.apply(document([environment([revision('one', [web])], { port: own })], { trustedProxies, frontPort: port }));
  };
  const clientsSeen = () => app.requests.map(({ head }) => /x-forwarded-for: (.*)\r\n/.exec(head)?.[1]);
  const protos = () => app.requests.map(({ head }) => /x-forwarded-proto: (.*)\r\n/.exec(head)?.[1]);

  beforeEach(async () => {
    app = await PlainApp.start(() => ok('x'));
    proxy = new InProcessProxy({ proxyHeaderMs: 300 });
    port = await proxy.listen();
    internal = await proxy.listen();
    own = await proxy.listen();
    apply(bare);
  });
  afterEach(async () => {
    proxy.stop();
    await app.stop();
  });

  it('is the client’s that its header names, for all requests on it', async () => {
    const client = await RawClient.connect(port);
    client.socket.write(Buffer.concat([header, Buffer.from(get('/'))]));
    assert.equal((await client.response()).status, 200);
    client.send(get('/', { 'x-forwarded-for': '6.6.6.6', 'x-forwarded-proto': 'https' }));
    assert.equal((await client.response()).status, 200);
    client.close();
    assert.deepEqual(clientsSeen(), ['192.0.2.7', '192.0.2.7']);
    assert.deepEqual(protos(), ['http', 'http']);
  });

  it('may be split anywhere, in the header and behind it', async () => {
    const bytes = Buffer.concat([header, Buffer.from(get('/'))]);
    for (let at = 1; at < header.length + 3; at++) {
      const client = await RawClient.connect(port);
      client.socket.write(bytes.subarray(0, at));
      await new Promise((resolve) => setTimeout(resolve, 2));
      client.socket.write(bytes.subarray(at));
      assert.equal((await client.response()).status, 200, `split at ${at}`);
      client.close();
    }
    assert.deepEqual(new Set(clientsSeen()), new Set(['192.0.2.7']));
  });

  it('is the proxy’s own when the header says so', async () => {
    const client = await RawClient.connect(port);
    client.socket.write(Buffer.concat([proxyHeader({ command: 0x20 }), Buffer.from(get('/'))]));
    await client.response();
    client.close();
    assert.deepEqual(clientsSeen(), ['127.0.0.1']);
  });

  it('is encrypted when the header says that the client’s was', async () => {
    const client = await RawClient.connect(port);
    const tlsPart = Buffer.from([0x20, 0, 5, 0x01, 0, 0, 0, 0]);
    client.socket.write(Buffer.concat([proxyHeader({ address: '192.0.2.7', rest: tlsPart }), Buffer.from(get('/'))]));
    await client.response();
    client.close();
    assert.deepEqual(protos(), ['https']);
  });

  it('is closed without an answer when it begins with anything else', async () => {
    for (const bytes of [get('/'), 'PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\n', '\r\n\r\nx']) {
      const client = await RawClient.connect(port);
      client.send(bytes);
      assert.equal(await client.untilClosed(), '');
    }
    assert.equal(app.requests.length, 0);
  });

  it('is closed when the header takes too long, or ends in the middle', async () => {
    const slow = await RawClient.connect(port);
    slow.socket.write(header.subarray(0, 20));
    const short = await RawClient.connect(port);
    short.socket.end(header.subarray(0, 20));
    assert.equal(await short.untilClosed(), '');
    assert.equal(await slow.untilClosed(), '');
    assert.equal(proxy.plane.connectionCount, 0);
  });

  it('has fields that count only when the client that is named is a trusted proxy itself', async () => {
    apply(bare, { network: '192.0.2.7', protocol: 'http' });
    const client = await RawClient.connect(port);
    client.socket.write(Buffer.concat([header, Buffer.from(get('/', { 'x-forwarded-for': '198.51.100.1' }))]));
    await client.response();
    client.close();
    assert.deepEqual(clientsSeen(), ['198.51.100.1, 192.0.2.7']);
  });

  it('needs no header on the environment’s own port and those between services, or from elsewhere', async () => {
    for (const at of [internal, own]) assert.equal((await ask(at, get('/'))).status, 200);
    const lie = await ask(own, get('/', { 'x-forwarded-for': '6.6.6.6' }));
    assert.deepEqual([lie.status, clientsSeen().at(-1)], [200, '127.0.0.1']);
    apply({ network: '10.0.0.0/8', protocol: 'proxy-v2' });
    assert.equal((await ask(port, get('/'))).status, 200);
    const client = await RawClient.connect(port);
    client.socket.write(Buffer.concat([header, Buffer.from(get('/'))]));
    assert.equal((await client.response()).status, 400);
    client.close();
  });
});

describe('a PROXY protocol header before TLS', { skip: lacksOpenssl }, () => {
  it('names the client of what comes encrypted behind it, HTTP/1.1 and HTTP/2', async () => {
    const app = await PlainApp.start(() => ok('x'));
    const proxy = await SecureProxy.start();
    try {
      const routed = environment([revision('one', [service([instance(app.port)])])]);
      proxy.apply([routed], [makeCertificate('shop.test')], { trustedProxies: [bare] });
      const first = await secured(proxy.port, ['http/1.1']);
      first.write(get('/'));
      await once(first, 'data');
      first.destroy();
      const second = await secured(proxy.port, ['h2']);
      const session = http2.connect('https://shop.test', { createConnection: () => second });
      assert.equal((await request(session, { ':path': '/' })).status, 200);
      session.destroy();
      for (const { head } of app.requests)
        assert.match(head, /x-forwarded-for: 192\.0\.2\.7\r\nx-forwarded-proto: https\r\n/);
      assert.equal(app.requests.length, 2);
    } finally {
      proxy.stop();
      await app.stop();
    }
  });
});

/** A TLS client behind a proxy that sends its header and the client's first bytes in one piece. */
async function secured(port: number, protocols: readonly string[]): Promise<tls.TLSSocket> {
  const front = net.createServer((client) => {
    const onward = net.connect(port, '127.0.0.1');
    client.once('data', (hello) => {
      onward.write(Buffer.concat([header, hello]));
      client.pipe(onward).pipe(client);
    });
    for (const socket of [client, onward]) socket.on('error', () => socket.destroy());
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const address = front.address();
  const socket = tls.connect({
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    host: '127.0.0.1',
    servername: 'shop.test',
    rejectUnauthorized: false,
    ALPNProtocols: [...protocols],
  });
  await once(socket, 'secureConnect');
  front.close();
  assert.equal(socket.alpnProtocol, protocols[0]);
  return socket;
}
