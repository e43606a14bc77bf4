import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, before, beforeEach, describe, it } from 'node:test';
import type { RoutedCertificate, RoutedEnvironment } from '../../core/routing-document.ts';
import { environment, instance, revision, service } from '../fixtures/documents.ts';
import { ok, PlainApp } from '../fixtures/plain-app.ts';
import { get } from '../fixtures/raw-client.ts';
import { request, SecureProxy } from '../fixtures/secure-proxy.ts';
import { lacksOpenssl, makeCertificate } from '../fixtures/test-certificates.ts';
import type { ProxyLimits } from '../limits.ts';
import { TicketKeys } from './ticket-keys.ts';

describe('the TLS front', { skip: lacksOpenssl }, () => {
  let shop: RoutedCertificate;
  let wild: RoutedCertificate;
  let app: PlainApp;
  const proxies: SecureProxy[] = [];

  const apply = (proxy: SecureProxy, certificates = [shop, wild], more: Partial<RoutedEnvironment> = {}) =>
    proxy.apply(
      [
        environment([revision('one', [service([instance(app.port)])])], {
          domains: ['shop.test', 'a.wild.test'],
          ...more,
        }),
      ],
      certificates,
    );
  async function start(limits: Partial<ProxyLimits> = {}, tickets: TicketKeys | null = null): Promise<SecureProxy> {
    const proxy = await SecureProxy.start(limits, tickets?.shared(Date.now()) ?? null);
    proxies.push(proxy);
    apply(proxy);
    return proxy;
  }
  const shownTo = async (proxy: SecureProxy, name: string) => nameOn(await proxy.connect(name));

  before(() => {
    shop = makeCertificate('shop.test');
    wild = makeCertificate('wild.test', '*.wild.test');
  });
  beforeEach(async () => {
    app = await PlainApp.start();
  });
  afterEach(async () => {
    for (const proxy of proxies.splice(0)) proxy.stop();
    await app.stop();
  });

  it('serves HTTP/1.1 to clients that do not know HTTP/2, and tells instances that it was encrypted', async () => {
    const proxy = await start();
    for (const protocols of [[], ['http/1.1']]) {
      const socket = await proxy.connect('shop.test', {
        ALPNProtocols: protocols,
        ca: shop.chainPem,
        rejectUnauthorized: true,
      });
      assert.equal(socket.alpnProtocol, protocols[0] ?? false);
      socket.write(get('/') + get('/'));
      const text = await untilText(socket, (received) => received.split('hello').length === 3);
      assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
    }
    assert.match(app.requests[0]?.head ?? '', /\r\nx-forwarded-proto: https\r\n/);
  });

  it('refuses clients that know neither HTTP/2 nor HTTP/1.1, and old TLS', async () => {
    const proxy = await start();
    await assert.rejects(proxy.connect('shop.test', { ALPNProtocols: ['spdy/1'] }));
    await assert.rejects(
      proxy.connect('shop.test', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    );
    await proxy.connect('shop.test', { maxVersion: 'TLSv1.2' });
  });

  it('shows the certificate of the name, of its wildcard, or the first', async () => {
    const proxy = await start();
    for (const [name, expected] of [
      ['shop.test', 'shop.test'],
      ['SHOP.test', 'shop.test'],
      ['a.wild.test', 'wild.test'],
      ['wild.test', 'wild.test'],
      ['a.b.wild.test', 'shop.test'],
      ['unknown.test', 'shop.test'],
      ['', 'shop.test'],
    ] as const)
      assert.equal(await shownTo(proxy, name), expected, name);
  });

  it('swaps certificates without touching open connections or requests under way', async () => {
    const proxy = await start();
    const kept = await proxy.connect('shop.test');
    kept.write(get('/'));
    await untilText(kept, (text) => text.endsWith('hello'));
    const before = kept.getPeerCertificate().fingerprint256;
    apply(proxy, [makeCertificate('shop.test'), wild]);
    const fresh = await proxy.connect('shop.test');
    assert.notEqual(fresh.getPeerCertificate().fingerprint256, before);
    kept.write(get('/'));
    await untilText(kept, (text) => text.endsWith('hello'));
    apply(proxy, [wild]);
    assert.equal(await shownTo(proxy, 'shop.test'), 'wild.test');
    kept.write(get('/'));
    await untilText(kept, (text) => text.endsWith('hello'));
  });

  it('resumes sessions of another worker, whatever certificate was shown', async () => {
    const tickets = TicketKeys.random(Date.now());
    const [one, two, stranger] = [await start({}, tickets), await start({}, tickets), await start()];
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      for (const name of ['shop.test', 'a.wild.test']) {
        const first = await one.connect(name, { maxVersion });
        first.write(get('/', { host: name }));
        const session = await sessionOf(first, maxVersion);
        assert.equal(
          (await two.connect(name, { maxVersion, session })).isSessionReused(),
          true,
          `${maxVersion} ${name}`,
        );
        assert.equal((await stranger.connect(name, { maxVersion, session })).isSessionReused(), false);
      }
    }
  });

  it('carries large bodies both ways, many at once, and mixes up none of their bytes', async () => {
    const proxy = await start();
    app.handler = ({ body }) => ok(backwards(body));
    const results = Array.from({ length: 8 }, async (_, i) => {
      const body = createHash('sha256')
        .update(String(i))
        .digest('hex')
        .repeat(10_000 + i);
      const socket = await proxy.connect('shop.test');
      socket.write(`POST / HTTP/1.1\r\nhost: shop.test\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      const text = await untilText(socket, (received) => received.length > body.length + 30);
      assert.ok(text.endsWith(backwards(body)), `answer ${i}`);
    });
    await Promise.all(results);
  });

  it('sends small and middling answers of keep-alive connections unharmed while one does not read', async () => {
    const proxy = await start();
    app.handler = ({ head }) => {
      const [, letter = '', size = '0'] = /^GET \/(\w)(\d+)/.exec(head) ?? [];
      return ok(letter.repeat(Number(size)));
    };
    const slow = await proxy.connect('shop.test');
    slow.pause();
    slow.write(get('/z9000000'));
    const sockets = await Promise.all(['a', 'b', 'c', 'd'].map(() => proxy.connect('shop.test')));
    for (let round = 0; round < 20; round++) {
      await Promise.all(
        sockets.map(async (socket, i) => {
          const letter = 'abcd'[i] ?? '';
          const size = 3_000 + round * 5_000 + i;
          socket.write(get(`/${letter}${size}`));
          const text = await untilText(socket, (received) => received.length >= size + 30);
          assert.ok(text.endsWith(`\r\n\r\n${letter.repeat(size)}`));
        }),
      );
    }
    const all = untilText(slow, (received) => received.length > 9_000_000);
    slow.resume();
    assert.ok((await all).endsWith(`\r\n\r\n${'z'.repeat(9_000_000)}`));
  });

  it('carries upgraded connections', async () => {
    const proxy = await start();
    app.handler = ({ socket }) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\nhi ');
      socket.on('data', (bytes) => socket.write(bytes));
      return null;
    };
    const socket = await proxy.connect('shop.test');
    socket.write(get('/', { connection: 'upgrade', upgrade: 'chat' }));
    await untilText(socket, (text) => text.endsWith('hi '));
    socket.write('echo');
    await untilText(socket, (text) => text.endsWith('echo'));
    socket.end();
    await once(socket, 'close');
  });

  it('gives up handshakes that do not come to an end, and survives what is no TLS', async () => {
    const proxy = await start({ tlsHandshakeMs: 300 });
    const silent = net.connect(proxy.port, '127.0.0.1');
    silent.resume();
    for (const nonsense of [get('/'), '\x16\x03\x01\x00\xff\x01', '\0'.repeat(5_000), 'x']) {
      const socket = net.connect(proxy.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.resume();
      socket.write(nonsense, 'latin1');
      await once(socket, 'close');
    }
    if (!silent.closed) await once(silent, 'close');
    while (proxy.inner.plane.connectionCount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(await shownTo(proxy, 'shop.test'), 'shop.test');
  });

  it('has room for a bounded number of handshakes; the oldest goes when it is no longer young', async () => {
    const proxy = await start({ tlsHandshakes: 3 });
    const idle = await Promise.all(
      [1, 2, 3].map(async () => {
        const socket = net.connect(proxy.port, '127.0.0.1');
        socket.resume();
        await once(socket, 'connect');
        return socket;
      }),
    );
    while (proxy.inner.plane.connectionCount < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    await assert.rejects(proxy.connect('shop.test'));
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    assert.equal(await shownTo(proxy, 'shop.test'), 'shop.test');
    assert.equal(idle.filter((socket) => socket.closed).length, 1);
    for (const socket of idle) socket.destroy();
  });

  it('closes on clients that want to negotiate anew', async () => {
    const proxy = await start();
    const socket = await proxy.connect('shop.test', { maxVersion: 'TLSv1.2' });
    const outcome = new Promise((resolve) => {
      socket.once('error', resolve);
      socket.once('close', resolve);
      socket.renegotiate({}, (error) => error !== null && resolve(error));
    });
    await outcome;
    assert.equal(await shownTo(proxy, 'shop.test'), 'shop.test');
  });

  it('takes what stands before TLS on connections of a proxy that speaks the PROXY protocol', async () => {
    const proxy = await start();
    const trusted = [{ network: '127.0.0.1', protocol: 'proxy-v2' }] as const;
    proxy.apply([environment([revision('one', [service([instance(app.port)])])])], [shop], { trustedProxies: trusted });
    const header = Buffer.concat([
      Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'),
      Buffer.from([0x21, 0x11, 0, 12, 192, 0, 2, 7, 127, 0, 0, 1, 0x30, 0x39, 0x01, 0xbb]),
    ]);
    for (const pauseMs of [0, 50]) {
      const raw = net.connect(proxy.port, '127.0.0.1');
      raw.write(header);
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      const socket = tls.connect({ socket: raw, servername: 'shop.test', rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      socket.write(get('/'));
      await untilText(socket, (text) => text.endsWith('hello'));
      socket.destroy();
    }
    for (const { head } of app.requests) assert.match(head, /\r\nx-forwarded-for: 192\.0\.2\.7\r\n/);
  });

  it('sets the visitor cookie for encrypted connections alone', async () => {
    const proxy = await start();
    const sticky = (name: string) =>
      revision(name, [service([instance(app.port)], { stickiness: { kind: 'cookie' } })]);
    const shares = [
      { revision: 'one', permille: 500 },
      { revision: 'two', permille: 500 },
    ];
    proxy.apply([environment([sticky('one'), sticky('two')], { shares })], [shop]);
    const { headers } = await request(await proxy.session('shop.test'), {});
    assert.match(headers['set-cookie']?.[0] ?? '', /^__lotse_v=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
    const socket = await proxy.connect('shop.test');
    socket.write(get('/'));
    assert.match(await untilText(socket, (text) => text.endsWith('hello')), /SameSite=Lax; Secure\r\n/);
  });
});

function backwards(text: string): string {
  return Buffer.from(Buffer.from(text).toReversed()).toString();
}

function nameOn(socket: tls.TLSSocket): string {
  return String(socket.getPeerCertificate().subject.CN);
}

/** Collects what comes until `test` holds for it. */
async function untilText(socket: tls.TLSSocket, test: (text: string) => boolean): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`only ${text.length} bytes came`)), 60_000);
    const receive = (bytes: Buffer) => {
      text += bytes.toString('latin1');
      if (!test(text)) return;
      clearTimeout(timer);
      socket.off('data', receive);
      resolve(text);
    };
    socket.on('data', receive);
  });
}

async function sessionOf(socket: tls.TLSSocket, version: string): Promise<Buffer> {
  socket.resume();
  if (version === 'TLSv1.2') return socket.getSession() ?? assert.fail();
  const [session] = await once(socket, 'session');
  return session;
}
