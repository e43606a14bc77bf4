import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LotseError } from '../../../core/errors.ts';

/** Text of a small file; null when it is not there. */
export async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return null;
    throw error;
  }
}

/** Names in a folder, sorted; none when it is not there. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return [];
    throw error;
  }
}

/** Makes the folder with this mode, whatever the umask; parents that it makes may be entered, not listed, by others. */
export async function makeFolder(folder: string, mode: number): Promise<void> {
  await orDiskFull(folder, async () => {
    const first = await mkdir(folder, { recursive: true });
    for (let made = folder; first !== undefined && made.length >= first.length; made = dirname(made)) {
      await chmod(made, 0o711);
    }
    await chmod(folder, mode);
  });
}

/**
 * After this resolves the file holds the text, also after a power loss; before, it holds what it held. Readers see the
 * one or the other. Error: `disk-full`, with nothing left behind.
 */
export async function writeDurably(path: string, text: string, mode = 0o600): Promise<void> {
  await replaceFile(path, text, { mode, durable: true });
}

/** Atomic for readers, but not forced to the disk: for what means nothing after a reboot. */
export async function writeAtomically(path: string, text: string, mode = 0o600): Promise<void> {
  await replaceFile(path, text, { mode, durable: false });
}

/** One file that several callers write: writes are done one after the other, so the last one called is the one that stays. */
export class StateFile {
  readonly #path: string;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** Durable when it resolves. Error: `disk-full`. */
  async write(text: string): Promise<void> {
    const written = this.#turn.then(() => writeDurably(this.#path, text));
    this.#turn = written.catch(() => undefined);
    await written;
  }
}

interface ReplaceOptions {
  readonly mode: number;
  readonly durable: boolean;
}

async function replaceFile(path: string, text: string, options: ReplaceOptions): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString('hex')}.new`;
  await orDiskFull(path, async () => {
    try {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC;
      await using file = await open(draft, flags, options.mode);
      await file.writeFile(text);
      await file.chmod(options.mode);
      if (options.durable) await file.sync();
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    if (options.durable) await syncFolder(dirname(path));
  });
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, constants.O_RDONLY);
  await handle.sync();
}

/** Runs the work; a full disk becomes the error that says so. */
export async function orDiskFull<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!hasCode(error, 'ENOSPC') && !hasCode(error, 'EDQUOT')) throw error;
    throw new LotseError('disk-full', `There is no space left to write ${path}.`, {
      hint: 'Free some space on that disk; nothing was changed.',
      retriable: true,
      cause: error,
    });
  }
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
