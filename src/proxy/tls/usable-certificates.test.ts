import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { RoutedCertificate, RoutingDocument } from '../../core/routing-document.ts';
import { document } from '../fixtures/documents.ts';
import { lacksOpenssl, makeCertificate } from '../fixtures/test-certificates.ts';
import { UsableCertificates } from './usable-certificates.ts';

describe('certificates that cannot be used', { skip: lacksOpenssl }, () => {
  let shop: RoutedCertificate;
  let other: RoutedCertificate;
  let foreignKey: RoutedCertificate;

  const having = (...certificates: readonly RoutedCertificate[]): RoutingDocument =>
    document([], { tls: { port: 443, certificates } });

  before(() => {
    shop = makeCertificate('shop.test', 'www.shop.test');
    other = makeCertificate('other.test');
    foreignKey = { ...shop, keyPem: other.keyPem };
  });

  it('do not disturb those that can', async () => {
    const usable = new UsableCertificates();
    const all = having(shop, other);
    assert.equal(await usable.select(all), all);
    assert.deepEqual(usable.problems, []);
    const selected = await usable.select(having(foreignKey, other));
    assert.deepEqual(selected.tls?.certificates, [shop, other]);
    assert.equal(usable.problems.length, 1);
    assert.match(
      usable.problems[0] ?? '',
      /^bad-certificate: .*shop\.test, www\.shop\.test .*key values mismatch.*before it/,
    );
  });

  it('leave the one before in force, also when the document comes again, and only for the names of both', async () => {
    const usable = new UsableCertificates();
    await usable.select(having(shop));
    const narrow = { ...foreignKey, names: ['www.shop.test', 'new.shop.test'] };
    for (let i = 0; i < 2; i++) {
      const selected = await usable.select(having(narrow));
      assert.deepEqual(selected.tls?.certificates, [{ ...shop, names: ['www.shop.test'] }]);
    }
  });

  it('are left out when there was none before, whatever is wrong with them', async () => {
    const broken: readonly RoutedCertificate[] = [
      { ...shop, chainPem: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' },
      { ...shop, chainPem: '-----BEGIN nothing' },
      { ...shop, keyPem: '-----BEGIN PRIVATE KEY-----\n' },
      foreignKey,
    ];
    for (const certificate of broken) {
      const usable = new UsableCertificates();
      assert.deepEqual((await usable.select(having(certificate, other))).tls?.certificates, [other]);
      assert.match(usable.problems[0] ?? '', /there is none for these names$/);
    }
  });

  it('are forgotten with the document that has them', async () => {
    const usable = new UsableCertificates();
    await usable.select(having(foreignKey));
    await usable.select(having(shop));
    assert.deepEqual(usable.problems, []);
    await usable.select(document([]));
    assert.deepEqual((await usable.select(having(foreignKey))).tls?.certificates, []);
  });
});
