import type { Actor } from '../../core/events.ts';
import type { Scope, UnixMs } from '../../core/ids.ts';
import type { Secret } from '../../core/secret.ts';

/** One secret of one environment; `name` is the variable by which instances get it. */
export interface SecretPlace extends Scope {
  readonly name: string;
}

/** What may be shown of a secret. */
export interface KnownSecret {
  readonly name: string;
  /** Another one for each value; text, because stores elsewhere have names of their own for it. */
  readonly version: string;
  readonly setAt: UnixMs;
}

export interface HeldSecret {
  readonly version: string;
  readonly value: Secret;
}

export interface SecretStoreTraits {
  /** For people: `the vault`, `HashiCorp Vault at vault.example:8200`. */
  readonly title: string;
  /** Values are given to it elsewhere: `write`, `revoke` and `remove` are refused (`conflict`), saying where. */
  readonly isReadOnly: boolean;
  /** It writes its own changes to the journal, each together with the change. Of others somebody else keeps the books. */
  readonly keepsBooks: boolean;
}

/** Why a value is written, and what becomes of the one before it. */
export interface SecretChange {
  readonly reason: string | null;
  /** The version before it can be read until it is revoked; otherwise Lotse's own vault forgets it at once. */
  readonly keepsOld: boolean;
}

/**
 * Where values of secrets lie. A value leaves it as `Secret` only, for whoever starts what needs it. Every method but
 * `write` may be called again. Errors besides those named: `sealed` (it cannot be opened: the key is missing or another
 * one, a store elsewhere is sealed), `unreachable` and `timeout` (retriable), `forbidden` (a store elsewhere refuses us),
 * `bad-input` (it cannot hold such a name or value).
 */
export interface SecretStore {
  readonly traits: SecretStoreTraits;

  /** The value in force, or the one of that version. Null: there is none, it was revoked, or was removed. */
  read(place: SecretPlace, version?: string): Promise<HeldSecret | null>;

  /** What there is in the environment, by name. */
  list(scope: Scope): Promise<readonly KnownSecret[]>;

  /** From now on this value is in force. */
  write(place: SecretPlace, value: Secret, by: Actor, change: SecretChange): Promise<KnownSecret>;

  /** This version can no longer be read: forgotten, or disabled where a store keeps versions. The one in force is refused: `conflict`. */
  revoke(place: SecretPlace, version: string, by: Actor): Promise<void>;

  /** No version can be read any more. Errors: `not-found`. */
  remove(place: SecretPlace, by: Actor, reason: string | null): Promise<void>;
}
