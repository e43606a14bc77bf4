import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { RoutedEnvironment } from '../../core/routing-document.ts';
import { document, environment, instance, loopback, revision, service, testProbeKey } from '../fixtures/documents.ts';
import { InProcessProxy } from '../fixtures/in-process-proxy.ts';
import { ok, PlainApp } from '../fixtures/plain-app.ts';
import { ask, fieldOf, get, RawClient } from '../fixtures/raw-client.ts';
import { request, SecureProxy } from '../fixtures/secure-proxy.ts';
import { lacksOpenssl, makeCertificate } from '../fixtures/test-certificates.ts';
import { signPreview, verifyPreview } from '../preview-signature.ts';
import { signProbe } from '../probe-signature.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;

describe('a preview', () => {
  const apps: Record<string, PlainApp> = {};
  let proxy: InProcessProxy;
  let front: number;
  let port: number;
  let inner: number;

  const portOf = (name: string) => apps[name]?.port ?? 0;
  const web = (name: string) => service([instance(portOf(name))], { stickiness: { kind: 'cookie' } });
  const api = (name: string, internalPort: number | null) =>
    service([instance(portOf(name))], { service: 'api', path: '/api', internalPort });
  const apply = (more: Partial<RoutedEnvironment> = {}) => {
    const old = revision('old', [web('old'), api('old-api', null)], { release: 'r1' });
    const next = revision('next', [web('next'), api('next-api', inner)], { release: 'r2' });
    const shares = [{ revision: 'old', permille: 1000 }];
    const routed = environment([old, next], { port, shares, previewDomains: ['shop.test'], ...more });
    proxy.apply(document([routed], { frontPort: front }));
  };
  const signed = (release: string, untilMs = Date.now() + minuteMs) => ({
    'lotse-preview': signPreview(testProbeKey, release, untilMs),
  });
  const bodyOf = async (at: number, fields: Record<string, string>, path = '/') =>
    (await ask(at, get(path, fields))).body;

  beforeEach(async () => {
    for (const name of ['old', 'old-api', 'next', 'next-api']) apps[name] = await PlainApp.start(() => ok(name));
    proxy = new InProcessProxy();
    front = await proxy.listen();
    port = await proxy.listen();
    inner = await proxy.listen();
    apply();
  });
  afterEach(async () => {
    proxy.stop();
    for (const app of Object.values(apps)) await app.stop();
  });

  it('by signed header shows its release on every path, and others go on as before', async () => {
    for (const at of [front, port]) {
      assert.equal(await bodyOf(at, signed('r2')), 'next');
      assert.equal(await bodyOf(at, signed('r2'), '/api/x'), 'next-api');
      assert.equal(await bodyOf(at, signed('r1')), 'old');
      assert.equal(await bodyOf(at, {}), 'old');
    }
  });

  it('by name shows its release where the domain offers it', async () => {
    assert.equal(await bodyOf(front, { host: 'r2.shop.test' }), 'next');
    assert.equal(await bodyOf(front, { host: 'R2.Shop.Test.:8080' }, '/api'), 'next-api');
    for (const host of ['x.r2.shop.test', '.shop.test', 'r2.other.test'])
      assert.match(await bodyOf(front, { host }), /unknown-name/);
    apply({ previewDomains: [] });
    assert.match(await bodyOf(front, { host: 'r2.shop.test' }), /unknown-name/);
  });

  it('of a release that does not run says so', async () => {
    for (const fields of [signed('r9'), { host: 'r9.shop.test' }]) {
      const answer = await ask(front, get('/', { ...fields, accept: 'text/html' }));
      assert.equal(answer.status, 404);
      assert.match(answer.body, /Release r9 does not run here.*unknown-release/s);
    }
  });

  it('shows the newest revision of its release that has instances', async () => {
    const again = revision('again', [web('old-api')], { release: 'r2' });
    const empty = revision('empty', [service([])], { release: 'r2' });
    const revisions = [
      revision('old', [web('old')], { release: 'r1' }),
      revision('next', [web('next')], { release: 'r2' }),
    ];
    apply({ revisions: [...revisions, again] });
    assert.equal(await bodyOf(front, signed('r2')), 'old-api');
    apply({ revisions: [...revisions, empty] });
    assert.equal(await bodyOf(front, signed('r2')), 'next');
  });

  it('is neither counted nor remembered: no count, no cookie, no bucket', async () => {
    const shares = [
      { revision: 'old', permille: 500 },
      { revision: 'next', permille: 500 },
    ];
    apply({ shares, epoch: 2 });
    const answers = [
      await ask(front, get('/', { ...signed('r2'), cookie: '__lotse_v=0123456789abcdef' })),
      await ask(front, get('/', { host: 'r2.shop.test' })),
    ];
    for (const answer of answers) assert.equal(fieldOf(answer, 'set-cookie'), null);
    assert.deepEqual(proxy.counts(2), []);
    for (const { head } of apps['next']?.requests ?? []) assert.doesNotMatch(head, /lotse-|__lotse/);
    assert.notEqual(fieldOf(await ask(front, get('/')), 'set-cookie'), null);
  });

  it('goes past the maintenance page and an adopted upstream', async () => {
    apply({ mode: { kind: 'maintenance', retryAfterS: 1, message: 'Back soon.' } });
    assert.equal(await bodyOf(front, signed('r2')), 'next');
    assert.match(await bodyOf(front, {}), /Back soon/);
    apply({ mode: { kind: 'adopted', address: loopback(portOf('old-api')) }, shares: [] });
    assert.equal(await bodyOf(front, { host: 'r2.shop.test' }), 'next');
    assert.equal(await bodyOf(front, {}), 'old-api');
  });

  it('waits like all others while old and new change places', async () => {
    apply({ mode: { kind: 'paused', maxHeld: 10, maxHoldMs: 10_000 } });
    const client = await RawClient.connect(front);
    client.send(get('/', signed('r2')));
    while (proxy.plane.status().heldRequests === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    apply();
    assert.equal((await client.response()).body, 'next');
    client.close();
  });

  it('stays with its release when the release asks its own services', async () => {
    const app = apps['next'] ?? assert.fail();
    app.handler = ({ socket }) => {
      void ask(inner, get('/api/x')).then(({ body }) => socket.write(ok(`next and ${body}`)));
      return null;
    };
    assert.equal(await bodyOf(front, signed('r2')), 'next and next-api');
    assert.equal(await bodyOf(front, { host: 'r2.shop.test' }), 'next and next-api');
    assert.equal(apps['old-api']?.requests.length, 0);
  });

  it('may be probed', async () => {
    const probe = { 'lotse-probe': signProbe(testProbeKey, { bucket: null, revision: null }, Date.now()) };
    const answer = await ask(front, get('/', { host: 'r2.shop.test', ...probe }));
    assert.equal(fieldOf(answer, 'lotse-revision'), 'next web 0');
  });

  it('that is forged, damaged, over or too long to come shows what serves', async () => {
    const good = signed('r2')['lotse-preview'];
    const bad = [
      signPreview('ab'.repeat(32), 'r2', Date.now() + minuteMs),
      signPreview(testProbeKey, 'r2', Date.now() - 1),
      signPreview(testProbeKey, 'r2', Date.now() + 7 * dayMs + minuteMs),
      good.replace('.r2.', '.r1.'),
      good.slice(0, -1),
      `${good} `.repeat(2),
      'x',
    ];
    apply({ shares: [{ revision: 'old', permille: 1000 }] });
    for (const value of bad.slice(0, 3)) assert.equal(verifyPreview(testProbeKey, value, Date.now()), null);
    for (const value of bad) assert.equal(await bodyOf(front, { 'lotse-preview': value }), 'old', value);
  });
});

describe('a preview over TLS', { skip: lacksOpenssl }, () => {
  it('by name needs a wildcard certificate, and HTTP/2 shows it as HTTP/1.1 does', async () => {
    const old = await PlainApp.start(() => ok('old'));
    const next = await PlainApp.start(() => ok('next'));
    const proxy = await SecureProxy.start();
    try {
      const revisions = [
        revision('next', [service([instance(next.port)])], { release: 'r2' }),
        revision('old', [service([instance(old.port)])], { release: 'r1' }),
      ];
      const routed = environment(revisions, { previewDomains: ['shop.test'], https: { hstsS: 0 } });
      proxy.apply([routed], [makeCertificate('shop.test', '*.shop.test')]);
      const session = await proxy.session('r2.shop.test');
      assert.equal((await request(session, { ':path': '/' })).body, 'next');
      const main = await proxy.session('shop.test');
      assert.equal((await request(main, { ':path': '/' })).body, 'old');
      const header = { 'lotse-preview': signPreview(testProbeKey, 'r2', Date.now() + minuteMs) };
      assert.equal((await request(main, { ':path': '/', ...header })).body, 'next');
      const plain = await ask(proxy.plainPort, get('/x', { host: 'r2.shop.test' }));
      assert.deepEqual([plain.status, fieldOf(plain, 'location')], [301, `https://r2.shop.test:${proxy.port}/x`]);
    } finally {
      proxy.stop();
      await old.stop();
      await next.stop();
    }
  });
});
