import type { Selectable } from 'kysely';
import { chainOf, type AppName, type UnixMs } from '../../core/ids.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { Database } from '../../database/open-database.ts';
import type { Transaction } from '../../database/schema.ts';
import type { DeliveriesTable, DeliveryState } from '../../database/source-tables.ts';
import type { Judged, Source } from './source.ts';
import { actorOf, sourceEvent } from './source-events.ts';

interface DeliveryRowParts {
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly fence: () => number;
  readonly now: () => UnixMs;
  /** A fresh UUIDv7. */
  readonly newId: () => string;
}

/** What a webhook brought. */
export interface Delivery {
  readonly id: string;
  readonly app: AppName;
  readonly source: string;
  readonly delivery: string;
  readonly event: string;
  readonly commit: string | null;
  readonly state: DeliveryState;
  readonly note: string | null;
  readonly release: string | null;
  readonly rollout: string | null;
  readonly receivedAt: UnixMs;
  readonly endedAt: UnixMs | null;
}

interface Arrived {
  readonly delivery: string;
  readonly event: string;
  readonly judged: Judged;
}

/** What is over is kept so long, in milliseconds. */
const keptMs = 30 * 24 * 3_600_000;

/** All that webhooks have brought: each delivery once, whatever came of it. */
export class DeliveryRows {
  readonly #parts: DeliveryRowParts;

  constructor(parts: DeliveryRowParts) {
    this.#parts = parts;
  }

  /** A push takes the place of those of its source that are not over. One that is known is as it was, but one that failed is tried again. */
  async take(source: Source, arrived: Arrived): Promise<{ readonly delivery: Delivery; readonly isNew: boolean }> {
    const { journal, fence, now, newId } = this.#parts;
    const { app, name } = source;
    const { delivery, event, judged } = arrived;
    return await journal.transact(async ({ trx, append }) => {
      const known = await select(trx, app, name).where('delivery', '=', delivery).executeTakeFirst();
      if (known !== undefined && known.state !== 'failed') return { delivery: deliveryOf(known), isNew: false };
      const isPush = judged.kind === 'deploy';
      if (isPush) await this.#supersede(trx, source);
      const id = known?.id ?? newId();
      const state: DeliveryState = isPush ? 'waiting' : 'ignored';
      const row = {
        ...{ id, app, source: name, delivery, event, commit_id: isPush ? judged.commit : null },
        ...{ state, note: isPush ? null : judged.why, release: null, rollout: null },
        ...{ received_at: now(), ended_at: isPush ? null : now() },
      } as const;
      if (known === undefined) await trx.insertInto('deliveries').values(row).execute();
      else await trx.updateTable('deliveries').set(row).where('id', '=', id).execute();
      if (isPush) {
        const payload = { source: name, delivery: id, commit: judged.commit };
        await append(chainOf(source), fence(), [sourceEvent('push-received', actorOf(source), payload)]);
      }
      return { delivery: deliveryOf(row), isNew: true };
    });
  }

  /** Those that are not over, the oldest first. */
  async open(): Promise<readonly Delivery[]> {
    const rows = await this.#parts.database.db
      .selectFrom('deliveries')
      .selectAll()
      .where('state', 'in', ['waiting', 'working'])
      .orderBy('received_at')
      .orderBy('id')
      .execute();
    return rows.map(deliveryOf);
  }

  /** The newest first. */
  async list(app: AppName, source: string, most: number): Promise<readonly Delivery[]> {
    const rows = await select(this.#parts.database.db, app, source)
      .orderBy('received_at', 'desc')
      .orderBy('id', 'desc')
      .limit(most)
      .execute();
    return rows.map(deliveryOf);
  }

  async find(id: string): Promise<Delivery | null> {
    const row = await this.#parts.database.db
      .selectFrom('deliveries')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row === undefined ? null : deliveryOf(row);
  }

  /** What it does now. Nothing, once it is over. */
  async progress(
    id: string,
    columns: { readonly note: string; readonly commit?: string; readonly release?: string; readonly rollout?: string },
  ) {
    const { commit, ...rest } = columns;
    await this.#parts.database.db
      .updateTable('deliveries')
      .set({ state: 'working', ...rest, ...(commit === undefined ? {} : { commit_id: commit }) })
      .where('id', '=', id)
      .where('state', 'in', ['waiting', 'working'])
      .execute();
  }

  async deployed(source: Source, { id, release }: Delivery): Promise<void> {
    const draft = sourceEvent('push-deployed', actorOf(source), { source: source.name, delivery: id, release });
    await this.#end(source, id, draft, { state: 'deployed', note: null });
  }

  async failed(source: Source, { id, commit, rollout }: Delivery, code: string, note: string): Promise<void> {
    const payload = { source: source.name, delivery: id, commit: commit ?? '', code, rollout };
    await this.#end(source, id, sourceEvent('push-failed', actorOf(source), payload), { state: 'failed', note });
  }

  async forgetOld(): Promise<void> {
    const before = this.#parts.now() - keptMs;
    await this.#parts.database.db.deleteFrom('deliveries').where('ended_at', '<', before).execute();
  }

  async #end(
    source: Source,
    id: string,
    draft: ReturnType<typeof sourceEvent>,
    columns: { readonly state: 'deployed' | 'failed'; readonly note: string | null },
  ): Promise<void> {
    const { journal, fence, now } = this.#parts;
    await journal.appendWith(chainOf(source), fence(), [draft], async (trx) => {
      await trx
        .updateTable('deliveries')
        .set({ ...columns, ended_at: now() })
        .where('id', '=', id)
        .execute();
    });
  }

  async #supersede(trx: Transaction, { app, name }: Source): Promise<void> {
    await trx
      .updateTable('deliveries')
      .set({ state: 'superseded', note: 'a newer push came', ended_at: this.#parts.now() })
      .where((row) => row.and({ app, source: name }))
      .where('state', 'in', ['waiting', 'working'])
      .execute();
  }
}

function select(db: Database['db'] | Transaction, app: AppName, source: string) {
  return db
    .selectFrom('deliveries')
    .selectAll()
    .where((row) => row.and({ app, source }));
}

function deliveryOf(row: Selectable<DeliveriesTable>): Delivery {
  const { commit_id: commit, received_at: receivedAt, ended_at: endedAt, ...rest } = row;
  return { ...rest, commit, receivedAt, endedAt };
}
