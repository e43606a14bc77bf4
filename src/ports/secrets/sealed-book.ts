import type { Actor } from '../../core/events.ts';
import type { Scope, UnixMs } from '../../core/ids.ts';
import type { SecretChange, SecretPlace } from './secrets.ts';

/** A value of one secret, as it is kept. */
export interface SealedSecret {
  readonly name: string;
  readonly version: number;
  readonly sealed: string;
  readonly setAt: UnixMs;
}

/** Where sealed values are kept. What is written is in the journal together with it. */
export interface SealedBook {
  /** The one in force, or the one of that version while it is kept. */
  find(place: SecretPlace, version: number | null): Promise<SealedSecret | null>;
  /** Those in force. */
  list(scope: Scope): Promise<readonly SealedSecret[]>;
  /** Nothing is sealed by the key of the vault, no key of a certificate either. */
  isEmpty(): Promise<boolean>;
  /**
   * `seal` is given the number of the new version. When this resolves, all values before it are gone; with `keepsOld` all
   * but the one that was in force.
   */
  put(place: SecretPlace, seal: (version: number) => string, by: Actor, change: SecretChange): Promise<SealedSecret>;
  /** Forgets a version that is not in force; nothing when it is not kept. */
  drop(place: SecretPlace, version: number, by: Actor): Promise<void>;
  /** False: it was not there. */
  remove(place: SecretPlace, by: Actor, reason: string | null): Promise<boolean>;
}
