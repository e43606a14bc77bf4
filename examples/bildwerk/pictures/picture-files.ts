import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { copyFile, link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * The folder store of the app: `originals/<id>`, `drafts/<id>/<file>`, `published/<id>/<file>`, and `incoming` for what is
 * not complete. Everything gets its name by a rename when it is complete, so a reader never sees half a file, and doing a
 * step twice gives the same as doing it once.
 */
export class PictureFiles {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<PictureFiles> {
    for (const name of ['incoming', 'originals', 'drafts', 'published']) {
      await mkdir(join(folder, name), { recursive: true });
    }
    return new PictureFiles(folder);
  }

  original(id: string): string {
    return join(this.#folder, 'originals', checked(id));
  }

  draft(id: string, file: string): string {
    return join(this.#folder, 'drafts', checked(id), checked(file));
  }

  published(id: string, file: string): string {
    return join(this.#folder, 'published', checked(id), checked(file));
  }

  /** Stores an upload as it streams in. Resolves to its size in bytes; when the stream fails, nothing is left. */
  async receive(id: string, content: Readable): Promise<number> {
    const incoming = this.#incoming(id);
    try {
      await pipeline(content, createWriteStream(incoming, { flags: 'wx' }));
      const { size } = await stat(incoming);
      await rename(incoming, this.original(id));
      return size;
    } catch (error) {
      await rm(incoming, { force: true });
      throw error;
    }
  }

  /** `write` fills the file whose path it is given; afterwards it is there as the draft `file`. */
  async writeDraft<R>(id: string, file: string, write: (path: string) => Promise<R>): Promise<R> {
    const incoming = this.#incoming(id);
    try {
      const result = await write(incoming);
      await mkdir(join(this.#folder, 'drafts', checked(id)), { recursive: true });
      await rename(incoming, this.draft(id, file));
      return result;
    } catch (error) {
      await rm(incoming, { force: true });
      throw error;
    }
  }

  /** Puts the finished set into the published place, all files at once. Fine when an earlier attempt already did. */
  async publish(id: string, files: readonly string[]): Promise<void> {
    const target = join(this.#folder, 'published', checked(id));
    if (await isThere(target)) return;
    const incoming = this.#incoming(id);
    await mkdir(incoming);
    try {
      for (const file of files) await linkOrCopy(this.draft(id, file), join(incoming, checked(file)));
      await rename(incoming, target);
    } catch (error) {
      await rm(incoming, { recursive: true, force: true });
      // Another worker, whose lease had ended, was faster: the place is taken by the same set.
      if (!(await isThere(target))) throw error;
    }
  }

  async removeDrafts(id: string): Promise<void> {
    await rm(join(this.#folder, 'drafts', checked(id)), { recursive: true, force: true });
  }

  async remove(id: string): Promise<void> {
    for (const place of ['published', 'drafts', 'originals']) {
      await rm(join(this.#folder, place, checked(id)), { recursive: true, force: true });
    }
  }

  /** Removes what processes that were killed have left half done longer ago than `ageMs`. */
  async removeUnfinished(ageMs: number): Promise<void> {
    const folder = join(this.#folder, 'incoming');
    for (const name of await readdir(folder)) {
      const found = await stat(join(folder, name)).catch(() => undefined);
      if (found !== undefined && found.mtimeMs < Date.now() - ageMs)
        await rm(join(folder, name), { recursive: true, force: true });
    }
  }

  #incoming(id: string): string {
    return join(this.#folder, 'incoming', `${checked(id)}.${randomBytes(6).toString('hex')}`);
  }
}

/** Names come from the app itself, but a path must not depend on that being true. */
function checked(name: string): string {
  if (/^[A-Za-z0-9_-]+(\.[a-z0-9]+)?$/.test(name)) return name;
  throw new Error(`"${name}" is not a name of a stored picture`);
}

/** A hard link costs no space; some file systems have none. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw error;
    await copyFile(from, to);
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
