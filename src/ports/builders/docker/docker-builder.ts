import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { LotseError } from '../../../core/errors.ts';
import type { AppName, ArtifactDigest } from '../../../core/ids.ts';
import { copyImage } from '../../../docker-engine/copy-image.ts';
import type { DockerEngine } from '../../../docker-engine/docker-engine.ts';
import { EngineError } from '../../../docker-engine/engine-errors.ts';
import type { ImageDetails } from '../../../docker-engine/engine-shapes.ts';
import type { Artifact, BuildOrder, Builder } from '../builders.ts';
import { ArtifactRecords } from '../records/artifact-records.ts';
import { buildName, RunningBuilds } from '../records/running-builds.ts';
import { readIfThere, writeWhole } from '../records/whole-files.ts';
import { ImageBuild } from './image-build.ts';
import { platformOf, whyImageIsUnfit } from './image-platform.ts';
import { parseImageRecord, type ImageRecord } from './parse-image-records.ts';

/** An engine that gives an image away writes all of it to its disk first; the other one answers when all of it has come. */
const deliveryTimeoutMs = 3_600_000;

export interface DockerBuilderOptions {
  /** Folder of this builder alone; made when it is not there. */
  readonly stateDir: string;
  readonly engine: DockerEngine;
  /** Digests that must not be collected whatever is said, e.g. the target's. */
  readonly inUse?: () => Promise<readonly ArtifactDigest[]>;
  readonly now?: () => number;
}

/**
 * Builds images from the app's Dockerfile on a Docker engine, which keeps them. An artifact's digest is the image's id,
 * which covers all layers and the image's configuration. Each image has a tag `lotse/APP:…`, so that pruning does not take
 * it, and the label `lotse.app`. What is an artifact stands in records on this side.
 *
 * The same source gives the same image as long as the engine's cache has its steps: an image holds the time it was made.
 */
export class DockerBuilder implements Builder {
  readonly #options: DockerBuilderOptions;
  readonly #engine: DockerEngine;
  /** Which images are artifacts. The engine alone could not tell: others use it too, and may tag or remove what they like. */
  readonly #records: ArtifactRecords<ImageRecord>;
  readonly #ownerFile: string;
  readonly #now: () => number;
  /** Of the engine, as far as it was seen. */
  #platform: Artifact['platform'] | null = null;
  readonly #running = new RunningBuilds();

  constructor(options: DockerBuilderOptions) {
    this.#options = options;
    this.#engine = options.engine;
    const folder = join(resolve(options.stateDir), 'images');
    this.#records = new ArtifactRecords(folder, parseImageRecord);
    this.#ownerFile = join(folder, 'owner');
    this.#now = options.now ?? Date.now;
  }

  async build(order: BuildOrder, onLine: (line: string) => void, signal: AbortSignal): Promise<Artifact> {
    const name = buildName(checkName(order.app), order.key);
    return await this.#running.join(name, () => this.#build(order, name, onLine, signal));
  }

  async find(digest: ArtifactDigest): Promise<Artifact | null> {
    const record = await this.#records.find(digest);
    return record !== null && (await this.#image(digest)) !== null ? record.artifact : null;
  }

  /** Brings the image to another engine, where it is not there yet. Errors: `not-found`, and those of engines. */
  async deliver(digest: ArtifactDigest, engine: DockerEngine, signal: AbortSignal): Promise<void> {
    const record = await this.#records.find(digest);
    if (record === null) throw new LotseError('not-found', `There is no image ${digest} to bring to another machine.`);
    const limits = { signal, timeoutMs: deliveryTimeoutMs };
    await copyImage({ id: digest, tag: record.tag }, this.#engine, engine, limits);
  }

  /**
   * Takes away from another engine what was brought there and is kept here no longer. What a container there is made of
   * stays. Errors: those of engines.
   */
  async tidy(engine: DockerEngine): Promise<void> {
    const owner = await this.#owner();
    const tags = (await engine.images.list({ reference: ['lotse/*'] })).flatMap(({ RepoTags }) => RepoTags ?? []);
    for (const tag of tags) {
      const [, app, drawn] = /^lotse\/([^/:]+):([^-]+)-/.exec(tag) ?? [];
      if (app === undefined || drawn !== owner) continue;
      const isKept = (await this.#records.list(app)).some((record) => record.tag === tag);
      if (!isKept) await untag(engine, tag);
    }
  }

  unfit(artifact: Artifact): string | null {
    return whyImageIsUnfit(artifact.platform, this.#platform);
  }

  async list(app: AppName): Promise<readonly Artifact[]> {
    const records = await this.#records.list(checkName(app));
    const found = await Promise.all(
      records.map(async ({ artifact }) => ((await this.#image(artifact.digest)) === null ? [] : [artifact])),
    );
    return found.flat().toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  }

  /**
   * Gives up an image that is not kept, not in use elsewhere, and that no container is made of, running or not. Its layers
   * go with it where no other image has them.
   */
  async collect(app: AppName, keep: readonly ArtifactDigest[]): Promise<readonly ArtifactDigest[]> {
    const containers = await this.#engine.containers.list();
    const inUse = (await this.#options.inUse?.()) ?? [];
    const used = new Set([...keep, ...inUse, ...containers.map((container) => container.ImageID)]);
    const gone: ArtifactDigest[] = [];
    for (const record of await this.#records.list(checkName(app))) {
      const { digest } = record.artifact;
      if (used.has(digest)) continue;
      await this.#records.remove(record); // First: a crash leaves an image with our tag only, which the next call takes.
      if (await untag(this.#engine, record.tag)) gone.push(digest);
      else await this.#records.add(record); // A container was made of it meanwhile.
    }
    await this.#removeUnrecorded(app, used);
    return gone;
  }

  async #build(
    order: BuildOrder,
    name: string,
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<Artifact> {
    refuseWhatNoImageKnows(order);
    const done = await this.#finished(order.app, name);
    if (done !== null) return done;
    const digest = await new ImageBuild(this.#engine, order, onLine).make(signal);
    const artifact = await this.#keep(order.app, digest);
    await this.#records.finish(order.app, name, digest);
    return artifact;
  }

  /** Names the image and writes it down; an image that is an artifact already stays as it was written down. */
  async #keep(app: AppName, digest: ArtifactDigest): Promise<Artifact> {
    const details = await this.#engine.images.inspect(digest);
    await this.#look();
    const repository = `lotse/${app}`;
    const tag = `${await this.#owner()}-${digest.slice('sha256:'.length).slice(0, 16)}`;
    await this.#engine.images.tag(digest, repository, tag);
    const twin = (await this.#records.list(app)).find((record) => record.artifact.digest === digest);
    if (twin !== undefined) return twin.artifact;
    const platform = platformOf(details.Os, details.Architecture);
    const artifact = { digest, app, sizeBytes: details.Size, createdAtMs: this.#now(), platform };
    await this.#records.add({ format: 1, artifact, tag: `${repository}:${tag}` });
    return artifact;
  }

  /** Names this state folder in tags, so that two control planes on one engine keep apart. Drawn once. */
  async #owner(): Promise<string> {
    const known = await readIfThere(this.#ownerFile);
    if (known !== null) return known.trim();
    const drawn = randomBytes(5).toString('hex');
    await writeWhole(this.#ownerFile, `${drawn}\n`);
    return drawn;
  }

  async #finished(app: AppName, name: string): Promise<Artifact | null> {
    const digest = await this.#records.resultOf(app, name);
    if (digest === null) return null;
    const record = (await this.#records.list(app)).find(({ artifact }) => artifact.digest === digest);
    return record !== undefined && (await this.#image(digest)) !== null ? record.artifact : null;
  }

  /** Null: the engine says that it is not there. That it does not answer is an error, and says nothing about the image. */
  async #image(digest: ArtifactDigest): Promise<ImageDetails | null> {
    await this.#look();
    return await unlessMissing(this.#engine.images.inspect(digest));
  }

  async #look(): Promise<void> {
    const { Os, Arch } = await this.#engine.version();
    this.#platform = platformOf(Os, Arch);
  }

  /** Tags of ours whose record went first, or was never written. */
  async #removeUnrecorded(app: AppName, used: ReadonlySet<string>): Promise<void> {
    if (this.#running.count > 0) return; // One that ends just now has its tag before its record.
    const prefix = `lotse/${app}:${await this.#owner()}-`;
    const known = new Set((await this.#records.list(app)).map((record) => record.tag));
    for (const image of await this.#engine.images.list({ reference: [`lotse/${app}`] })) {
      const own = (image.RepoTags ?? []).filter((tag) => tag.startsWith(prefix) && !known.has(tag));
      if (!used.has(image.Id)) for (const tag of own) await untag(this.#engine, tag);
    }
  }
}

/** Opens the builder on its state folder. Only one at a time may have it open (the owner's lock). The engine need not answer. */
export async function openDockerBuilder(options: DockerBuilderOptions): Promise<DockerBuilder> {
  return new DockerBuilder(options);
}

/** False: a container needs it. */
async function untag(engine: DockerEngine, tag: string): Promise<boolean> {
  try {
    await unlessMissing(engine.images.remove(tag));
    return true;
  } catch (error) {
    if (error instanceof EngineError && error.failure === 'conflict') return false;
    throw error;
  }
}

async function unlessMissing<T>(asking: Promise<T>): Promise<T | null> {
  return await asking.catch((error: unknown) => {
    if (error instanceof EngineError && error.failure === 'not-found') return null;
    throw error;
  });
}

/** What a Dockerfile says must not be said in two places. */
function refuseWhatNoImageKnows(order: BuildOrder): void {
  if (order.run === null) return;
  throw new LotseError('bad-input', '`build.run` has no meaning for an image: its Dockerfile says how it is built.', {
    hint: 'Write the command as a RUN line into the Dockerfile, and leave `build.run` out.',
  });
}

/** Names become parts of tags and folders: one that could lead elsewhere is refused. */
function checkName(app: AppName): AppName {
  if (/^[a-z0-9]+(?:-+[a-z0-9]+)*$/.test(app)) return app;
  throw new LotseError('bad-input', `"${app}" cannot be the name of an app.`);
}
