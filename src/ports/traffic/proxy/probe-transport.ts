import { X509Certificate } from 'node:crypto';
import { request, type RequestOptions } from 'node:http';
import type { ConnectionOptions } from 'node:tls';
import type { TrustedProxy } from '../../../core/routing-document.ts';
import type { Duplex } from 'node:stream';
import { greeted, greetedConnection } from './greeted-connection.ts';

/** Whom a probe by TLS believes. */
export type ProbeTls =
  /** As a visitor: the certificate is for the host, and leads to a root of the system or one of these (PEM). */
  | { readonly kind: 'verified'; readonly extraRoots: readonly string[] }
  /** The certificate is one of these (PEM), whatever visitors think of it. */
  | { readonly kind: 'known'; readonly certificates: readonly string[] };

export interface ProbeTransport {
  readonly send: typeof request;
  readonly options: RequestOptions;
  /** Why whoever answered on this socket is not believed; null: it is. */
  readonly strangerOf: (socket: object) => string | null;
}

export interface ProbePath {
  /** For SNI, and what a verified certificate has to be for. */
  readonly host: string;
  readonly to: { readonly host: string; readonly port: number };
  /** Null: asked in plain. */
  readonly tls: ProbeTls | null;
  readonly trustedProxies: readonly TrustedProxy[];
  /** The connection to go by; it begins on the proxy's own machine. Missing: one from here. */
  readonly opened?: Duplex;
}

/** How a probe gets there. TLS is loaded where it is used: most who start Lotse begin without. */
export async function probeTransport(path: ProbePath): Promise<ProbeTransport> {
  const { host, to, tls, trustedProxies, opened } = path;
  const open = opened === undefined ? greetedConnection(to, trustedProxies) : () => greeted(opened, path);
  if (tls === null) {
    const options = open === null ? {} : { agent: undefined, createConnection: open };
    return { send: request, options, strangerOf: () => null };
  }
  const [https, { connect, rootCertificates, TLSSocket }] = await Promise.all([
    import('node:https'),
    import('node:tls'),
  ]);
  const trust: ConnectionOptions =
    tls.kind === 'verified' ? { ca: [...rootCertificates, ...tls.extraRoots] } : { rejectUnauthorized: false };
  const secure = { ...trust, servername: host };
  const strangerOf: ProbeTransport['strangerOf'] = (socket) => {
    if (tls.kind === 'verified') return null;
    const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.fingerprint256 : undefined;
    const known = tls.certificates.map((pem) => new X509Certificate(pem).fingerprint256);
    const isKnown = shown !== undefined && known.includes(shown);
    return isKnown ? null : `${host} was answered with a certificate that the proxy was not told to show`;
  };
  if (open === null) return { send: https.request, options: secure, strangerOf };
  const createConnection = () => connect({ ...secure, socket: open() });
  return { send: https.request, options: { ...secure, agent: undefined, createConnection }, strangerOf };
}
