import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactDigest, Scope } from '../../../core/ids.ts';
import { LotseError } from '../../../core/errors.ts';
import type { EntryOrder, Session } from '../session.ts';
import type { ServiceOrder, TargetSlot } from '../targets.ts';
import { KeptService, readKeptService } from './kept-service.ts';
import type { SlotMachine } from './slot-machine.ts';
import { namesIn } from './state-files.ts';

/** Revisions of an environment that nothing runs of keep their logs; beyond so many the oldest go. */
const idleRevisionsKept = 10;

/** All services that were ever ordered of a target and are still kept, by the folder of their order. */
export class KeptServices {
  readonly #machine: SlotMachine;
  readonly #services = new Map<string, KeptService>();

  constructor(machine: SlotMachine) {
    this.#machine = machine;
  }

  /** Takes up all that an earlier target on this state left; called once. */
  async adopt(): Promise<void> {
    for (const folder of await this.#serviceFolders()) {
      const service = await readKeptService(this.#machine, folder);
      if (service !== null) this.#services.set(folder, service);
    }
    await Promise.all([...this.#services.values()].map((service) => service.adopt()));
  }

  async ensure(order: ServiceOrder): Promise<void> {
    if (!Number.isInteger(order.slots) || order.slots < 0) {
      throw new LotseError('bad-input', `${order.slots} is not a number of slots.`);
    }
    const folder = this.#machine.settings.folders.service(order, order.revision, order.definition.service);
    const service = this.#services.get(folder);
    if (service !== undefined) return await service.ensure(order);
    if (order.slots === 0) return; // Never ordered, and not wanted: nothing to keep.
    const added = new KeptService(this.#machine, { ...order, slots: 0 });
    this.#services.set(folder, added);
    await this.#dropIdleRevisions(order);
    await added.ensure(order);
  }

  async view(scope: Scope): Promise<readonly TargetSlot[]> {
    const views = await Promise.all(this.#servicesOf(scope).map((service) => service.view()));
    return views.flat();
  }

  /** Errors: `not-found`, `conflict`. */
  async enter(order: EntryOrder): Promise<Session> {
    const service = this.#services.get(this.#machine.settings.folders.service(order, order.revision, order.service));
    if (service !== undefined) return await service.enter(order);
    throw new LotseError('not-found', `Nothing of ${order.service} runs here for ${order.revision}`);
  }

  /** Something of the environment runs, or is ordered to. */
  isBusy(scope: Scope): boolean {
    return this.#servicesOf(scope).some((service) => !service.isIdle);
  }

  /** Digests that an instance runs from or is ordered to. */
  artifactsInUse(): readonly ArtifactDigest[] {
    const used = [...this.#services.values()].filter((service) => !service.isIdle);
    return [...new Set(used.map((service) => service.order.artifact))];
  }

  /** After the target was told to close: resolves when nothing waits here any more. */
  async settled(): Promise<void> {
    await Promise.all([...this.#services.values()].map((service) => service.settled()));
  }

  #servicesOf(scope: Scope): readonly KeptService[] {
    return [...this.#services.values()].filter(({ order }) => {
      return order.app === scope.app && order.environment === scope.environment;
    });
  }

  async #serviceFolders(): Promise<readonly string[]> {
    let folders: readonly string[] = [this.#machine.settings.folders.kept];
    for (let level = 0; level < 4; level++) {
      const below = await Promise.all(
        folders.map(async (folder) => (await namesIn(folder)).map((name) => join(folder, name))),
      );
      folders = below.flat();
    }
    return folders;
  }

  async #dropIdleRevisions(scope: Scope): Promise<void> {
    const environment = join(this.#machine.settings.folders.kept, scope.app, scope.environment);
    const busy = this.#servicesOf(scope).filter((service) => !service.isIdle);
    const revisions = await Promise.all(
      (await namesIn(environment))
        .filter((revision) => !busy.some(({ order }) => order.revision === revision))
        .map(async (revision) => ({
          folder: join(environment, revision),
          at: await changedAt(join(environment, revision)),
        })),
    );
    for (const { folder } of revisions.sort((a, b) => b.at - a.at).slice(idleRevisionsKept)) {
      for (const key of this.#services.keys()) if (key.startsWith(`${folder}/`)) this.#services.delete(key);
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function changedAt(folder: string): Promise<number> {
  return (await stat(folder)).mtimeMs;
}
