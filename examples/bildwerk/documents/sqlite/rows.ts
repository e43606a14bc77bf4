import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { DocumentsError } from '../documents.ts';
import type { DocumentSnapshot, Fields, JsonObject } from '../documents.ts';
import { applyFields } from '../fields.ts';
import type { Sql } from './query-sql.ts';

export type StoredDocument = DocumentSnapshot<JsonObject>;

export type Write =
  | { readonly kind: 'create' | 'set'; readonly collection: string; readonly id: string; readonly data: JsonObject }
  | { readonly kind: 'update'; readonly collection: string; readonly id: string; readonly fields: Fields }
  | { readonly kind: 'delete'; readonly collection: string; readonly id: string };

/** The statements of the driver. Everything here is synchronous; `write` is called while the write lock is held. */
export class Rows {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  find(sql: Sql): readonly StoredDocument[] {
    return this.#statement(sql.text)
      .all(...sql.values)
      .map(readRow);
  }

  get(collection: string, id: string): StoredDocument | undefined {
    const row = this.#statement('SELECT id, version, data FROM documents WHERE collection = ? AND id = ?').get(
      collection,
      id,
    );
    return row === undefined ? undefined : readRow(row);
  }

  /** The last change of a collection, 0 if there never was one. */
  changed(collection: string): number {
    return Number(
      this.#statement('SELECT version FROM changed WHERE collection = ?').get(collection)?.['version'] ?? 0,
    );
  }

  /** A number that changes when another connection has written (https://sqlite.org/pragma.html#pragma_data_version). */
  dataVersion(): number {
    return Number(this.#statement('PRAGMA data_version').get()?.['data_version']);
  }

  write(write: Write): void {
    const before = this.get(write.collection, write.id);
    const after = dataAfter(write, before);
    if (before === undefined && after === undefined) return;
    const next = this.#statement('UPDATE counter SET value = value + 1 RETURNING value').get();
    const version = Number(next?.['value']);
    this.#statement('INSERT OR REPLACE INTO changed VALUES (?, ?)').run(write.collection, version);
    if (after === undefined) {
      this.#statement('DELETE FROM documents WHERE collection = ? AND id = ?').run(write.collection, write.id);
    } else {
      this.#statement('INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)').run(
        write.collection,
        write.id,
        version,
        JSON.stringify(after),
      );
    }
  }

  #statement(text: string): StatementSync {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const made = this.#database.prepare(text);
    // Queries come in few shapes; the bound only keeps a surprising caller from filling the memory.
    if (this.#statements.size < 200) this.#statements.set(text, made);
    return made;
  }
}

function dataAfter(write: Write, before: StoredDocument | undefined): JsonObject | undefined {
  const name = `${write.collection}/${write.id}`;
  switch (write.kind) {
    case 'create':
      if (before !== undefined) throw new DocumentsError('already-exists', `${name} is already there`);
      return write.data;
    case 'set':
      return write.data;
    case 'update':
      if (before === undefined) throw new DocumentsError('not-found', `${name} is not there`);
      return applyFields(before.data, write.fields);
    case 'delete':
      return undefined;
  }
}

function readRow(row: Record<string, unknown>): StoredDocument {
  const data: JsonObject = JSON.parse(String(row['data']));
  return { id: String(row['id']), version: Number(row['version']), data };
}
