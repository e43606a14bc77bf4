import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Collection, Documents, JsonObject, Transaction } from '../documents.ts';
import { SqliteCollection } from './collection.ts';
import type { Store } from './collection.ts';
import { inImmediate, isBusy, openDatabase } from './database.ts';
import { Listeners } from './listeners.ts';
import { Rows } from './rows.ts';
import type { Write } from './rows.ts';
import { runTransaction } from './transaction.ts';

export type SqliteDocumentsOptions = {
  /** Made when it is not there; holds `documents.db` and SQLite's own files beside it. */
  readonly folder: string;
  /** Fields that queries compare, in whichever collection. */
  readonly indexes?: readonly string[];
  /** False: the folder is on a file system whose changes nobody tells. */
  readonly mayWatch?: boolean;
};

/** The driver on node:sqlite in WAL mode: any number of processes of one machine share the folder. */
export async function openSqliteDocuments(options: SqliteDocumentsOptions): Promise<Documents> {
  const database = await openDatabase(options.folder, options.indexes ?? []);
  return new SqliteDocuments(database, options);
}

class SqliteDocuments implements Documents {
  readonly #database: DatabaseSync;
  readonly #store: Store;

  constructor(database: DatabaseSync, { folder, mayWatch }: SqliteDocumentsOptions) {
    const rows = new Rows(database);
    this.#database = database;
    const listeners = new Listeners(rows, folder, mayWatch ?? true);
    this.#store = { rows, listeners, write: (write) => this.#write(write) };
  }

  collection<T extends JsonObject>(name: string, read: (data: JsonObject) => T): Collection<T> {
    return new SqliteCollection(this.#store, name, read);
  }

  async runTransaction<R>(work: (transaction: Transaction) => Promise<R>): Promise<R> {
    const result = await runTransaction(this.#database, this.#store.rows, work);
    this.#store.listeners.soon();
    return result;
  }

  async close(): Promise<void> {
    this.#store.listeners.close();
    if (this.#database.isOpen) this.#database.close();
  }

  async #write(write: Write): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        inImmediate(this.#database, () => this.#store.rows.write(write));
        return this.#store.listeners.soon();
      } catch (error) {
        if (!isBusy(error) || attempt === 5) throw error;
        await sleep(Math.random() * 20 * attempt);
      }
    }
  }
}
