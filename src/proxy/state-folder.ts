import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LotseError } from '../core/errors.ts';

/** A unix socket's path is at most this long, without its closing zero (`sun_path` in unix(7); 104 on macOS and BSD). */
const maxSocketPathBytes = process.platform === 'linux' ? 107 : 103;

export const stateFiles = {
  socket: 'control.sock',
  document: 'document.json',
  heads: 'journal-heads.json',
  identity: 'proxy.pid',
  lock: 'lock',
  log: 'proxy.log',
} as const;

/** Path of the control socket of a state folder. Error: `bad-input` when it is too long for a socket. */
export function controlSocketPath(stateDir: string): string {
  const path = join(stateDir, stateFiles.socket);
  const bytes = Buffer.byteLength(path);
  if (bytes > maxSocketPathBytes) {
    throw new LotseError(
      'bad-input',
      `${path} is ${bytes} bytes long, but a unix socket's path may have at most ${maxSocketPathBytes}`,
      {
        hint: 'Choose a state folder with a shorter path.',
      },
    );
  }
  return path;
}

/**
 * Takes the lock of a state folder, held until this process ends, however it ends (it is a file lock of the operating
 * system, taken through SQLite). Error: `locked` when another proxy has it.
 */
export function lockStateFolder(stateDir: string): DatabaseSync {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const lock = new DatabaseSync(join(stateDir, stateFiles.lock), { timeout: 0 });
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (cause) {
    throw new LotseError('locked', `another proxy is running on ${stateDir}`, {
      hint: 'Stop it first, or choose another state folder.',
      cause,
    });
  }
  return lock;
}

/** Replaces a file so that after a crash or power loss either the old or the new content is there. */
export function writeDurably(path: string, text: string): void {
  const temporary = `${path}.new`;
  try {
    const file = openSync(temporary, 'w', 0o600);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    const folder = openSync(join(path, '..'), 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch (cause) {
    rmSync(temporary, { force: true });
    const isFull = cause instanceof Error && 'code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT');
    throw new LotseError(isFull ? 'disk-full' : 'internal', `${path} could not be written`, {
      cause,
      retriable: isFull,
    });
  }
}

/** The JSON in a file, or undefined when there is no such file. Throws a SyntaxError when it is damaged. */
export function readJsonFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
