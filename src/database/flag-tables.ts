import type { UnixMs } from '../core/ids.ts';
import type { ActorKind, JsonText } from './column-types.ts';

/** What people have said about a flag of an environment; every version is kept, the highest holds. */
export interface FlagStatesTable {
  readonly app: string;
  readonly environment: string;
  readonly flag: string;
  readonly version: number;
  readonly state: JsonText;
  readonly changed_at: UnixMs;
  readonly changed_by_kind: ActorKind;
  readonly changed_by_id: string;
  readonly reason: string | null;
}

/** Keys that read the flags of one environment, and nothing else. */
export interface FlagKeysTable {
  readonly key: string;
  /** SHA-256 in hex of the secret, which is stored nowhere. */
  readonly secret_hash: string;
  readonly app: string;
  readonly environment: string;
  readonly name: string;
  readonly created_at: UnixMs;
  readonly created_by_kind: ActorKind;
  readonly created_by_id: string;
  readonly revoked_at: UnixMs | null;
}

/** When a flag was asked for last; an empty name: when all of an environment were. */
export interface FlagUsesTable {
  readonly app: string;
  readonly environment: string;
  readonly flag: string;
  readonly used_at: UnixMs;
}
