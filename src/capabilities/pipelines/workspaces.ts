import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmod,
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { constants } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { LotseError, toLotseError } from '../../core/errors.ts';

const run = promisify(execFile);
const tarEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8' };
const maxReportBytes = 64 * 1024 * 1024;
/** Of each app the caches that were used last are kept, up to so many bytes together. */
const keptCacheBytes = 4 * 1024 ** 3;

/**
 * Folders that jobs of pipelines run in, and what is kept of them. A job may write anything into its folder, also links that
 * lead elsewhere: nothing is read or written through one that leaves the folder.
 *
 * `work/ID` is a job's folder; `kept/APP/RUN/JOB.tar` are artifacts; `sources/APP/RELEASE.tar`; `caches/APP/KEY.tar`.
 */
export class Workspaces {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Others may pass through to jobs' folders, and look into nothing else. */
  async open(): Promise<void> {
    for (const folder of [this.#folder, join(this.#folder, 'work')]) {
      await mkdir(folder, { recursive: true });
      await chmod(folder, 0o711); // Whatever the umask says.
    }
    for (const name of ['kept', 'sources', 'caches'])
      await mkdir(join(this.#folder, name), { recursive: true, mode: 0o700 });
  }

  folderOf(id: string): string {
    return join(this.#folder, 'work', safe(id));
  }

  sourceOf(app: string, release: string): string {
    return join(this.#folder, 'sources', safe(app), `${safe(release)}.tar`);
  }

  artifactsOf(app: string, run: string, job: string): string {
    return join(this.#folder, 'kept', safe(app), safe(run), `${safe(job)}.tar`);
  }

  cacheOf(app: string, key: string): string {
    return join(this.#folder, 'caches', safe(app), `${safe(key)}.tar`);
  }

  /** Errors: `disk-full`. */
  async keepSource(tar: string, app: string, release: string): Promise<void> {
    const file = this.sourceOf(app, release);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await copyFile(tar, `${file}.part`).catch((error: unknown) => {
      throw toLotseError(error);
    });
    await rename(`${file}.part`, file);
  }

  async has(tar: string): Promise<boolean> {
    return await exists(tar);
  }

  /** A fresh folder, whatever was there. Errors: `not-found` (the tar), `disk-full`. */
  async layOut(id: string, tar: string): Promise<void> {
    const folder = this.folderOf(id);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await this.#tar(['-xf', tar, '-C', folder, '--no-same-owner']);
  }

  /** Lays out what was packed. False: there is no such tar. `paths`: what it was packed from. */
  async restore(id: string, tar: string, paths: readonly string[]): Promise<boolean> {
    if (!(await exists(tar))) return false;
    for (const path of paths) await this.#inside(id, path);
    await this.#tar(['-xf', tar, '-C', this.folderOf(id), '--no-same-owner']);
    await utimes(tar, new Date(), new Date());
    return true;
  }

  /** Packs these paths into a file, whole or not at all. Errors: `not-found` names a path that is not there. */
  async pack(id: string, paths: readonly string[], tar: string): Promise<void> {
    const folder = this.folderOf(id);
    for (const path of paths) {
      const found = await this.#inside(id, path);
      if (!(await exists(found))) throw new LotseError('not-found', `there is no ${path}`);
    }
    await mkdir(dirname(tar), { recursive: true, mode: 0o700 });
    await this.#tar(['-cf', `${tar}.part`, '-C', folder, '--', ...paths.map((path) => `./${path}`)]);
    await rename(`${tar}.part`, tar);
  }

  /** Name of the cache that fits: it changes with these files' content, and with what is cached. */
  async cacheKey(id: string, { paths, key }: { readonly paths: readonly string[]; readonly key: readonly string[] }) {
    const hash = createHash('sha256').update(JSON.stringify([paths, process.platform, process.arch]));
    for (const path of key) {
      const bytes = await this.readFile(id, path).catch(nullIfMissing);
      hash.update(JSON.stringify([path, bytes === null ? null : createHash('sha256').update(bytes).digest('hex')]));
    }
    return hash.digest('hex').slice(0, 32);
  }

  /** Errors: `not-found`, `bad-input` (too large, no file, outside the folder). */
  async readFile(id: string, path: string): Promise<Buffer> {
    const place = await this.#inside(id, path);
    const file = await open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
      (cause: unknown) => {
        throw new LotseError('not-found', `there is no file ${path}`, { cause });
      },
    );
    try {
      const found = await file.stat();
      if (!found.isFile()) throw new LotseError('bad-input', `${path} is no file`);
      if (found.size > maxReportBytes) throw new LotseError('bad-input', `${path} has more than 64 MB`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  }

  /** Beside the folder, where the job cannot change it. */
  async noteCacheKey(id: string, key: string): Promise<void> {
    await writeFile(this.#cacheKeyOf(id), key);
  }

  /** Null: none was noted. */
  async notedCacheKey(id: string): Promise<string | null> {
    return await readFile(this.#cacheKeyOf(id), 'utf8').catch(() => null);
  }

  async remove(id: string): Promise<void> {
    await rm(this.folderOf(id), { recursive: true, force: true, maxRetries: 5 });
    await rm(this.#cacheKeyOf(id), { force: true });
  }

  /** Takes away what a control plane that was killed has left. */
  async removeOthers(ids: readonly string[]): Promise<void> {
    const kept = new Set(ids);
    for (const name of await readdir(join(this.#folder, 'work'))) {
      const id = name.replace(/\.cache$/, '');
      if (!kept.has(id)) await this.remove(id);
    }
  }

  #cacheKeyOf(id: string): string {
    return `${this.folderOf(id)}.cache`;
  }

  async removeRun(app: string, run: string): Promise<void> {
    await rm(join(this.#folder, 'kept', safe(app), safe(run)), { recursive: true, force: true });
  }

  async removeSource(app: string, release: string): Promise<void> {
    await rm(this.sourceOf(app, release), { force: true });
  }

  /** The caches that were used last stay. */
  async trimCaches(app: string, mostBytes = keptCacheBytes): Promise<void> {
    const folder = join(this.#folder, 'caches', safe(app));
    const names = await readdir(folder).catch(() => []);
    const found = await Promise.all(
      names.map(async (name) => ({ file: join(folder, name), ...pick(await stat(join(folder, name))) })),
    );
    let bytes = 0;
    for (const { file, size } of found.toSorted((a, b) => b.usedAt - a.usedAt)) {
      bytes += size;
      if (bytes > mostBytes) await rm(file, { force: true });
    }
  }

  /** The path, when nothing on the way to it leads out of the folder. Errors: `bad-input`. */
  async #inside(id: string, path: string): Promise<string> {
    const folder = await realpath(this.folderOf(id));
    const place = resolve(folder, path);
    let above = dirname(place);
    while (!(await exists(above))) above = dirname(above);
    const real = await realpath(above);
    if (place.startsWith(folder + sep) && (real === folder || real.startsWith(folder + sep))) return place;
    throw new LotseError('bad-input', `${path} leads out of the folder of the job`);
  }

  async #tar(words: readonly string[]): Promise<void> {
    try {
      await run('tar', words, { env: tarEnvironment, maxBuffer: 1024 * 1024 });
    } catch (cause) {
      const said = cause instanceof Error ? (cause.message.split('\n')[1] ?? cause.message) : '';
      const isFull = /No space left/i.test(said);
      throw new LotseError(isFull ? 'disk-full' : 'internal', said, { cause, retriable: isFull });
    }
  }
}

function pick({ size, mtimeMs }: { readonly size: number; readonly mtimeMs: number }) {
  return { size, usedAt: mtimeMs };
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

function nullIfMissing(error: unknown): null {
  if (toLotseError(error).code === 'not-found') return null;
  throw error;
}

/** Names become folders: one that could lead elsewhere is refused. */
function safe(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return name;
  throw new LotseError('bad-input', `${JSON.stringify(name)} cannot be the name of a folder`);
}
