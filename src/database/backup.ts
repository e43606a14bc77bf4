import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { LotseError } from '../core/errors.ts';
import type { Database } from './open-database.ts';
import { recoveryAdvice } from './sqlite-errors.ts';
import { SqliteFile } from './sqlite-dialect.ts';

const busyTimeoutMs = 5000;

export interface DatabaseBackup {
  readonly file: string;
  readonly bytes: number;
  /** Where each journal chain stood in the copy; kept apart from it, they show a tail that was cut. */
  readonly heads: Readonly<Record<string, { readonly sequence: number; readonly hash: string }>>;
}

/**
 * Copies the database while it is in use, checks the copy, and only then gives it its name (mode 0600). `toFile` must not
 * exist; its folder must. Errors: `conflict`, `disk-full`, `journal-damaged`.
 */
export async function backupDatabase(database: Database, toFile: string): Promise<DatabaseBackup> {
  await copyDatabaseFile(database.sqlite, toFile);
  return { file: toFile, bytes: statSync(toFile).size, heads: readHeads(toFile) };
}

/** The copying itself, for an open connection. A connection of its own reads, so that writers are not disturbed. */
export async function copyDatabaseFile(source: SqliteFile, toFile: string): Promise<void> {
  if (statSync(toFile, { throwIfNoEntry: false }) !== undefined) {
    throw new LotseError('conflict', `${toFile} exists already.`, {
      hint: 'Name a new file; a backup overwrites nothing.',
    });
  }
  const part = `${toFile}.part`;
  rmSync(part, { force: true });
  const reader = new SqliteFile(source.path, { readonly: true, busyTimeoutMs });
  try {
    closeSync(openSync(part, 'a', 0o600));
    chmodSync(part, 0o600);
    await reader.copyTo(part);
    settle(part);
    const problems = checkIntegrity(part);
    if (problems.length > 0) {
      throw new LotseError('journal-damaged', `The copy of ${source.path} is damaged: ${problems[0]}.`, {
        hint: recoveryAdvice,
        details: problems,
      });
    }
    renameSync(part, toFile);
    syncPath(dirname(toFile));
  } catch (error) {
    for (const leftOver of [part, `${part}-wal`, `${part}-shm`, `${part}-journal`]) rmSync(leftOver, { force: true });
    throw error;
  } finally {
    reader.close();
  }
}

/** SQLite's own full check of a file: structure, indexes, constraints. Empty: all is well. `journal-damaged` when it is no database at all. */
export function checkIntegrity(file: string): readonly string[] {
  const sqlite = new SqliteFile(file, { readonly: true, busyTimeoutMs });
  try {
    const answers = sqlite.rows('pragma integrity_check(20)').map((row) => String(row['integrity_check']));
    return answers.filter((answer) => answer !== 'ok');
  } finally {
    sqlite.close();
  }
}

/** Makes the copy one file that needs no side files, and brings it to the disk. */
function settle(file: string): void {
  const copy = new SqliteFile(file, { readonly: false, busyTimeoutMs });
  try {
    copy.exec('pragma journal_mode = delete');
  } finally {
    copy.close();
  }
  syncPath(file);
}

function syncPath(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function readHeads(file: string): DatabaseBackup['heads'] {
  const copy = new SqliteFile(file, { readonly: true, busyTimeoutMs });
  try {
    const rows = copy.rows('select chain, sequence, hash from journal_heads where sequence > 0');
    return Object.fromEntries(
      rows.map((row) => [String(row['chain']), { sequence: Number(row['sequence']), hash: String(row['hash']) }]),
    );
  } finally {
    copy.close();
  }
}
