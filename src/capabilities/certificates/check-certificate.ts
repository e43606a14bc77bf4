import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { UnixMs } from '../../core/ids.ts';
import { CertificateRefused, type IssuedCertificate } from '../../ports/certificates/certificates.ts';
import { covers } from './certificates.ts';

/** What a certificate says of itself. */
export interface CertificateFacts {
  /** All of its names, in lower case. */
  readonly names: readonly string[];
  readonly validFrom: UnixMs;
  readonly validUntil: UnixMs;
  /** SHA-256, hex. */
  readonly fingerprint: string;
}

/**
 * Refuses what could not be served: another name, another key, a chain in the wrong order, or a time that is not now.
 * Errors: CertificateRefused.
 */
export function checkCertificate(issued: IssuedCertificate, names: readonly string[], now: UnixMs): CertificateFacts {
  const chain = readChain(issued.chainPem);
  const [certificate] = chain;
  if (certificate === undefined) throw refused('it is no certificate in PEM form');
  const facts = factsOf(certificate);
  const key = readKey(issued);
  if (!certificate.checkPrivateKey(key))
    throw refused('certificate and key do not belong together', 'Replace both files.');
  const missing = names.filter((name) => !covers(facts.names, name));
  if (missing.length > 0)
    throw refused(`it is for ${facts.names.join(', ') || 'no name'}, and not for ${missing.join(', ')}`);
  if (facts.validUntil <= now) throw refused(`it has ended on ${new Date(facts.validUntil).toISOString()}`);
  if (facts.validFrom > now) throw refused(`it begins only on ${new Date(facts.validFrom).toISOString()}`);
  const broken = chain.findIndex((each, index) => index > 0 && chain[index - 1]?.checkIssued(each) === false);
  if (broken > 0) throw refused(`certificate ${broken + 1} of its chain did not issue the one before it`);
  return facts;
}

/** What a certificate that was checked before says of itself. */
export function certificateFacts(chainPem: string): CertificateFacts {
  const [certificate] = readChain(chainPem);
  if (certificate === undefined) throw refused('it is no certificate in PEM form');
  return factsOf(certificate);
}

function readChain(chainPem: string): readonly X509Certificate[] {
  const blocks = chainPem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw refused('it cannot be read', undefined, cause);
  }
}

function readKey({ keyPem }: IssuedCertificate): KeyObject {
  try {
    return createPrivateKey(keyPem.reveal());
  } catch (cause) {
    throw refused('its key cannot be read; one with a passphrase cannot be used', undefined, cause);
  }
}

function factsOf(certificate: X509Certificate): CertificateFacts {
  const names = [...(certificate.subjectAltName ?? '').matchAll(/DNS:"?([^,"]+)"?/g)].map(([, name = '']) => name);
  return {
    names: names.map((name) => name.toLowerCase()),
    validFrom: Date.parse(certificate.validFrom),
    validUntil: Date.parse(certificate.validTo),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

function refused(why: string, hint?: string, cause?: unknown): CertificateRefused {
  const more = { isOwnFinding: true, cause, ...(hint === undefined ? {} : { hint }) };
  return new CertificateRefused('bad-input', `The certificate cannot be served: ${why}.`, more);
}
