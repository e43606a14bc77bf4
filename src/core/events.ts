import type { ChainName, UnixMs } from './ids.ts';

/** Who did it. Ids only: names and addresses lie in tables that can be erased. */
export interface Actor {
  readonly kind: 'person' | 'token' | 'system';
  readonly id: string;
}

export const systemActor: Actor = { kind: 'system', id: 'lotse' };

export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined };

/** What a caller hands to the journal. `type` is `<noun>-<past participle>`; `version` is of the payload's shape. */
export interface EventDraft<Type extends string = string, Payload = unknown> {
  readonly type: Type;
  readonly version: number;
  readonly actor: Actor;
  readonly reason: string | null;
  /** Ties together all events of one undertaking, e.g. the rollout's id. */
  readonly correlationId: string | null;
  readonly payload: Payload;
}

/** What the journal gives back. `payload` and `reason` are null after an erasure; the chain still verifies. */
export interface JournalEvent<Type extends string = string, Payload = unknown> extends EventDraft<Type, Payload> {
  readonly chain: ChainName;
  /** 1, 2, 3, … within its chain, without gaps. */
  readonly sequence: number;
  /** UUIDv7: a cursor over all chains. */
  readonly id: string;
  readonly at: UnixMs;
  readonly hash: string;
  readonly erased: boolean;
}
