/** One thing to show to an authority: that a name is ours (RFC 8555 section 8). */
export interface ShownChallenge {
  /** The name itself, also for a wildcard: `shop.example`. */
  readonly name: string;
  readonly token: string;
  /** `http-01`: the key authorization; `dns-01`: the value of the TXT record. */
  readonly answer: string;
}

/** A way of showing it. */
export interface AcmeProof {
  readonly type: 'http-01' | 'dns-01';

  /** Resolves when the authority can see it. May be called again. Errors: CertificateRefused. */
  present(challenge: ShownChallenge, signal: AbortSignal): Promise<void>;

  /** Takes it away; what is gone already is fine. */
  remove(challenge: ShownChallenge): Promise<void>;
}
