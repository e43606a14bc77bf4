import { constants, createHash } from 'node:crypto';
import tls from 'node:tls';
import type { RoutedCertificate } from '../../core/routing-document.ts';

/** Mozilla's "intermediate" configuration, version 5.7 (https://wiki.mozilla.org/Security/Server_Side_TLS). */
export const secureSettings = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
  /** All of them are good, so clients have the choice. */
  honorCipherOrder: false,
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  /** Sessions are resumed only where this is the same: in all workers. */
  sessionIdContext: 'lotse',
} as const satisfies tls.SecureContextOptions;

type KeyPair = Pick<RoutedCertificate, 'chainPem' | 'keyPem'>;

/** What `node:tls` needs to show a certificate. Throws when it cannot be used: bad PEM, or a key that does not fit. */
export function compileCertificate(certificate: KeyPair, ticketKeys: Buffer): tls.SecureContext {
  return tls.createSecureContext({
    ...secureSettings,
    cert: certificate.chainPem,
    key: certificate.keyPem,
    ticketKeys,
  });
}

/** Equal for equal certificates. */
export function certificateDigest(certificate: KeyPair): string {
  return createHash('sha256').update(certificate.chainPem).update('\0').update(certificate.keyPem).digest('base64');
}
