import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { TrustedProxy } from '../../core/routing-document.ts';
import { document, environment, instance, revision, service } from '../fixtures/documents.ts';
import { InProcessProxy } from '../fixtures/in-process-proxy.ts';
import { ok, PlainApp } from '../fixtures/plain-app.ts';
import { ask, get } from '../fixtures/raw-client.ts';

describe('where a request came from', () => {
  let app: PlainApp;
  let proxy: InProcessProxy;
  let port: number;

  const apply = (...trustedProxies: readonly TrustedProxy[]) => {
    const routed = environment([revision('one', [service([instance(app.port)])])], { port });
    proxy.apply(document([routed], { trustedProxies }));
  };
  const trust = (...networks: readonly string[]) =>
    apply(...networks.map((network) => ({ network, protocol: 'http' as const })));

  /** What the app is told, field by field; names that are not there are null. */
  async function told(fields: Readonly<Record<string, string>>) {
    await ask(port, get('/', fields));
    const head = app.requests.at(-1)?.head ?? '';
    const value = (name: string) => new RegExp(`^${name}: (.*)\r$`, 'im').exec(head)?.[1] ?? null;
    assert.equal(head.match(/^(x-forwarded-(for|proto|host)|forwarded):/gim)?.length, 4, head);
    return {
      for: value('x-forwarded-for'),
      proto: value('x-forwarded-proto'),
      host: value('x-forwarded-host'),
      forwarded: value('forwarded'),
    };
  }

  beforeEach(async () => {
    app = await PlainApp.start(() => ok('x'));
    proxy = new InProcessProxy();
    port = await proxy.listen();
  });
  afterEach(async () => {
    proxy.stop();
    await app.stop();
  });

  const lies = {
    'X-Forwarded-For': '9.9.9.9',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'other.test',
    'X-Forwarded-Port': '443',
    Forwarded: 'for=9.9.9.9;proto=https',
  };
  const direct = {
    for: '127.0.0.1',
    proto: 'http',
    host: 'shop.test',
    forwarded: 'for=127.0.0.1;proto=http;host="shop.test"',
  };

  it('is what the connection says, whatever a client that nobody trusts claims', async () => {
    for (const networks of [[], ['10.0.0.0/8']]) {
      trust(...networks);
      assert.deepEqual(await told(lies), direct);
      assert.doesNotMatch(app.requests.at(-1)?.head ?? '', /9\.9\.9\.9|x-forwarded-port/i);
    }
  });

  it('is the first address from the right that is no trusted proxy', async () => {
    trust('127.0.0.0/8', '10.0.0.0/8', 'fd00::/8');
    assert.deepEqual(await told({ 'x-forwarded-for': '6.6.6.6, 192.0.2.7, 10.0.0.1, fd00::1' }), {
      for: '192.0.2.7, 10.0.0.1, fd00::1, 127.0.0.1',
      proto: 'http',
      host: 'shop.test',
      forwarded: 'for=192.0.2.7;proto=http;host="shop.test", for=10.0.0.1, for="[fd00::1]", for=127.0.0.1',
    });
    assert.equal((await told({ 'x-forwarded-for': '10.0.0.2' })).for, '10.0.0.2, 127.0.0.1');
  });

  it('is read from addresses with ports and brackets, and no further than to what is no address', async () => {
    trust('127.0.0.1', '10.0.0.1');
    const cases = {
      '192.0.2.7:4711': '192.0.2.7, 127.0.0.1',
      '[2001:db8::1]:4711': '2001:db8::1, 127.0.0.1',
      '2001:db8::1': '2001:db8::1, 127.0.0.1',
      '::ffff:192.0.2.7': '192.0.2.7, 127.0.0.1',
      '192.0.2.7, unknown, 10.0.0.1': '10.0.0.1, 127.0.0.1',
      unknown: '127.0.0.1',
      '192.0.2.7, ': '127.0.0.1',
      '"><script>': '127.0.0.1',
      'fe80::1%eth0': '127.0.0.1',
    };
    for (const [said, expected] of Object.entries(cases))
      assert.equal((await told({ 'x-forwarded-for': said })).for, expected, said);
  });

  it('is encrypted and has a name when a trusted proxy says so', async () => {
    trust('127.0.0.1');
    const said = {
      'x-forwarded-for': '192.0.2.7',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'www.shop.test:8443',
    };
    assert.deepEqual(await told(said), {
      for: '192.0.2.7, 127.0.0.1',
      proto: 'https',
      host: 'www.shop.test:8443',
      forwarded: 'for=192.0.2.7;proto=https;host="www.shop.test:8443", for=127.0.0.1',
    });
    assert.equal((await told({ 'x-forwarded-proto': 'https, http' })).proto, 'http');
    assert.equal((await told({ 'x-forwarded-proto': 'gopher' })).proto, 'http');
    assert.equal((await told({ 'x-forwarded-host': 'a" b' })).host, 'shop.test');
  });

  it('is read from Forwarded when that is all there is', async () => {
    trust('127.0.0.1', '10.0.0.1');
    const forwarded =
      'for=6.6.6.6, For="[2001:db8::7]:47011";proto=http, for=10.0.0.1;proto=https;host="shop.test:8443"';
    assert.deepEqual(await told({ forwarded }), {
      for: '2001:db8::7, 10.0.0.1, 127.0.0.1',
      proto: 'https',
      host: 'shop.test:8443',
      forwarded: 'for="[2001:db8::7]";proto=https;host="shop.test:8443", for=10.0.0.1, for=127.0.0.1',
    });
    for (const damaged of ['for="', 'for=_hidden', ';;,,', 'for="\\"192.0.2.7"'])
      assert.equal((await told({ forwarded: damaged })).for, '127.0.0.1', damaged);
  });

  it('is read from X-Forwarded-* when both are there: a proxy that writes those passes the other one on', async () => {
    trust('127.0.0.1');
    const both = await told({ 'x-forwarded-for': '192.0.2.7', forwarded: 'for=6.6.6.6;proto=https' });
    assert.deepEqual([both.for, both.proto], ['192.0.2.7, 127.0.0.1', 'http']);
  });

  it('is told for each request on a proxy’s connection anew', async () => {
    trust('127.0.0.1');
    assert.equal((await told({ 'x-forwarded-for': '192.0.2.7' })).for, '192.0.2.7, 127.0.0.1');
    assert.deepEqual(await told({}), direct);
  });
});

describe('fields that end at the proxy (RFC 9110 section 7.6.1)', () => {
  it('reach neither the instance nor the client', async () => {
    const app = await PlainApp.start();
    const proxy = new InProcessProxy();
    try {
      const port = await proxy.listen();
      proxy.apply(document([environment([revision('one', [service([instance(app.port)])])], { port })]));
      app.handler = () =>
        ok(
          'x',
          'connection: close, x-hop\r\nx-hop: 1\r\nkeep-alive: timeout=9\r\nproxy-connection: x\r\nupgrade: h2c\r\nx-end: 1\r\n',
        );
      const fields = {
        Connection: 'x-hop, keep-alive, te',
        'X-Hop': '1',
        'Keep-Alive': 'timeout=9',
        TE: 'trailers',
        'Proxy-Connection': 'x',
        Upgrade: 'foo',
        'X-End': '1',
      };
      const answer = await ask(port, get('/', fields));
      const request = app.requests[0]?.head ?? '';
      for (const head of [request, answer.head]) {
        assert.doesNotMatch(head, /x-hop|keep-alive|^te:|proxy-connection|upgrade|^connection:/im);
        assert.match(head, /^x-end: 1\r$/im);
      }
    } finally {
      proxy.stop();
      await app.stop();
    }
  });
});

describe('fields that tell requests from each other', () => {
  it('go through untouched; a request without an id gets one', async () => {
    const app = await PlainApp.start();
    const proxy = new InProcessProxy();
    try {
      const port = await proxy.listen();
      proxy.apply(document([environment([revision('one', [service([instance(app.port)])])], { port })]));
      const trace = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'a=1, b=2' };
      await ask(port, get('/', { ...trace, 'x-request-id': 'mine/1' }));
      await ask(port, get('/', { 'x-request-id': 'bad id' }));
      await ask(port, get('/'));
      const [first = '', ...others] = app.requests.map(({ head }) => head);
      assert.match(
        first,
        /traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\ntracestate: a=1, b=2\r\n/,
      );
      assert.match(first, /x-request-id: mine\/1\r\n/);
      const ids = others.map((head) => /x-request-id: (.*)\r\n/.exec(head)?.[1]);
      assert.equal(new Set(ids).size, 2);
      for (const id of ids) assert.match(id ?? '', /^[0-9a-f]{12}-[0-9a-z]+$/);
    } finally {
      proxy.stop();
      await app.stop();
    }
  });
});
