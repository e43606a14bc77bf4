import type { Actor, EventDraft } from '../../core/events.ts';
import type { UnixMs } from '../../core/ids.ts';

/** What the journal keeps about secrets, in the chain of their environment. Never a value, nor anything made from one. */
interface SecretEventPayloads {
  readonly 'secret-set': { readonly name: string; readonly version: string };
  /** A new value is being written; the old one (that version) is kept. */
  readonly 'secret-rotation-begun': { readonly name: string; readonly version: string };
  /** It was not written after all: the control plane died before. */
  readonly 'secret-rotation-given-up': { readonly name: string; readonly version: string };
  readonly 'secret-rotated': { readonly name: string; readonly from: string; readonly to: string };
  /** A run of a job was given a value that takes the place of this secret's when the run succeeds. */
  readonly 'secret-successor-given': { readonly name: string; readonly run: string };
  readonly 'secret-revoked': { readonly name: string; readonly version: string };
  /** Its value ends elsewhere within so many days; 0: it has ended. */
  readonly 'secret-expiring': { readonly name: string; readonly expiresAt: UnixMs; readonly days: number };
  readonly 'secret-removed': { readonly name: string };
  /** Starts of the revision are given these versions, from the first on or from now on. */
  readonly 'secrets-used': {
    readonly revision: string;
    readonly release: string;
    readonly versions: Readonly<Record<string, string>>;
  };
  /** A build of that commit was given these versions, in the chain of the place of builds. */
  readonly 'build-secrets-used': { readonly commit: string; readonly versions: Readonly<Record<string, string>> };
}

export function secretEvent<Type extends keyof SecretEventPayloads>(
  type: Type,
  by: { readonly actor: Actor; readonly reason: string | null },
  payload: SecretEventPayloads[Type],
): EventDraft {
  return { type, version: 1, ...by, correlationId: null, payload };
}
