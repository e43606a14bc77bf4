import { basename, posix } from 'node:path';
import type { Scope } from '../../../core/ids.ts';
import type { DockerEngine } from '../../../docker-engine/docker-engine.ts';
import type { Mount } from '../../../docker-engine/engine-shapes.ts';
import type { ServiceOrder } from '../targets.ts';
import { shortHash } from '../slots/folders.ts';
import { readText } from '../slots/state-files.ts';
import type { ContainerFiles, ContainerUser, WantedFiles } from './container-files.ts';
import { claimFolder } from './container-files.ts';
import { labelNames, stateLabel, storeLabel } from './container-names.ts';
import { isFailure } from './engine-sight.ts';
import { oneEntryTar } from './one-entry-tar.ts';

const timeoutMs = 60_000;
const ownerFolder = '/lotse';

/**
 * The engine is on another machine, which has none of our files. A store is a named volume there: made by the engine
 * itself, wherever it keeps them, so that it works on every engine with nothing but its API. A claim is written into each
 * container of its service, whose `/run/lotse` is a volume that goes with it.
 */
export class ServerFiles implements ContainerFiles {
  readonly #engine: DockerEngine;
  readonly #state: string;
  /** Whose each volume is, as far as it was seen to by this process. */
  readonly #owners = new Map<string, string>();
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(engine: DockerEngine, state: string) {
    this.#engine = engine;
    this.#state = state;
  }

  async mounts(wanted: WantedFiles): Promise<readonly Mount[]> {
    const mounts: Mount[] = [];
    for (const folder of wanted.storeFolders) {
      const volume = volumeOf(this.#state, wanted.scope, folder);
      await this.#inTurn(volume.name, () => this.#makeReady(volume, wanted));
      mounts.push({ Type: 'volume', Source: volume.name, Target: folder, VolumeOptions: { NoCopy: true } });
    }
    if (wanted.claimFile === null) return mounts;
    return [...mounts, { Type: 'volume', Target: claimFolder, VolumeOptions: { NoCopy: true } }];
  }

  async fill(container: string, claimFile: string | null): Promise<void> {
    if (claimFile !== null) await this.#inTurn(claimFile, () => this.#writeClaim(container, claimFile));
  }

  async spreadClaim(order: ServiceOrder, claimFile: string): Promise<void> {
    const label = [
      `${stateLabel}=${this.#state}`,
      `${labelNames.app}=${order.app}`,
      `${labelNames.environment}=${order.environment}`,
      `${labelNames.revision}=${order.revision}`,
      `${labelNames.service}=${order.definition.service}`,
    ];
    await this.#inTurn(claimFile, async () => {
      const found = await this.#engine.containers.list({ label, status: ['created', 'running', 'paused'] });
      await Promise.all(found.map(({ Id }) => this.#writeClaim(Id, claimFile).catch(unlessGone)));
    });
  }

  /** What the file says now: of two that write the second one reads it anew. */
  async #writeClaim(container: string, claimFile: string): Promise<void> {
    const text = await readText(claimFile);
    if (text === null) return;
    const tar = oneEntryTar({ name: basename(claimFile), text, mode: 0o644, owner: 0 });
    await this.#engine.containers.putArchive(container, claimFolder, tar, { timeoutMs });
  }

  async #makeReady({ name, labels }: StoreVolume, { user, image }: WantedFiles): Promise<void> {
    const owner = `${user.environment} ${user.isOfImage}`;
    const isThere = await this.#engine.volumes.inspect(name, { timeoutMs }).then(() => true, falseIfMissing);
    if (isThere && this.#owners.get(name) === owner) return;
    if (!isThere) await this.#engine.volumes.create(name, labels, { timeoutMs });
    await this.#give(name, user, image);
    this.#owners.set(name, owner);
  }

  /** Only a container reaches the inside of a volume; this one is never started. */
  async #give(volume: string, user: ContainerUser, image: string): Promise<void> {
    const { containers } = this.#engine;
    const helper = `${volume}-owner`;
    const mount: Mount = { Type: 'volume', Source: volume, Target: `${ownerFolder}/store` };
    const spec = { Image: image, Cmd: ['-'], HostConfig: { NetworkMode: 'none', Mounts: [mount] } };
    await containers.create(helper, spec, { timeoutMs }).catch((error: unknown) => {
      if (!isFailure(error, 'conflict')) throw error; // Left by a control plane that died here.
    });
    const mode = user.isOfImage ? 0o2770 : 0o700;
    const tar = oneEntryTar({ name: 'store', text: null, mode, owner: user.environment });
    await containers.putArchive(helper, ownerFolder, tar, { timeoutMs });
    await containers.remove(helper, { force: true, timeoutMs });
  }

  async #inTurn<T>(what: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(what) ?? Promise.resolve();
    const result = before.then(work);
    const settled = result.catch(() => undefined);
    this.#turns.set(what, settled);
    try {
      return await result;
    } finally {
      if (this.#turns.get(what) === settled) this.#turns.delete(what);
    }
  }
}

interface StoreVolume {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Named by app, environment and store and not by the whole path: who moves the state folder finds the same volume. Folders
 * of stores are `…/APP/ENVIRONMENT/STORE`; of one that is not, the last part of its path counts.
 */
export function volumeOf(state: string, scope: Scope, folder: string): StoreVolume {
  const within = `/${scope.app}/${scope.environment}/`;
  const at = folder.lastIndexOf(within);
  const store = at === -1 ? posix.basename(folder) : folder.slice(at + within.length);
  const word = /^[A-Za-z0-9_.-]+$/.test(store) ? store : shortHash(store).slice(0, 12);
  return {
    name: `lotse-${state}-${[scope.app, scope.environment, word].join('_')}`, // Names have hyphens.
    labels: {
      [stateLabel]: state,
      [labelNames.app]: scope.app,
      [labelNames.environment]: scope.environment,
      [storeLabel]: store,
    },
  };
}

function falseIfMissing(error: unknown): false {
  if (isFailure(error, 'not-found')) return false;
  throw error;
}

/** A container that ends just now needs no claim. */
function unlessGone(error: unknown): void {
  if (!isFailure(error, 'not-found') && !isFailure(error, 'conflict')) throw error;
}
