import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { DocumentsError } from '../documents.ts';
import type { DocumentRef, DocumentSnapshot, Fields, JsonObject, Transaction } from '../documents.ts';
import { inImmediate, isBusy } from './database.ts';
import type { Rows, Write } from './rows.ts';

const maxAttempts = 5;

/**
 * Optimistic, as in Firestore's client libraries: reads remember versions, writes are kept back, and the commit takes hold
 * only if every version is still the same. So no lock of the store is ever held while `work` waits for something.
 */
export async function runTransaction<R>(
  database: DatabaseSync,
  rows: Rows,
  work: (transaction: Transaction) => Promise<R>,
): Promise<R> {
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const pending = new PendingTransaction(rows);
    const result = await work(pending);
    if (commit(database, rows, pending)) return result;
    await sleep(Math.random() * 15 * attempt);
  }
  throw new DocumentsError('aborted', `others changed the same documents ${maxAttempts} times in a row; try again`);
}

function commit(database: DatabaseSync, rows: Rows, pending: PendingTransaction): boolean {
  if (pending.writes.length === 0) return true;
  try {
    return inImmediate(database, () => {
      if (!pending.readsStillHold()) return false;
      for (const write of pending.writes) rows.write(write);
      return true;
    });
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}

class PendingTransaction implements Transaction {
  readonly writes: Write[] = [];
  readonly #reads: { readonly collection: string; readonly id: string; readonly version: number }[] = [];
  readonly #rows: Rows;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  async get<T>(ref: DocumentRef<T>): Promise<DocumentSnapshot<T> | undefined> {
    if (this.writes.length > 0)
      throw new DocumentsError('invalid-argument', 'in a transaction reads come before writes');
    const found = this.#rows.get(ref.collection, ref.id);
    this.#reads.push({ collection: ref.collection, id: ref.id, version: found?.version ?? 0 });
    return found === undefined ? undefined : { id: found.id, version: found.version, data: ref.read(found.data) };
  }

  create<T extends JsonObject>(ref: DocumentRef<T>, data: T): void {
    this.writes.push({ kind: 'create', collection: ref.collection, id: ref.id, data });
  }

  set<T extends JsonObject>(ref: DocumentRef<T>, data: T): void {
    this.writes.push({ kind: 'set', collection: ref.collection, id: ref.id, data });
  }

  update<T>(ref: DocumentRef<T>, fields: Fields): void {
    this.writes.push({ kind: 'update', collection: ref.collection, id: ref.id, fields });
  }

  delete<T>(ref: DocumentRef<T>): void {
    this.writes.push({ kind: 'delete', collection: ref.collection, id: ref.id });
  }

  readsStillHold(): boolean {
    return this.#reads.every(
      ({ collection, id, version }) => (this.#rows.get(collection, id)?.version ?? 0) === version,
    );
  }
}
