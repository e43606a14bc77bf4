import type { Actor, EventDraft } from '../../core/events.ts';

/** What the journal keeps about certificates, in the chain of their environment. Never a key. */
interface CertificateEventPayloads {
  readonly 'certificate-issued': Issued;
  readonly 'certificate-renewed': Issued;
  /** Told once for each thing that goes wrong, not for each attempt. `heldUntil` null: nothing is served instead. */
  readonly 'certificate-failed': {
    readonly name: string;
    readonly issuer: string;
    readonly message: string;
    readonly failures: number;
    readonly nextTryAt: number;
    readonly heldUntil: number | null;
  };
}

interface Issued {
  readonly name: string;
  readonly names: readonly string[];
  readonly issuer: string;
  /** SHA-256 of the certificate. */
  readonly fingerprint: string;
  readonly validFrom: number;
  readonly validUntil: number;
}

export function certificateEvent<Type extends keyof CertificateEventPayloads>(
  type: Type,
  actor: Actor,
  payload: CertificateEventPayloads[Type],
): EventDraft {
  return { type, version: 1, actor, reason: null, correlationId: null, payload };
}
