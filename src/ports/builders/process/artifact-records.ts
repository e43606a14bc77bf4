import { constants } from 'node:fs';
import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ArtifactDigest, AppName } from '../../../core/ids.ts';
import { LotseError } from '../../../core/errors.ts';
import type { ArtifactRecord } from './parse-files.ts';
import { parseArtifactRecord } from './parse-files.ts';

/** Which artifacts are kept, and which build made which: small files, each written whole and forced to the disk. */
export class ArtifactRecords {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Of any app. */
  async find(digest: ArtifactDigest): Promise<ArtifactRecord | null> {
    for (const app of await names(join(this.#folder, 'artifacts'))) {
      const found = await this.#read(this.#artifactFile(app, digest));
      if (found !== null) return found;
    }
    return null;
  }

  async list(app: AppName): Promise<readonly ArtifactRecord[]> {
    const folder = join(this.#folder, 'artifacts', app);
    const files = (await names(folder)).filter((name) => name.endsWith('.json'));
    const records = await Promise.all(files.map((name) => this.#read(join(folder, name))));
    return records.filter((record) => record !== null);
  }

  async add(record: ArtifactRecord): Promise<void> {
    await writeWhole(this.#artifactFile(record.artifact.app, record.artifact.digest), `${JSON.stringify(record)}\n`);
  }

  async remove(record: ArtifactRecord): Promise<void> {
    await rm(this.#artifactFile(record.artifact.app, record.artifact.digest), { force: true });
  }

  /** The digest that the finished build of this name made. */
  async resultOf(app: AppName, build: string): Promise<ArtifactDigest | null> {
    return (await read(this.#buildFile(app, build)))?.trim() ?? null;
  }

  async finish(app: AppName, build: string, digest: ArtifactDigest): Promise<void> {
    await writeWhole(this.#buildFile(app, build), `${digest}\n`);
  }

  #artifactFile(app: AppName, digest: ArtifactDigest): string {
    return join(this.#folder, 'artifacts', app, `${digest.replace('sha256:', '')}.json`);
  }

  #buildFile(app: AppName, build: string): string {
    return join(this.#folder, 'builds', app, build);
  }

  async #read(path: string): Promise<ArtifactRecord | null> {
    const text = await read(path);
    return text === null ? null : parseArtifactRecord(text);
  }
}

/** Error: `disk-full`, with nothing left behind. */
async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    await using file = await open(draft, 'w', 0o600);
    await file.writeFile(text);
    await file.sync();
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true });
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC')) throw cause;
    throw new LotseError('disk-full', `There is no space left to write ${path}.`, { retriable: true, cause });
  }
  await using folder = await open(dirname(path), constants.O_RDONLY);
  await folder.sync();
}

async function read(path: string): Promise<string | null> {
  return await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
}

async function names(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch(() => []);
}
