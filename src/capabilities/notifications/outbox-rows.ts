import { z } from 'zod';
import { chainOf, type Scope, type UnixMs } from '../../core/ids.ts';
import { nextTryAt } from '../../core/next-try.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import { decodeJson, encodeJson } from '../../database/json-column.ts';
import type { Database } from '../../database/open-database.ts';
import type { OutboxTable } from '../../database/outbox-table.ts';
import type { Transaction } from '../../database/schema.ts';
import { placeFact, pressings, type Fact, type FactKind, type Pace, type Telling } from './notification.ts';
import { givenUpEvent } from './notification-events.ts';

interface OutboxRowParts {
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly fence: () => number;
  readonly now: () => UnixMs;
  /** A fresh UUIDv7. */
  readonly newId: () => string;
  readonly pace: Pace;
  /** Called after something has changed in the messages of an environment. */
  readonly changed?: (scope: Scope) => void;
}

/** A message to one receiver, on its way or there. */
export interface OutboxMessage extends Scope {
  readonly id: string;
  readonly receiver: string;
  readonly story: string;
  readonly facts: readonly Fact[];
  readonly state: 'waiting' | 'delivered' | 'failed';
  readonly createdAt: UnixMs;
  readonly attempts: number;
  readonly nextTryAt: UnixMs;
  readonly problem: string | null;
  readonly endedAt: UnixMs | null;
}

const isKind = (text: string): text is FactKind => Object.hasOwn(pressings, text);
const factsShape = z.array(
  z.object({
    id: z.string(),
    kind: z.string().refine(isKind),
    at: z.number(),
    data: z.record(z.string(), z.string()),
  }),
);

/** What is over is kept so long, in milliseconds. */
const keptMs = 30 * 24 * 3_600_000;

/** All that people are told, durably: a message is in here before anybody is called, and until it was taken. */
export class OutboxRows {
  readonly #parts: OutboxRowParts;

  constructor(parts: OutboxRowParts) {
    this.#parts = parts;
  }

  /** Puts a fact into the message of each receiver; harmless when it is in one. Answers the messages that it is in now. */
  async tell(scope: Scope, receivers: readonly string[], telling: Telling): Promise<readonly string[]> {
    const told = await this.#parts.database.write(async (trx) => {
      const ids: string[] = [];
      for (const receiver of receivers) ids.push(...(await this.#tellOne(trx, scope, receiver, telling)));
      return ids;
    });
    this.#parts.changed?.(scope);
    return told;
  }

  /** Those that are due, the oldest first. */
  async due(): Promise<readonly OutboxMessage[]> {
    const rows = await this.#parts.database.db
      .selectFrom('outbox')
      .selectAll()
      .where('state', '=', 'waiting')
      .where('next_try_at', '<=', this.#parts.now())
      .orderBy('next_try_at')
      .orderBy('id')
      .limit(200)
      .execute();
    return rows.map(messageOf);
  }

  /** The newest first. */
  async list({ app, environment }: Scope, most: number): Promise<readonly OutboxMessage[]> {
    const rows = await this.#parts.database.db
      .selectFrom('outbox')
      .selectAll()
      .where((row) => row.and({ app, environment }))
      .orderBy('id', 'desc')
      .limit(most)
      .execute();
    return rows.map(messageOf);
  }

  /** From now on nothing is added to it. Answers what it tells by now; null: it is over. */
  async beginAttempt(id: string): Promise<OutboxMessage | null> {
    const row = await this.#parts.database.db
      .updateTable('outbox')
      .set(({ eb }) => ({ attempts: eb('attempts', '+', 1) }))
      .where('id', '=', id)
      .where('state', '=', 'waiting')
      .returningAll()
      .executeTakeFirst();
    return row === undefined ? null : messageOf(row);
  }

  /** What has failed is tried again at once: a new control plane may have a network that the one before had not. */
  async tryAllAgain(): Promise<void> {
    await this.#parts.database.db
      .updateTable('outbox')
      .set({ next_try_at: this.#parts.now() })
      .where('state', '=', 'waiting')
      .where('attempts', '>', 0)
      .execute();
  }

  async delivered(message: OutboxMessage): Promise<void> {
    const columns = { state: 'delivered', problem: null, ended_at: this.#parts.now() } as const;
    await this.#parts.database.db.updateTable('outbox').set(columns).where('id', '=', message.id).execute();
    this.#parts.changed?.(message);
  }

  /** It is tried again later, or given up when its time is over. */
  async failed(message: OutboxMessage, problem: string): Promise<void> {
    await this.#fail(message, problem);
    this.#parts.changed?.(message);
  }

  async forgetOld(): Promise<void> {
    await this.#parts.database.db
      .deleteFrom('outbox')
      .where('state', '!=', 'waiting')
      .where('ended_at', '<', this.#parts.now() - keptMs)
      .execute();
  }

  async #fail(message: OutboxMessage, problem: string): Promise<void> {
    const { id, attempts } = message;
    const now = this.#parts.now();
    const next = nextTryAt(attempts, message.createdAt, now);
    const { journal, fence, database } = this.#parts;
    if (next !== null) {
      const columns = { problem, next_try_at: next };
      await database.db.updateTable('outbox').set(columns).where('id', '=', id).execute();
      return;
    }
    const event = givenUpEvent({ message: id, attempts });
    await journal.appendWith(chainOf(message), fence(), [event], async (trx) => {
      const columns = { problem, state: 'failed', ended_at: now } as const;
      await trx.updateTable('outbox').set(columns).where('id', '=', id).execute();
    });
  }

  async #tellOne(trx: Transaction, scope: Scope, receiver: string, telling: Telling): Promise<readonly string[]> {
    const { now, pace, newId } = this.#parts;
    const { app, environment } = scope;
    const { story, fact } = telling;
    const rows = await trx
      .selectFrom('outbox')
      .selectAll()
      .where((row) => row.and({ app, environment, receiver, story }))
      .execute();
    const messages = rows.map(messageOf);
    const told = messages.map(({ facts, state, attempts, createdAt, nextTryAt: sendAt }) => {
      return { facts, isOpen: state === 'waiting' && attempts === 0, createdAt, sendAt };
    });
    const placing = placeFact(telling, told, now(), pace);
    switch (placing.kind) {
      case 'known':
        return messages.filter(({ facts }) => facts.some(({ id }) => id === fact.id)).map(({ id }) => id);
      case 'add': {
        const open = messages.find(({ state, attempts }) => state === 'waiting' && attempts === 0);
        if (open === undefined) return [];
        const columns = { facts: encodeJson([...open.facts, fact]), next_try_at: placing.sendAt };
        await trx.updateTable('outbox').set(columns).where('id', '=', open.id).execute();
        return [open.id];
      }
      case 'new': {
        const id = newId();
        await trx
          .insertInto('outbox')
          .values({
            ...{ id, app, environment, receiver, story, facts: encodeJson([fact]), state: 'waiting' },
            ...{ created_at: now(), attempts: 0, next_try_at: placing.sendAt, problem: null, ended_at: null },
          })
          .execute();
        return [id];
      }
    }
  }
}

function messageOf({ facts, created_at, next_try_at, ended_at, ...row }: OutboxTable): OutboxMessage {
  return {
    ...row,
    facts: decodeJson(facts, factsShape, `message ${row.id}`),
    ...{ createdAt: created_at, nextTryAt: next_try_at, endedAt: ended_at },
  };
}
