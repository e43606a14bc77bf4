import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { CertificateRefused, type CertificateIssuer, type IssuedCertificate } from './certificates.ts';

/** What a driver's test gives to the suite; one for each test. */
export interface IssuerUnderTest extends AsyncDisposable {
  readonly issuer: CertificateIssuer;
  /** What it can give a certificate for. */
  readonly names: readonly string[];
  /** Root (PEM) that its certificates lead to. */
  readonly root: string;
  /** The same kind of issuer where it can give none, and words of the reason. */
  readonly broken: { readonly issuer: CertificateIssuer; readonly reason: RegExp } | null;
}

type Start = () => Promise<IssuerUnderTest>;

/** Every issuer passes this suite; a new driver is done when it does. */
export function issuerContract(name: string, start: Start, skip: string | false = false): void {
  describe(`${name}: the contract of certificate issuers`, { skip }, () => {
    test('the certificate is for the names, holds now, belongs to the key and leads to the root', async () => {
      await using world = await start();
      assertGood(await world.issuer.issue(world.names, AbortSignal.timeout(60_000)), world);
    });

    test('it may be asked again, and twice at once', async () => {
      await using world = await start();
      const signal = AbortSignal.timeout(60_000);
      const both = await Promise.all([
        world.issuer.issue(world.names, signal),
        world.issuer.issue(world.names, signal),
      ]);
      for (const issued of [...both, await world.issuer.issue(world.names, signal)]) assertGood(issued, world);
    });

    test('a key shows itself to nobody who prints it', async () => {
      await using world = await start();
      const issued = await world.issuer.issue(world.names, AbortSignal.timeout(60_000));
      assert.ok(!JSON.stringify(issued).includes('PRIVATE'));
      assert.match(issued.keyPem.reveal(), /PRIVATE KEY/);
    });

    test('what cannot be is refused with a reason, and may be tried again', async () => {
      await using world = await start();
      if (world.broken === null) return;
      const { issuer, reason } = world.broken;
      await assert.rejects(issuer.issue(world.names, AbortSignal.timeout(60_000)), (error) => {
        assert.ok(error instanceof CertificateRefused, String(error));
        assert.match(error.message, reason);
        assert.equal(error.retriable, true);
        return true;
      });
    });
  });
}

function assertGood({ chainPem, keyPem }: IssuedCertificate, { names, root }: IssuerUnderTest): void {
  const blocks = chainPem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  const chain = blocks.map((block) => new X509Certificate(block));
  const [certificate] = chain;
  assert.ok(certificate);
  const covered = (certificate.subjectAltName ?? '').split(', ').toSorted();
  assert.deepEqual(covered, names.map((name) => `DNS:${name}`).toSorted());
  assert.ok(Date.parse(certificate.validFrom) <= Date.now() && Date.parse(certificate.validTo) > Date.now());
  assert.ok(certificate.checkPrivateKey(createPrivateKey(keyPem.reveal())));
  const issuers = [...chain.slice(1), new X509Certificate(root)];
  for (const [index, each] of chain.entries()) {
    const issuer = issuers[index];
    assert.ok(issuer !== undefined && each.checkIssued(issuer) && each.verify(issuer.publicKey), `link ${index}`);
  }
}
