import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { splitFieldPath } from '../fields.ts';

/**
 * One row per document. `version` is the number of the change that wrote it; numbers are given out once per store, so a
 * document that was deleted and made again never has an old version. `changed` says per collection which change was last:
 * this is all that a listener has to look at.
 */
const schema = `
  CREATE TABLE IF NOT EXISTS documents (
    collection TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (collection, id)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS changed (collection TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS counter (only INTEGER PRIMARY KEY CHECK (only = 1), value INTEGER NOT NULL) STRICT;
  INSERT OR IGNORE INTO counter VALUES (1, 0);
`;

/**
 * Opens `<folder>/documents.db`, or makes it. Several processes may do so at the same moment.
 * `indexes` names the fields that queries compare, e.g. `owner`.
 */
export async function openDatabase(folder: string, indexes: readonly string[]): Promise<DatabaseSync> {
  mkdirSync(folder, { recursive: true });
  const deadline = Date.now() + 10_000;
  for (;;) {
    const database = new DatabaseSync(join(folder, 'documents.db'), { timeout: 2_000 });
    try {
      // SQLite does not wait for the lock that the change to WAL needs, so this is tried again from outside.
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
      inImmediate(database, () => database.exec(`${schema} ${indexes.map(indexSql).join('\n')}`));
      return database;
    } catch (error) {
      database.close();
      if (!isBusy(error) || Date.now() > deadline) throw error;
      await sleep(20 + Math.random() * 50);
    }
  }
}

/** Runs `work` holding the write lock of the store from the start, so that it cannot fail half way for a stale read. */
export function inImmediate<R>(database: DatabaseSync, work: () => R): R {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Another process holds the lock for longer than the busy timeout (https://sqlite.org/rescode.html#busy). */
export function isBusy(error: unknown): boolean {
  return (
    error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' && (error.errcode & 0xff) === 5
  );
}

function indexSql(field: string): string {
  const path = splitFieldPath(field);
  return `CREATE INDEX IF NOT EXISTS "by_${path.join('_')}" ON documents (collection, data -> '$.${path.join('.')}', id);`;
}
