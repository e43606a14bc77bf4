import { readdirSync, readlinkSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactDigest, AppName } from '../../../core/ids.ts';
import { LotseError } from '../../../core/errors.ts';
import type { Artifact, BuildOrder, Builder } from '../builders.ts';
import { ArtifactRecords } from '../records/artifact-records.ts';
import { buildName, RunningBuilds } from '../records/running-builds.ts';
import { Build } from './build.ts';
import type { BuildFolders } from './build-place.ts';
import { removeTree } from './build-place.ts';
import type { BuildMachine, ProcessBuilderOptions } from './build-machine.ts';
import { openBuildMachine } from './build-machine.ts';
import { whyUnfit } from './fits-machine.ts';
import { parseArtifactRecord, type ArtifactRecord } from './parse-files.ts';

/** Builds artifacts with npm on this machine, and keeps them as sealed folders. */
export class ProcessBuilder implements Builder {
  readonly #machine: BuildMachine;
  readonly #folders: BuildFolders;
  readonly #records: ArtifactRecords<ArtifactRecord>;
  readonly #running = new RunningBuilds();

  constructor(machine: BuildMachine) {
    this.#machine = machine;
    this.#folders = machine.folders;
    this.#records = new ArtifactRecords(machine.folders.records, parseArtifactRecord);
  }

  /** What this machine cannot do for a build, for people. */
  get notes(): readonly string[] {
    return this.#machine.notes;
  }

  async build(order: BuildOrder, onLine: (line: string) => void, signal: AbortSignal): Promise<Artifact> {
    const app = checkName(order.app);
    refuseRegistries(order);
    const name = buildName(app, order.key);
    return await this.#running.join(name, () => this.#build(order, name, onLine, signal));
  }

  async find(digest: ArtifactDigest): Promise<Artifact | null> {
    const record = await this.#findWhole(digest);
    return record?.artifact ?? null;
  }

  unfit(artifact: Artifact): string | null {
    return whyUnfit(artifact.platform, this.#machine.platform);
  }

  /** The sealed folder of an artifact, absolute; null when it is gone. Errors: `bad-input` when it cannot run here. */
  async artifactFolder(digest: ArtifactDigest): Promise<string | null> {
    const record = await this.#findWhole(digest);
    if (record === null) return null;
    const why = this.unfit(record.artifact);
    if (why === null) return this.#folderOf(record);
    throw new LotseError('bad-input', `The artifact ${digest} cannot run here: ${why}.`, {
      hint: 'Deploy its commit again: that builds it for this machine.',
    });
  }

  async list(app: AppName): Promise<readonly Artifact[]> {
    const records = await this.#records.list(checkName(app));
    const whole = await Promise.all(
      records.map(async (record) => ((await this.#isWhole(record)) ? [record.artifact] : [])),
    );
    return whole.flat().toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  }

  async collect(app: AppName, keep: readonly ArtifactDigest[]): Promise<readonly ArtifactDigest[]> {
    const used = new Set([...keep, ...(await this.#machine.inUse())]);
    const gone: ArtifactDigest[] = [];
    for (const record of await this.#records.list(checkName(app))) {
      const { digest } = record.artifact;
      if (used.has(digest) || runsBelow(this.#folderOf(record))) continue;
      await this.#records.remove(record); // First: a crash leaves a folder without a record, which the next call takes.
      await removeTree(this.#folderOf(record));
      gone.push(digest);
    }
    await this.#removeUnrecorded(app);
    return gone;
  }

  async #build(
    order: BuildOrder,
    name: string,
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<Artifact> {
    const done = await this.#finished(order.app, name);
    if (done !== null) return done;
    const build = new Build(this.#machine, order, name, onLine);
    const artifact = await build.make(signal);
    const twin = (await this.#records.list(order.app)).find((record) => record.artifact.digest === artifact.digest);
    if (twin !== undefined && (await this.#isWhole(twin))) {
      if (twin.folder !== name) await removeTree(this.#folders.artifact(order.app, name));
    } else {
      await this.#records.add({ format: 1, artifact, folder: name });
    }
    await this.#records.finish(order.app, name, artifact.digest);
    return twin?.artifact ?? artifact;
  }

  /** The result of an earlier build of that name, also of one that was killed right before it could say so. */
  async #finished(app: AppName, name: string): Promise<Artifact | null> {
    const digest = await this.#records.resultOf(app, name);
    const records = await this.#records.list(app);
    const record = records.find((found) => found.artifact.digest === digest || found.folder === name);
    return record !== undefined && (await this.#isWhole(record)) ? record.artifact : null;
  }

  async #findWhole(digest: ArtifactDigest): Promise<ArtifactRecord | null> {
    const record = await this.#records.find(digest);
    return record !== null && (await this.#isWhole(record)) ? record : null;
  }

  async #isWhole(record: ArtifactRecord): Promise<boolean> {
    return await stat(this.#folderOf(record)).then(
      (found) => found.isDirectory() && (found.mode & 0o222) === 0, // Sealed: nobody may write.
      () => false,
    );
  }

  #folderOf(record: ArtifactRecord): string {
    return this.#folders.artifact(record.artifact.app, record.folder);
  }

  /** Halves of builds that were killed, and folders whose record went first. */
  async #removeUnrecorded(app: AppName): Promise<void> {
    const known = new Set((await this.#records.list(app)).map((record) => record.folder));
    const folder = this.#folders.artifactsOf(app);
    for (const name of await readdir(folder).catch(() => [])) {
      if (!known.has(name) && !this.#running.has(name)) await removeTree(join(folder, name));
    }
  }
}

/** Opens the builder on its state folder. Only one at a time may have it open (the owner's lock). */
export async function openProcessBuilder(options: ProcessBuilderOptions): Promise<ProcessBuilder> {
  return new ProcessBuilder(await openBuildMachine(options));
}

/** Images come from registries, and no image is made here. */
function refuseRegistries({ registries = {} }: BuildOrder): void {
  if (Object.keys(registries).length === 0) return;
  throw new LotseError('bad-input', '`build.registries` is for images, and this app is built without containers.', {
    hint: 'Leave `build.registries` out, or build an image (`target: docker`).',
  });
}

/** Names become folders: one that could lead elsewhere is refused. */
function checkName(app: AppName): AppName {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(app)) return app;
  throw new LotseError('bad-input', `"${app}" cannot be the name of an app.`);
}

/** Some process of this machine works in the folder (Linux; elsewhere only `inUse` is asked). */
function runsBelow(folder: string): boolean {
  if (process.platform !== 'linux') return false;
  return readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && `${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${folder}/`);
    } catch {
      return false; // It has ended, or belongs to somebody else.
    }
  });
}
