import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { LotseError } from '../core/errors.ts';

/** A unix socket's path is at most this long, without its closing zero (`sun_path` in unix(7); 104 on macOS and BSD). */
const maxSocketPathBytes = process.platform === 'linux' ? 107 : 103;

export const stateFiles = {
  socket: 'control.sock',
  /** A control socket that is about to become the one above. */
  nextSocket: 'next.sock',
  document: 'document.json',
  heads: 'journal-heads.json',
  identity: 'proxy.pid',
  /** The number in it alone, as a service manager reads it (systemd.service(5), PIDFile=). */
  unitPid: 'unit.pid',
  lock: 'lock',
  /** Held by whoever is about to take `lock`, so that a hand-over and a start never meet. */
  successionLock: 'succession.lock',
  log: 'proxy.log',
  accessLog: 'access.log',
  overrides: 'overrides.json',
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

/** A file lock of the operating system, taken through SQLite: held until it is released or this process ends, however it ends. */
export interface FileLock {
  release(): void;
}

/** Takes the lock of a state folder, for a proxy that starts. Error: `locked` when another proxy has it, or is about to. */
export function lockStateFolder(stateDir: string): FileLock {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const succession = tryLock(stateDir, stateFiles.successionLock);
  try {
    return tryLock(stateDir, stateFiles.lock);
  } finally {
    succession.release();
  }
}

/** The right to take the lock next, while another proxy still has it. Error: `locked`. */
export async function lockSuccession(stateDir: string): Promise<FileLock> {
  // Somebody who tries to start a proxy looks at it, for a moment.
  return await lockWithin(stateDir, stateFiles.successionLock, 2_000);
}

/** Takes the lock as soon as the proxy that hands over has let go of it, or has died. */
export async function inheritLock(stateDir: string): Promise<FileLock> {
  return await lockWithin(stateDir, stateFiles.lock, Number.POSITIVE_INFINITY);
}

async function lockWithin(stateDir: string, name: string, withinMs: number): Promise<FileLock> {
  const untilMs = performance.now() + withinMs;
  for (;;) {
    try {
      return tryLock(stateDir, name);
    } catch (error) {
      if (performance.now() > untilMs) throw error;
      await sleep(10);
    }
  }
}

function tryLock(stateDir: string, name: string): FileLock {
  const lock = new DatabaseSync(join(stateDir, name), { timeout: 0 });
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    throw new LotseError('locked', `another proxy is running on ${stateDir}`, {
      hint: 'Stop it first, or choose another state folder.',
      cause,
    });
  }
  return { release: () => lock.close() };
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
    removeQuietly(temporary);
    const isFull = cause instanceof Error && 'code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT');
    throw new LotseError(isFull ? 'disk-full' : 'internal', `${path} could not be written`, {
      cause,
      retriable: isFull,
    });
  }
}

/** What comes of it must not hide why a file could not be written. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It is written over next time.
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
