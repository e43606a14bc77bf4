import type { ChainName } from '../core/ids.ts';
import type { Journal, JournalQuery } from '../engine/journal.ts';
import { eventOf } from './journal-rows.ts';
import type { PositionedEvent } from './journal-rows.ts';
import type { Database } from './open-database.ts';
import type { Upcast } from './upcast.ts';

export interface ReadAllQuery {
  /** 0: from the first event. */
  readonly afterPosition: number;
  readonly limit: number;
  readonly chain?: ChainName;
}

/** Reading the journal; every event comes in the latest version of its type. */
export interface JournalReader extends Pick<Journal, 'heads'> {
  read(chain: ChainName, query: JournalQuery): Promise<readonly PositionedEvent[]>;
  /** Events over all chains (or of one) after a position, oldest first. */
  readAll(query: ReadAllQuery): Promise<readonly PositionedEvent[]>;
  /** Where an event stands, by the id that the outside knows it by; null: there is none. */
  positionOf(id: string): Promise<number | null>;
  /** Position of the latest event of all; 0: there is none. */
  lastPosition(): Promise<number>;
}

export function createJournalReader({ db }: Database, upcast: Upcast): JournalReader {
  return {
    async read(chain, { after, limit, correlationId }) {
      let query = db.selectFrom('journal').selectAll().where('chain', '=', chain).where('sequence', '>', after);
      if (correlationId !== null) query = query.where('correlation_id', '=', correlationId);
      const rows = await query.orderBy('sequence').limit(limit).execute();
      return rows.map((row) => upcast(eventOf(row)));
    },
    async readAll({ afterPosition, limit, chain }) {
      let query = db.selectFrom('journal').selectAll().where('position', '>', afterPosition);
      if (chain !== undefined) query = query.where('chain', '=', chain);
      const rows = await query.orderBy('position').limit(limit).execute();
      return rows.map((row) => upcast(eventOf(row)));
    },
    async heads() {
      const rows = await db.selectFrom('journal_heads').selectAll().where('sequence', '>', 0).execute();
      return Object.fromEntries(rows.map(({ chain, sequence, hash }) => [chain, { sequence, hash }]));
    },
    async positionOf(id) {
      const row = await db.selectFrom('journal').select('position').where('id', '=', id).executeTakeFirst();
      return row?.position ?? null;
    },
    async lastPosition() {
      const row = await db
        .selectFrom('journal')
        .select('position')
        .orderBy('position', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row?.position ?? 0;
    },
  };
}
