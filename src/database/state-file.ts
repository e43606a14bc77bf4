import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { LotseError } from '../core/errors.ts';
import { translateSqliteError } from './sqlite-errors.ts';

/** Makes sure that folder (0700) and file (0600, an empty one is a new database) are there; SQLite gives its side files the same mode. */
export function prepareStateFile(file: string): void {
  const folder = dirname(file);
  try {
    if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
  } catch (error) {
    const translated = translateSqliteError(error, file);
    if (translated instanceof LotseError) throw translated;
    throw new LotseError('unreachable', `${file} cannot be created or written.`, {
      hint: `Make ${folder} a folder that this user may write.`,
      cause: error,
    });
  }
}

export function requireStateFile(file: string): void {
  if (existsSync(file)) return;
  throw new LotseError('not-found', `There is no state at ${file}.`, {
    hint: 'Name the state folder, or start the control plane once.',
  });
}
