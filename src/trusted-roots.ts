import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { LotseError } from './core/errors.ts';

const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Whatever this process asks by TLS may from now on lead to these roots (PEM), too: forges, issuers of identity tokens, those
 * who are notified. Errors: `bad-input` for what is no certificate.
 */
export function trustRoots(roots: readonly string[]): void {
  if (roots.length === 0) return;
  const own = roots.flatMap((text) => text.match(certificate) ?? []);
  try {
    if (own.length === 0) throw new Error('there is no PEM certificate in it');
    setDefaultCACertificates([...getCACertificates('default'), ...own]);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LotseError('bad-input', `--tls-roots: the file has no certificates that can be read (${why}).`, {
      cause,
    });
  }
}
