import type { UnixMs } from '../core/ids.ts';

/** One secret of one environment. */
interface SecretKey {
  readonly app: string;
  readonly environment: string;
  readonly name: string;
}

/** Values of the built-in vault, sealed. A secret that was removed keeps its row: versions never come again. */
export interface SecretsTable extends SecretKey {
  readonly version: number;
  /** Null: removed. */
  readonly sealed: string | null;
  readonly set_at: UnixMs;
  /** The one before it, while a rotation keeps it. */
  readonly old_version: number | null;
  readonly old_sealed: string | null;
}

/** Rotations whose old value is still valid, of whatever store. */
export interface SecretRotationsTable extends SecretKey {
  readonly old_version: string;
  /** Null: it is being written, and nobody knows yet whether it was. */
  readonly new_version: string | null;
  readonly begun_at: UnixMs;
}

/** Which version the starts of a revision were given last. */
export interface SecretUsesTable extends SecretKey {
  readonly revision: string;
  readonly version: string;
}

/** When the value in force ends elsewhere, for those that somebody gave an end. */
export interface SecretTermsTable extends SecretKey {
  readonly expires_at: UnixMs;
}
