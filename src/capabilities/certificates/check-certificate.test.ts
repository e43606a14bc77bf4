import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Secret } from '../../core/secret.ts';
import { CertificateRefused } from '../../ports/certificates/certificates.ts';
import { makeCertificateFiles } from '../../ports/certificates/fixtures/certificate-files.ts';
import { checkCertificate } from './check-certificate.ts';

const day = 86_400_000;
const names = ['shop.example', '*.shop.example'];

test('a certificate is refused that could not be served, and the reason says why', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lotse-check-'));
  try {
    const files = await makeCertificateFiles(folder, names);
    const chainPem = await readFile(files.certificate, 'utf8');
    const keyPem = new Secret(await readFile(files.key, 'utf8'));
    await makeCertificateFiles(folder, names);
    const otherKey = new Secret(await readFile(files.key, 'utf8'));
    const problemOf = (issued: { chainPem: string; keyPem: Secret }, wanted: readonly string[], now = Date.now()) => {
      try {
        checkCertificate(issued, wanted, now);
        return null;
      } catch (thrown) {
        assert.ok(thrown instanceof CertificateRefused && thrown.isOwnFinding);
        return thrown.message;
      }
    };
    const good = { chainPem, keyPem };
    assert.equal(problemOf(good, names), null);
    assert.equal(problemOf(good, ['a.shop.example']), null);
    assert.equal(problemOf({ chainPem: chainPem + files.root, keyPem }, names), null);
    assert.match(problemOf({ chainPem, keyPem: otherKey }, names) ?? '', /do not belong together/);
    assert.match(problemOf(good, ['shop.example', 'b.example']) ?? '', /and not for b\.example/);
    assert.match(problemOf(good, names, Date.now() + 91 * day) ?? '', /it has ended on/);
    assert.match(problemOf(good, names, Date.now() - day) ?? '', /it begins only on/);
    assert.match(problemOf({ chainPem: 'hello', keyPem }, names) ?? '', /no certificate in PEM form/);
    assert.match(problemOf({ chainPem, keyPem: new Secret('hello') }, names) ?? '', /its key cannot be read/);
    const other = await readFile(files.certificate, 'utf8');
    assert.match(
      problemOf({ chainPem: chainPem + other, keyPem }, names) ?? '',
      /certificate 2 of its chain did not issue/,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
