import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { LotseError } from '../core/errors.ts';

/** Primary result codes, see https://www.sqlite.org/rescode.html. */
const sqlite = {
  busy: 5,
  locked: 6,
  readonly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cantOpen: 14,
  constraint: 19,
  notADatabase: 26,
} as const;

/** Below this many free bytes an unexplained input/output error is taken for a full disk. */
const nearlyFullBytes = 256 * 1024;

/** What to do about a state file that is damaged; also said by the journal check. */
export const recoveryAdvice =
  'Stop the control plane (apps and proxy go on serving), keep a copy of the state folder, then put back a backup of it, ' +
  'or a copy from the folder `before-migration` beside the state file; docs/guides/damaged-journal.md walks through it.';

/**
 * What SQLite and the file system throw, as a LotseError: `disk-full` (retriable), `journal-damaged`, `locked`
 * (retriable: another process writes), `conflict` (a constraint, or a file opened for reading), `unreachable`, `internal`.
 */
export function translateSqliteError(thrown: unknown, file: string): unknown {
  if (thrown instanceof LotseError || !(thrown instanceof Error)) return thrown;
  if ('code' in thrown && thrown.code === 'ENOSPC') return diskFull(file, thrown);
  if (!('errcode' in thrown) || typeof thrown.errcode !== 'number') return thrown;
  switch (thrown.errcode & 0xff) {
    case sqlite.full:
      return diskFull(file, thrown);
    case sqlite.corrupt:
    case sqlite.notADatabase:
      return new LotseError('journal-damaged', `${file} cannot be read: ${thrown.message}.`, {
        hint: recoveryAdvice,
        cause: thrown,
      });
    case sqlite.busy:
    case sqlite.locked:
      return new LotseError('locked', `${file} is being written by another process.`, {
        hint: 'Wait for the other process, or stop it, then repeat the command.',
        retriable: true,
        cause: thrown,
      });
    case sqlite.readonly:
    case sqlite.constraint:
      return new LotseError('conflict', `${file}: ${thrown.message}.`, { cause: thrown });
    case sqlite.ioError:
    case sqlite.cantOpen:
      return isNearlyFull(file) ? diskFull(file, thrown) : unreachable(file, thrown);
    default:
      return new LotseError('internal', `${file}: ${thrown.message}.`, { cause: thrown });
  }
}

function diskFull(file: string, cause: Error): LotseError {
  return new LotseError('disk-full', `The disk of ${file} is full; nothing was written.`, {
    hint: `Free some space on the disk of ${dirname(file)}, then repeat the command.`,
    retriable: true,
    cause,
  });
}

function unreachable(file: string, cause: Error): LotseError {
  return new LotseError('unreachable', `${file} cannot be opened, read or written: ${cause.message}.`, {
    hint: 'Check that the folder exists, that this user may write it, and that the disk is healthy.',
    cause,
  });
}

function isNearlyFull(file: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(file));
    return bavail * bsize < nearlyFullBytes;
  } catch {
    return false;
  }
}
