import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateView } from '../../../src/capabilities/certificates/certificates-api.ts';
import { concernOf } from './certificate-state.ts';

const now = 1_800_000_000_000;
const dayMs = 86_400_000;
const fine: CertificateView = {
  ...{ name: 'shop.example', names: ['shop.example'], app: 'shop', environment: 'production', issuer: 'acme' },
  ...{ state: 'served', fingerprint: 'ab', validFrom: now - dayMs, validUntil: now + 60 * dayMs, renewAt: null },
  ...{ trying: false, problem: null, hint: null, failures: 0, nextTryAt: null },
};

test('a certificate is of no concern while it is served and lasts', () => {
  assert.equal(concernOf(fine, now), null);
});

test('it is when it has ended, when the next one does not come, when there is none yet, and when it ends soon', () => {
  assert.equal(concernOf({ ...fine, validUntil: now - 1 }, now), 'ended');
  assert.equal(concernOf({ ...fine, state: 'ended' }, now), 'ended');
  assert.equal(concernOf({ ...fine, problem: 'the name leads elsewhere' }, now), 'problem');
  assert.equal(concernOf({ ...fine, state: 'waiting', validUntil: null }, now), 'waiting');
  assert.equal(concernOf({ ...fine, validUntil: now + 3 * dayMs }, now), 'soon');
});
