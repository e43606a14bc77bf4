import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { CertificateView } from '../../capabilities/certificates/certificates-api.ts';
import { judgeCertificates } from './check-certificates.ts';
import { checkBackup, checkFrontPort, checkProxyHere, checkRoom, checkStateModes } from './check-server.ts';
import { portOwner } from './port-owner.ts';

const folder = mkdtempSync(join(tmpdir(), 'lotse-doctor-server-'));
after(() => rmSync(folder, { recursive: true }));

test('room is what is left for old and new side by side', () => {
  const check = checkRoom('MemTotal: 4000000 kB\nMemAvailable:    2400000 kB\n', 2);
  assert.equal(check?.state, 'ok');
  assert.match(check.found, /2 cores: 1\.03 GB for apps/);
  assert.equal(checkRoom('MemAvailable: 500000 kB\n', 1)?.state, 'warn');
  assert.equal(checkRoom('', 1), null);
});

test('who has a port of the front is named, with what to do', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const owner = portOwner(port);
  assert.equal(owner?.pid, process.pid);
  const taken = checkFrontPort(port);
  assert.equal(taken.state, 'warn');
  assert.ok(taken.found.includes(`(process ${process.pid}) has it`), taken.found);
  assert.match(taken.advice ?? '', /adopt/);
  server.close();
  await once(server, 'close');
  assert.equal(checkFrontPort(port).found, 'free');
  const own = { pid: 7, name: 'node', arguments: ['node', '/opt/lotse/src/proxy/proxy.ts', '--state', '/x'] };
  assert.equal(checkFrontPort(80, own).state, 'ok');
});

test('a key that others may read fails, closed ones do not', () => {
  const state = join(folder, 'modes');
  assert.deepEqual(checkStateModes(state), []);
  mkdirSync(join(state, 'control'), { recursive: true, mode: 0o700 });
  writeFileSync(join(state, 'control', 'vault.key'), 'k', { mode: 0o600 });
  assert.deepEqual(
    checkStateModes(state).map((check) => check.state),
    ['ok'],
  );
  chmodSync(join(state, 'control', 'vault.key'), 0o644);
  const [check] = checkStateModes(state);
  assert.equal(check?.state, 'fail');
  assert.match(check.found, /vault\.key is open to others \(644\)/);
});

test('a backup that is missing or old is a remark', () => {
  const state = join(folder, 'backup');
  assert.equal(checkBackup(state, 0), null);
  mkdirSync(join(state, 'control'), { recursive: true });
  writeFileSync(join(state, 'control', 'lotse.sqlite'), '');
  assert.equal(checkBackup(state, 0)?.state, 'warn');
  const file = join(state, 'control', 'last-backup');
  writeFileSync(file, '');
  const now = Date.UTC(2026, 0, 20);
  utimesSync(file, now / 1000 - 86_400, now / 1000 - 86_400);
  assert.equal(checkBackup(state, now)?.state, 'ok');
  utimesSync(file, now / 1000 - 8 * 86_400, now / 1000 - 8 * 86_400);
  assert.equal(checkBackup(state, now)?.state, 'warn');
});

test('a proxy that has served and is gone fails', async () => {
  const state = join(folder, 'proxied');
  assert.equal(await checkProxyHere(state), null);
  mkdirSync(join(state, 'proxy'), { recursive: true });
  writeFileSync(join(state, 'proxy', 'document.json'), '{}');
  assert.equal((await checkProxyHere(state))?.state, 'fail');
});

test('certificates are judged by what browsers see and by how long there is left', () => {
  const now = Date.UTC(2026, 0, 1);
  const certificate: CertificateView = {
    ...{ name: 'shop.example', names: ['shop.example'], app: 'shop', environment: 'production', issuer: 'acme' },
    ...{ state: 'served', fingerprint: null, validFrom: 0, validUntil: now + 60 * 86_400_000, renewAt: null },
    ...{ trying: false, problem: null, hint: null, failures: 0, nextTryAt: null },
  };
  const statesOf = (...changes: readonly Partial<CertificateView>[]) =>
    judgeCertificates(
      changes.map((change) => ({ ...certificate, ...change })),
      now,
    ).map(({ state }) => state);
  assert.deepEqual(statesOf({}, {}), ['ok']);
  assert.deepEqual(statesOf({}, { state: 'ended', validUntil: now - 1 }), ['fail']);
  assert.deepEqual(statesOf({ state: 'waiting', validUntil: null, problem: 'no DNS record' }), ['fail']);
  assert.deepEqual(statesOf({ validUntil: now + 5 * 86_400_000 }), ['warn']);
  assert.deepEqual(statesOf({ problem: 'the authority is away' }), ['warn']);
});
