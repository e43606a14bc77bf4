import type { EventDraft } from '../core/events.ts';
import type { ChainName, UnixMs } from '../core/ids.ts';
import type { Journal } from '../engine/journal.ts';
import { appendRows } from './journal-append.ts';
import { eraseRow, forgetOldPages } from './journal-erase.ts';
import type { Erasure } from './journal-erase.ts';
import { createAppendListeners } from './append-listeners.ts';
import type { AppendListener } from './append-listeners.ts';
import { createJournalReader } from './journal-reader.ts';
import type { JournalReader } from './journal-reader.ts';
import type { PositionedEvent } from './journal-rows.ts';
import type { Database } from './open-database.ts';
import { quietDraft } from './quiet-draft.ts';
import type { Transaction } from './schema.ts';
import { createDowncast, createUpcast } from './upcast.ts';
import type { Upcaster } from './upcast.ts';
import { upcasters as allUpcasters } from './upcasters.ts';

export interface JournalOptions {
  readonly now: () => UnixMs;
  /** A fresh UUIDv7, above every one before it. */
  readonly newId: () => string;
  /** At least 128 random bits as text: without its salt an erased payload cannot be guessed from its hash. */
  readonly newSalt: () => string;
  readonly upcasters?: readonly Upcaster[];
  /** Sees through all words of an event before it is written: secret values are put out of sight. Left out: nothing is. */
  readonly hide?: (text: string) => string;
}

/** One transaction over journal and tables: what `work` wrote and appended becomes durable together, or not at all. */
export interface JournalTransaction {
  readonly trx: Transaction;
  append(chain: ChainName, fence: number, drafts: readonly EventDraft[]): Promise<readonly PositionedEvent[]>;
}

export interface DatabaseJournal extends Journal, JournalReader {
  read: JournalReader['read'];
  append(chain: ChainName, fence: number, drafts: readonly EventDraft[]): Promise<readonly PositionedEvent[]>;
  /** `append`, with further writes in the same transaction. No drafts: only the fence is checked. */
  appendWith(
    chain: ChainName,
    fence: number,
    drafts: readonly EventDraft[],
    write: (trx: Transaction, events: readonly PositionedEvent[]) => Promise<void>,
  ): Promise<readonly PositionedEvent[]>;
  /** The general form, for several chains or for drafts that depend on a read. `work` runs at most once. */
  transact<T>(work: (unit: JournalTransaction) => Promise<T>): Promise<T>;
  /**
   * Deletes payload, reason and salt of one event for good, and appends `payload-erased` to its chain; the chain still
   * verifies. May be called again: gives back the first record. Errors: `not-found`, `conflict` (the event is itself the
   * record of an erasure), `locked` (retriable: another process still reads the old bytes), those of `append`.
   */
  erase(chain: ChainName, sequence: number, erasure: Erasure): Promise<PositionedEvent>;
  /** Told after each commit, in the order of positions. Gives back how to stop listening. */
  onAppend(listener: AppendListener): () => void;
}

/** The journal in the control plane's database; one per database and process. */
export function openJournal(database: Database, options: JournalOptions): DatabaseJournal {
  const { now, newId, newSalt, upcasters = allUpcasters, hide } = options;
  const draw = () => ({ id: newId(), at: now(), salt: newSalt() });
  const upcast = createUpcast(upcasters);
  const writable = createDowncast(upcasters, (migration) => database.isSettled(migration));
  const listeners = createAppendListeners();
  const transact = <T>(work: (unit: JournalTransaction) => Promise<T>): Promise<T> => {
    const appended: PositionedEvent[] = [];
    const run = (trx: Transaction): Promise<T> =>
      work({
        trx,
        async append(chain, fence, drafts) {
          const quiet = hide === undefined ? drafts : drafts.map((draft) => quietDraft(draft, hide));
          const rows = await appendRows(trx, { chain, fence, drafts: quiet.map(writable) }, draw);
          const events = rows.map(upcast);
          appended.push(...events);
          return events;
        },
      });
    return database.write(run, () => listeners.tell(appended));
  };
  return {
    ...createJournalReader(database, upcast),
    transact,
    append: (chain, fence, drafts) => transact((unit) => unit.append(chain, fence, drafts)),
    appendWith: (chain, fence, drafts, write) =>
      transact(async (unit) => {
        const events = await unit.append(chain, fence, drafts);
        await write(unit.trx, events);
        return events;
      }),
    async erase(chain, sequence, erasure) {
      const record = await transact((unit) => eraseRow(unit, chain, sequence, erasure));
      await forgetOldPages(database);
      return record;
    },
    onAppend: (listener) => listeners.add(listener),
  };
}
