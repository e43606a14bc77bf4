import assert from 'node:assert/strict';
import { afterEach, before, beforeEach, describe, it } from 'node:test';
import type { RoutedCertificate, RoutedEnvironment, RoutingDocument } from '../../core/routing-document.ts';
import { environment, instance, revision, service, testProbeKey } from '../fixtures/documents.ts';
import { ok, PlainApp } from '../fixtures/plain-app.ts';
import { ask, fieldOf, get } from '../fixtures/raw-client.ts';
import { request, SecureProxy } from '../fixtures/secure-proxy.ts';
import { lacksOpenssl, makeCertificate } from '../fixtures/test-certificates.ts';
import { signProbe } from '../probe-signature.ts';

describe('the shared front ports', { skip: lacksOpenssl }, () => {
  let certificates: readonly RoutedCertificate[];
  let app: PlainApp;
  let proxy: SecureProxy;

  function apply(more: Partial<RoutedEnvironment> = {}, documentMore: Partial<RoutingDocument> = {}): void {
    const domains = ['shop.test', 'www.shop.test', 'other.test', 'shop.localhost'];
    const shop = environment([revision('one', [service([instance(app.port)])])], {
      domains,
      https: { hstsS: 100 },
      ...more,
    });
    proxy.apply([shop], certificates, documentMore);
  }
  const plain = (text: string) => ask(proxy.plainPort, text);

  before(() => {
    certificates = [
      makeCertificate('shop.test', 'www.shop.test'),
      makeCertificate('other.test'),
      makeCertificate('shop.localhost'),
    ];
  });
  beforeEach(async () => {
    app = await PlainApp.start();
    proxy = await SecureProxy.start();
  });
  afterEach(async () => {
    proxy.stop();
    await app.stop();
  });

  it('send plain requests to TLS: 301 for GET and HEAD, 308 for all others', async () => {
    apply();
    const moved = await plain(get('/a?b=c', { host: 'shop.test:80' }));
    assert.equal(moved.status, 301);
    assert.equal(fieldOf(moved, 'location'), `https://shop.test:${proxy.port}/a?b=c`);
    assert.equal(fieldOf(moved, 'strict-transport-security'), null);
    const posted = await plain('POST /a HTTP/1.1\r\nhost: shop.test\r\ncontent-length: 0\r\n\r\n');
    assert.deepEqual([posted.status, fieldOf(posted, 'location')], [308, `https://shop.test:${proxy.port}/a`]);
    assert.equal((await plain('OPTIONS * HTTP/1.1\r\nhost: shop.test\r\n\r\n')).status, 308);
    assert.equal((await plain(get('/', { host: 'unknown.test' }))).status, 404);
    assert.equal(app.requests.length, 0);
  });

  it('leave the port out of the address when it is the usual one', async () => {
    apply({}, { tls: { port: 443, certificates } });
    assert.equal(fieldOf(await plain(get('/x')), 'location'), 'https://shop.test/x');
  });

  it('serve plain requests where no TLS is asked for, or there is none', async () => {
    apply({ https: null });
    assert.equal((await plain(get('/'))).status, 200);
    apply({}, { tls: null });
    assert.equal((await plain(get('/'))).status, 200);
  });

  it('believe a trusted proxy that the client came encrypted, and nobody else', async () => {
    apply();
    assert.equal((await plain(get('/', { 'x-forwarded-proto': 'https' }))).status, 301);
    apply({}, { trustedProxies: [{ network: '127.0.0.1', protocol: 'http' }] });
    const served = await plain(get('/', { 'x-forwarded-proto': 'https' }));
    assert.equal(served.status, 200);
    assert.equal(fieldOf(served, 'strict-transport-security'), 'max-age=100');
    assert.equal((await plain(get('/', { 'x-forwarded-proto': 'http' }))).status, 301);
  });

  it('answer signed probes as they ask', async () => {
    apply();
    const probe = signProbe(testProbeKey, { bucket: null, revision: null }, Date.now());
    const answer = await plain(get('/', { 'lotse-probe': probe }));
    assert.deepEqual([answer.status, fieldOf(answer, 'lotse-revision')], [200, 'one web 0']);
  });

  it('answer ACME challenges before anything else, and leave unknown ones to the app', async () => {
    app.handler = () => ok('of the app');
    const challenges = [{ token: 'token_1-a', keyAuthorization: 'token_1-a.thumb' }];
    apply({ mode: { kind: 'maintenance', retryAfterS: 1, message: '' } }, { challenges });
    const path = '/.well-known/acme-challenge/';
    for (const host of ['shop.test', 'unknown.test', 'localhost:80']) {
      const answer = await plain(get(`${path}token_1-a`, { host, accept: 'text/html' }));
      assert.deepEqual(
        [answer.status, answer.body, fieldOf(answer, 'content-type')],
        [200, 'token_1-a.thumb', 'text/plain'],
      );
    }
    assert.equal(
      (await plain(`POST ${path}token_1-a HTTP/1.1\r\nhost: shop.test\r\ncontent-length: 0\r\n\r\n`)).status,
      308,
    );
    apply({ https: null }, { challenges });
    for (const token of ['unknown', 'token_1-a/', 'token_1-a?x'])
      assert.equal((await plain(get(path + token))).body, 'of the app', token);
  });

  it('tell browsers to come by TLS alone, unless the app speaks for itself or the name is local', async () => {
    apply();
    const field = 'strict-transport-security';
    const session = await proxy.session('shop.test');
    assert.equal((await request(session, {})).headers[field], 'max-age=100');
    const socket = await proxy.connect('shop.test');
    socket.write(get('/'));
    const [bytes] = await new Promise<Buffer[]>((resolve) => socket.once('data', (data: Buffer) => resolve([data])));
    assert.match(String(bytes), /\r\nstrict-transport-security: max-age=100\r\n/);
    app.handler = () => ok('x', 'Strict-Transport-Security: max-age=1\r\n');
    assert.equal((await request(session, {})).headers[field], 'max-age=1');
    app.handler = () => ok('x');
    const local = await proxy.session('shop.localhost');
    assert.equal((await request(local, {})).headers[field], undefined);
    apply({ https: { hstsS: 0 } });
    assert.equal((await request(session, {})).headers[field], undefined);
  });

  it('answer 421 for a name with another certificate than the connection’s', async () => {
    apply();
    const session = await proxy.session('shop.test');
    const asking = async (authority: string) => (await request(session, { ':authority': authority })).status;
    assert.equal(await asking('www.shop.test'), 200);
    assert.equal(await asking('WWW.shop.test.:443'), 200);
    assert.equal(await asking('other.test'), 421);
    assert.equal(await asking('unknown.test'), 404);
    const unnamed = await proxy.connect('');
    unnamed.write(get('/', { host: 'other.test' }));
    const [bytes] = await new Promise<Buffer[]>((resolve) => unnamed.once('data', (data: Buffer) => resolve([data])));
    assert.match(String(bytes), /^HTTP\/1\.1 200 /);
  });
});
