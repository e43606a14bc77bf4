import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { LotseError } from '../core/errors.ts';
import { translateSqliteError } from './sqlite-errors.ts';
import { SqliteFile } from './sqlite-dialect.ts';

/**
 * Holds a state folder for this process until `release`, or until the process dies: an exclusively locked, empty SQLite
 * file, so that the operating system (Linux and macOS alike) lets go of it. Who holds it stands beside it, for people.
 * Errors: `locked`, `disk-full`, `unreachable`. The folder must exist.
 */
export function holdOwnerFile(folder: string): { release(): void } {
  const lockFile = join(folder, 'owner.lock');
  const ownerFile = join(folder, 'owner.json');
  const lock = new SqliteFile(lockFile, { readonly: false, busyTimeoutMs: 0 });
  try {
    lock.exec('begin exclusive');
    chmodSync(lockFile, 0o600);
    writeFileSync(ownerFile, ownerText(), { mode: 0o600 });
  } catch (error) {
    lock.close();
    throw error instanceof LotseError && error.code === 'locked'
      ? lockedBy(folder, ownerFile)
      : translateSqliteError(error, lockFile);
  }
  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      rmSync(ownerFile, { force: true });
      lock.close();
    },
  };
}

function ownerText(): string {
  const startedAt = new Date(performance.timeOrigin).toISOString();
  return `${JSON.stringify({ pid: process.pid, startedAt, host: hostname() })}\n`;
}

function lockedBy(folder: string, ownerFile: string): LotseError {
  const owner = readOwner(ownerFile);
  const who = owner === null ? 'another process' : `process ${owner.pid} on ${owner.host}, started ${owner.startedAt}`;
  const stop =
    owner === null ? 'Stop that process' : `Stop that process (Ctrl-C where it runs, or \`kill ${owner.pid}\`)`;
  return new LotseError('locked', `The state in ${folder} belongs to ${who}.`, {
    hint: `${stop}, or give this one a state folder of its own. Nothing needs to be deleted: the lock ends with its process.`,
  });
}

function readOwner(file: string): { pid: number; startedAt: string; host: string } | null {
  try {
    const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof found !== 'object' || found === null) return null;
    if (!('pid' in found) || !('startedAt' in found) || !('host' in found)) return null;
    return { pid: Number(found.pid), startedAt: String(found.startedAt), host: String(found.host) };
  } catch {
    return null;
  }
}
