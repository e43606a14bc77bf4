import { LotseError, type ErrorCode, type ErrorDetails } from '../../core/errors.ts';
import type { AcmeChallenge, RoutedEnvironment } from '../../core/routing-document.ts';
import type { Secret } from '../../core/secret.ts';
import type { DnsProofDefinition } from '../../manifest/app-manifest.ts';

/**
 * Where certificates come from: a public authority, the development CA of this machine, or files that somebody else
 * keeps fresh. Nothing of this is on the way of a request or a rollout; a driver may take minutes.
 */
export interface CertificateIssuer {
  readonly kind: IssuerKind;

  /**
   * Answers a certificate for all of these names (lower case, at least one, `*.shop.example` for one label). It may be
   * called again at any time, also after a crash in the middle: what was left over is used up or cleared away. The
   * caller checks names, key and times of what comes.
   *
   * Errors: CertificateRefused, whose message says what was tried and what to do.
   */
  issue(names: readonly string[], signal: AbortSignal): Promise<IssuedCertificate>;
}

/** `acme`: a public authority (RFC 8555). `local`: the development CA. `files`: files of the server. */
export type IssuerKind = 'acme' | 'local' | 'files';

/** Which issuer, and what it has to know. */
export type CertificateRequest =
  /** `dns` null: shown by a request on port 80. */
  | { readonly kind: 'acme'; readonly dns: DnsProofDefinition | null }
  | { readonly kind: 'local' }
  | { readonly kind: 'files'; readonly certificate: string; readonly key: string };

/** All issuers of a control plane. */
export interface CertificateSources {
  /** Null: by ACME, and nobody has agreed to an authority's terms. */
  issuer(request: CertificateRequest): CertificateIssuer | null;
  /** What the proxy has to answer for orders that are under way. */
  challenges(): readonly AcmeChallenge[];
  /** The root of the development CA (PEM) and the file that it lies in; made at the first question. */
  localRoot(): Promise<{ readonly certificatePem: string; readonly file: string }>;
}

/** What TLS gives an environment. */
export interface SecuredDoor {
  /** Where all of its domains can be reached by TLS; null: not all of them can. */
  readonly tlsPort: number | null;
  readonly https: RoutedEnvironment['https'];
  readonly previewDomains: readonly string[];
}

export interface IssuedCertificate {
  /** PEM: the certificate first, then what leads to its root. */
  readonly chainPem: string;
  /** PEM, PKCS #8 or older forms. */
  readonly keyPem: Secret;
}

/** Why there is no certificate now. */
export class CertificateRefused extends LotseError {
  /** The authority asks not to be asked again for so long, in milliseconds; null: it said nothing. */
  readonly retryAfterMs: number | null;
  /** The authority was not troubled with it, so trying again soon costs nothing there. */
  readonly isOwnFinding: boolean;

  constructor(
    code: Extract<ErrorCode, 'bad-input' | 'unreachable' | 'timeout' | 'conflict' | 'not-found'>,
    message: string,
    more: ErrorDetails & { readonly retryAfterMs?: number | null; readonly isOwnFinding?: boolean } = {},
  ) {
    super(code, message, { retriable: true, ...more });
    this.name = 'CertificateRefused';
    this.retryAfterMs = more.retryAfterMs ?? null;
    this.isOwnFinding = more.isOwnFinding ?? false;
  }
}

/** What was agreed with an authority, kept for the next order. */
export interface AuthorityAccount {
  readonly keyPem: Secret;
  /** Null: not registered yet. */
  readonly url: string | null;
}

/** Where accounts at authorities are kept, by the URL of their directory. */
export interface AccountBook {
  find(directory: string): Promise<AuthorityAccount | null>;
  keep(directory: string, account: AuthorityAccount): Promise<void>;
}
