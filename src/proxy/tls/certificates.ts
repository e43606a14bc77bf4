import type tls from 'node:tls';
import type { RoutedCertificate } from '../../core/routing-document.ts';
import { CertificateNames } from './certificate-names.ts';
import { certificateDigest, compileCertificate } from './compile-certificate.ts';

/** The certificates in force, compiled. One that did not change keeps what was compiled for it. */
export class Certificates {
  #names = new CertificateNames<tls.SecureContext>([]);
  #compiled = new Map<string, tls.SecureContext>();

  /** Takes the place of all certificates before it. One that cannot be used is left out: the parent has reported it. */
  replace(certificates: readonly RoutedCertificate[], ticketKeys: Buffer, keepsCompiled: boolean): void {
    const compiled = new Map<string, tls.SecureContext>();
    const entries: { readonly names: readonly string[]; readonly value: tls.SecureContext }[] = [];
    for (const certificate of certificates) {
      const digest = certificateDigest(certificate);
      const context =
        compiled.get(digest) ??
        (keepsCompiled ? this.#compiled.get(digest) : undefined) ??
        tryCompile(certificate, ticketKeys);
      if (context === null) continue;
      compiled.set(digest, context);
      entries.push({ names: certificate.names, value: context });
    }
    this.#compiled = compiled;
    this.#names = new CertificateNames(entries);
  }

  isUsable(certificate: RoutedCertificate): boolean {
    return this.#compiled.has(certificateDigest(certificate));
  }

  /** `name` as the client sent it. Null: there are no certificates. */
  contextFor(name: string): tls.SecureContext | null {
    return this.#names.find(name.toLowerCase().replace(/\.$/, ''));
  }
}

function tryCompile(certificate: RoutedCertificate, ticketKeys: Buffer): tls.SecureContext | null {
  try {
    return compileCertificate(certificate, ticketKeys);
  } catch {
    return null;
  }
}
