import type { Generated } from 'kysely';
import type { UnixMs } from '../core/ids.ts';
import type { ActorKind, JsonText } from './column-types.ts';

/** Append-only. `body` is `{"payload":…,"reason":…}`; it and its salt are null after an erasure. */
export interface JournalTable {
  /** Over all chains, in the order of commits, without gaps. */
  readonly position: Generated<number>;
  readonly chain: string;
  readonly sequence: number;
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly at: UnixMs;
  readonly actor_kind: ActorKind;
  readonly actor_id: string;
  readonly correlation_id: string | null;
  readonly body: JsonText | null;
  readonly salt: string | null;
  readonly payload_hash: string;
  readonly hash: string;
}

/** Where each chain stands, and the highest fence that has written to it. */
export interface JournalHeadsTable {
  readonly chain: string;
  readonly sequence: number;
  readonly hash: string;
  readonly fence: number;
}

/** One row (`id` 1): the fence of the latest owner. */
export interface OwnerFenceTable {
  readonly id: number;
  readonly fence: number;
}

/** How far each durable subscriber has come, and what it stumbles over. */
export interface SubscriptionsTable {
  readonly name: string;
  readonly position: number;
  readonly failures: number;
  readonly last_error: string | null;
  readonly updated_at: UnixMs;
}

export interface CheckpointsTable {
  readonly key: string;
  readonly value: JsonText;
}

/** Which versions of Lotse have written here. */
export interface StateVersionsTable {
  readonly version: string;
  readonly since: UnixMs;
}
