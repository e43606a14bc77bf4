import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateSource } from '../../manifest/app-manifest.ts';
import { covers, hstsS, isPrivateName, renewalAt, retryAt, wantedCertificates } from './certificates.ts';

const day = 86_400_000;
const automatic = { kind: 'automatic', wildcard: false, dns: null } as const;
const script = { kind: 'script', argv: ['/etc/lotse/dns'] } as const;

function wanted(domains: readonly string[], source: CertificateSource = automatic) {
  const tls = { source, redirects: true, hstsMs: null };
  return wantedCertificates([{ app: 'shop', environment: 'production', domains, tls }]).map(({ names, request }) =>
    [request.kind, ...names].join(' '),
  );
}

test('each name gets a certificate of its own, from where it can come', () => {
  assert.deepEqual(wanted(['shop.example', 'www.shop.example', 'shop.localhost', 'shop.internal']), [
    'acme shop.example',
    'acme www.shop.example',
    'local shop.localhost *.shop.localhost',
    'local shop.internal *.shop.internal',
  ]);
  assert.deepEqual(wanted(['shop.example'], { kind: 'local' }), ['local shop.example *.shop.example']);
  assert.deepEqual(wanted(['shop.example'], { kind: 'off' }), []);
  const files = { kind: 'files', certificate: '/a', key: '/b' } as const;
  assert.deepEqual(wanted(['shop.example', 'other.example'], files), ['files shop.example other.example']);
});

test('a wildcard covers the domains below it', () => {
  assert.deepEqual(
    wanted(['shop.example', 'www.shop.example', 'a.b.shop.example'], {
      kind: 'automatic',
      wildcard: true,
      dns: script,
    }),
    ['acme shop.example *.shop.example', 'acme a.b.shop.example *.a.b.shop.example'],
  );
});

test('a domain of two environments is asked for once', () => {
  const tls = { source: automatic, redirects: true, hstsMs: null };
  const environments = ['a', 'b'].map((environment) => ({ app: 'shop', environment, domains: ['shop.example'], tls }));
  assert.deepEqual(
    wantedCertificates(environments).map((each) => each.environment),
    ['a'],
  );
});

test('some names can have no certificate of the public', () => {
  const privates = ['localhost', 'a.localhost', 'a.test', 'a.internal', 'a.local', 'a.home.arpa', '192.0.2.7', '::1'];
  assert.deepEqual(
    privates.filter((name) => !isPrivateName(name)),
    [],
  );
  assert.deepEqual(['shop.example', 'localhost.example', 'latest', 'mylocal.example'].filter(isPrivateName), []);
});

test('a wildcard stands for one label and not for another wildcard', () => {
  assert.equal(covers(['*.shop.example'], 'a.shop.example'), true);
  assert.equal(covers(['*.shop.example'], 'a.b.shop.example'), false);
  assert.equal(covers(['*.shop.example'], 'shop.example'), false);
  assert.equal(covers(['*.shop.example'], '*.a.shop.example'), false);
  assert.equal(covers(['*.example'], '*.example'), true);
});

test('the next one is asked for at two thirds of the life, or up to three days before that', () => {
  assert.equal(renewalAt(0, 90 * day, 0), 60 * day);
  assert.equal(renewalAt(0, 90 * day, 0.9999999999), 57 * day);
});

test('failures are repeated later and later, up to 12 hours, and never before the authority allows it', () => {
  const none = { retryAfterMs: null, isOwnFinding: false };
  const waits = [1, 2, 3, 11, 1000].map((failures) => retryAt(failures, 0, none, 1) / 60_000);
  assert.deepEqual(waits, [1, 2, 4, 720, 720]);
  assert.equal(retryAt(1, 0, { ...none, retryAfterMs: day * 3 }, 1), 3 * day);
  assert.equal(retryAt(1, 0, none, 0), 54_000);
  assert.equal(retryAt(1000, 0, { ...none, isOwnFinding: true }, 1), 15 * 60_000, 'what costs the authority nothing');
});

test('browsers are told more the longer certificates have come, and what the file says at once', () => {
  const told = (days: number, renewals = 0, wish: number | null = null, domains = ['shop.example']) =>
    hstsS(wish, domains, { servedSince: 0, renewals }, days * day) / 86_400;
  assert.deepEqual([told(0), told(0.9), told(1), told(6.9), told(7), told(60), told(60, 1)], [0, 0, 1, 1, 30, 30, 365]);
  assert.equal(told(0, 0, 365 * day), 365);
  assert.equal(told(100, 3, 0), 0);
  assert.equal(told(100, 3, 365 * day, ['shop.example', 'shop.localhost']), 0, 'never for names of this machine');
});
