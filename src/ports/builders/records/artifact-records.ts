import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactDigest, AppName } from '../../../core/ids.ts';
import type { Artifact } from '../builders.ts';
import { namesIn, readIfThere, writeWhole } from './whole-files.ts';

/** What a builder keeps of an artifact: the artifact, and how it finds it. */
interface ArtifactRecord {
  readonly artifact: Artifact;
}

/** Which artifacts are kept, and which build made which: small files, each written whole and forced to the disk. */
export class ArtifactRecords<Kept extends ArtifactRecord> {
  readonly #folder: string;
  readonly #parse: (text: string) => Kept;

  constructor(folder: string, parse: (text: string) => Kept) {
    this.#folder = folder;
    this.#parse = parse;
  }

  /** Of any app. */
  async find(digest: ArtifactDigest): Promise<Kept | null> {
    for (const app of await namesIn(join(this.#folder, 'artifacts'))) {
      const found = await this.#read(this.#artifactFile(app, digest));
      if (found !== null) return found;
    }
    return null;
  }

  async list(app: AppName): Promise<readonly Kept[]> {
    const folder = join(this.#folder, 'artifacts', app);
    const files = (await namesIn(folder)).filter((name) => name.endsWith('.json'));
    const records = await Promise.all(files.map((name) => this.#read(join(folder, name))));
    return records.filter((record) => record !== null);
  }

  async add(record: Kept): Promise<void> {
    await writeWhole(this.#artifactFile(record.artifact.app, record.artifact.digest), `${JSON.stringify(record)}\n`);
  }

  async remove(record: Kept): Promise<void> {
    await rm(this.#artifactFile(record.artifact.app, record.artifact.digest), { force: true });
  }

  /** The digest that the finished build of this name made. */
  async resultOf(app: AppName, build: string): Promise<ArtifactDigest | null> {
    return (await readIfThere(this.#buildFile(app, build)))?.trim() ?? null;
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

  async #read(path: string): Promise<Kept | null> {
    const text = await readIfThere(path);
    return text === null ? null : this.#parse(text);
  }
}
