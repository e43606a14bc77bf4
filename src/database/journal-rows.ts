import type { Insertable, Selectable } from 'kysely';
import { z } from 'zod';
import { hashLink, hashPayload } from '../core/chain.ts';
import type { ChainLink } from '../core/chain.ts';
import type { EventDraft, JournalEvent } from '../core/events.ts';
import type { ChainName } from '../core/ids.ts';
import { decodeJson, encodeJson } from './json-column.ts';
import type { JournalTable } from './journal-tables.ts';

export type JournalRow = Selectable<JournalTable>;

/** An event with its place over all chains, by which readers go on where they stood. */
export interface PositionedEvent extends JournalEvent {
  /** 1, 2, 3, … in the order of commits. */
  readonly position: number;
}

/** What is drawn for one new row. */
export interface RowOrigin {
  readonly id: string;
  readonly at: number;
  readonly salt: string;
}

export interface ChainPlace {
  readonly sequence: number;
  readonly hash: string;
}

const bodyShape = z.object({ payload: z.unknown(), reason: z.string().nullable() });

/** The row that follows `previous` in its chain. */
export function rowOf(
  chain: ChainName,
  previous: ChainPlace,
  draft: EventDraft,
  origin: RowOrigin,
): Insertable<JournalTable> {
  const body = `{"payload":${encodeJson(draft.payload ?? null)},"reason":${encodeJson(draft.reason)}}`;
  const row = {
    chain,
    sequence: previous.sequence + 1,
    id: origin.id,
    type: draft.type,
    version: draft.version,
    at: origin.at,
    actor_kind: draft.actor.kind,
    actor_id: draft.actor.id,
    correlation_id: draft.correlationId,
    body,
    salt: origin.salt,
    payload_hash: hashPayload(origin.salt, body),
  };
  return { ...row, hash: hashLink(previous.hash, linkOf(row)) };
}

/** The fields that the chain's hash covers. */
export function linkOf(row: Omit<JournalRow, 'position' | 'hash'>): ChainLink {
  return {
    chain: row.chain,
    sequence: row.sequence,
    id: row.id,
    type: row.type,
    version: row.version,
    at: row.at,
    actor: `${row.actor_kind}:${row.actor_id}`,
    correlationId: row.correlation_id,
    payloadHash: row.payload_hash,
  };
}

export function eventOf(row: JournalRow): PositionedEvent {
  const body = row.body === null ? null : decodeJson(row.body, bodyShape, `Event ${row.sequence} of ${row.chain}`);
  return {
    position: row.position,
    chain: chainName(row.chain),
    sequence: row.sequence,
    id: row.id,
    type: row.type,
    version: row.version,
    at: row.at,
    actor: { kind: row.actor_kind, id: row.actor_id },
    reason: body?.reason ?? null,
    correlationId: row.correlation_id,
    payload: body?.payload ?? null,
    hash: row.hash,
    erased: body === null,
  };
}

function chainName(text: string): ChainName {
  const slash = text.indexOf('/');
  return slash < 0 ? 'control' : `${text.slice(0, slash)}/${text.slice(slash + 1)}`;
}
