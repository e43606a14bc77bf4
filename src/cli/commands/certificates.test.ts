import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateView } from '../../capabilities/certificates/certificates-api.ts';
import { startFakeControlPlane, type FakeHandler } from '../fixtures/fake-control-plane.ts';
import { runLotse } from '../fixtures/run-lotse.ts';
import { shopFolder } from '../fixtures/shop-folder.ts';
import { anEnvironment } from '../fixtures/views.ts';

const folder = shopFolder();

async function lotse(handlers: Readonly<Record<string, FakeHandler>>, ...line: readonly string[]) {
  const fake = await startFakeControlPlane(handlers);
  try {
    return await runLotse(line, { cwd: folder, env: fake.env });
  } finally {
    await fake.close();
  }
}

function aCertificate(more: Partial<CertificateView> = {}): CertificateView {
  return {
    ...{ name: 'shop.example', names: ['shop.example', '*.shop.example'], app: 'shop', environment: 'production' },
    ...{ issuer: 'acme', state: 'served', fingerprint: 'ab'.repeat(32) },
    ...{ validFrom: Date.UTC(2026, 10, 1), validUntil: Date.UTC(2027, 0, 30), renewAt: Date.UTC(2026, 11, 31) },
    ...{ trying: false, problem: null, hint: null, failures: 0, nextTryAt: null },
    ...more,
  };
}

const listing =
  (...certificates: readonly CertificateView[]): FakeHandler =>
  () => ({ tlsPort: 443, certificates });

const failing = aCertificate({
  ...{ problem: 'shop.example leads nowhere: the DNS has no address for it.', hint: 'Give it an A record.' },
  ...{ failures: 3, nextTryAt: Date.UTC(2026, 11, 31, 12) },
});

test('certificates are listed with their names, until when they last, and when the next one comes', async () => {
  const { stdout, exitCode } = await lotse({ 'GET /certificates': listing(aCertificate()) }, 'certificates');
  assert.equal(exitCode, 0);
  assert.match(stdout, /shop\.example \*\.shop\.example +shop\/production +authority +2027-01-30.* 2026-12-31/);
});

test('what keeps the next one away is said, with what to do', async () => {
  const { stdout } = await lotse({ 'GET /certificates': listing(failing) }, 'certificates');
  assert.match(stdout, /next try 2026-12-31/);
  assert.match(
    stdout,
    /shop\.example: the one before is served on\. shop\.example leads nowhere.*\n +Give it an A record\./,
  );
  const waiting = aCertificate({ state: 'waiting', validUntil: null, problem: 'No.' });
  assert.match(
    (await lotse({ 'GET /certificates': listing(waiting) }, 'certificates')).stdout,
    /no certificate yet\. No\./,
  );
});

test('without TLS the list says how to begin', async () => {
  const handlers = { 'GET /certificates': () => ({ tlsPort: null, certificates: [] }) };
  assert.match((await lotse(handlers, 'certificates')).stdout, /--front-tls-port/);
  const { stdout } = await lotse(handlers, 'certificates', '--json');
  assert.deepEqual(JSON.parse(stdout), { tlsPort: null, certificates: [] });
});

test('status warns of a certificate of the app that does not come', async () => {
  const handlers = {
    'GET /apps/:app/environments': () => [anEnvironment('production')],
    'GET /certificates': listing(failing, aCertificate({ app: 'other', problem: 'not ours' })),
  };
  const { stdout } = await lotse(handlers, 'status');
  assert.match(stdout, /shop\.example leads nowhere/);
  assert.doesNotMatch(stdout, /not ours/);
});

test('a renewal is waited for; one that fails is an error with its reason', async () => {
  let asked = 0;
  const handlers = (end: CertificateView): Readonly<Record<string, FakeHandler>> => ({
    'POST /certificates/:name/renewal': ({ path }) => aCertificate({ trying: true, name: path.name ?? '' }),
    'GET /certificates': () => ({
      tlsPort: 443,
      certificates: [(asked += 1) % 2 === 1 ? { ...end, trying: true } : end],
    }),
  });
  const good = await lotse(handlers(aCertificate()), 'certificates', 'renew', 'shop.example');
  assert.equal(good.exitCode, 0);
  assert.match(good.stdout, /shop\.example, \*\.shop\.example: until 2027-01-30/);
  const bad = await lotse(handlers(failing), 'certificates', 'renew', 'shop.example');
  assert.equal(bad.exitCode, 6);
  assert.match(bad.stderr, /leads nowhere[\s\S]*A record/);
});

test('trust says how the root is trusted, and prints it', async () => {
  const root = {
    certificatePem: '-----BEGIN CERTIFICATE-----\n',
    file: '/srv/root.pem',
    fingerprint: 'ab',
    validUntil: 1,
  };
  const handlers = { 'GET /development-root': () => root };
  assert.match((await lotse(handlers, 'certificates', 'trust')).stdout, /curl --cacert \/srv\/root\.pem/);
  assert.equal((await lotse(handlers, 'certificates', 'trust', '--pem')).stdout, '-----BEGIN CERTIFICATE-----\n');
  assert.deepEqual(JSON.parse((await lotse(handlers, 'certificates', 'trust', '--json')).stdout), root);
});
