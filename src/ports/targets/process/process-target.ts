import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactDigest, Scope } from '../../../core/ids.ts';
import { LotseError } from '../../../core/errors.ts';
import type { ObservedJob } from '../../../rollout/facts.ts';
import type { JobOrder, LogLine, LogQuery, Room, ServiceOrder, Target, TargetSlot, TargetTraits } from '../targets.ts';
import { Jobs } from './jobs.ts';
import { KeptService, readKeptService } from './kept-service.ts';
import { readLogs } from './logs.ts';
import type { Machine } from './machine.ts';
import type { ProcessTargetOptions } from './open-machine.ts';
import { openMachine } from './open-machine.ts';
import { readRoom } from './room.ts';
import { namesIn } from './state-files.ts';

/** Revisions of an environment that nothing runs of keep their logs; beyond so many the oldest go. */
const idleRevisionsKept = 10;

/** Runs instances and jobs as processes of this machine (Linux, macOS). */
export class ProcessTarget implements Target {
  readonly traits: TargetTraits;
  readonly #machine: Machine;
  readonly #closing: AbortController;
  readonly #services = new Map<string, KeptService>();
  readonly #jobs: Jobs;

  constructor(machine: Machine, closing: AbortController, notes: readonly string[]) {
    this.#machine = machine;
    this.#closing = closing;
    this.#jobs = new Jobs(machine);
    this.traits = {
      name: 'process',
      instances: 'lotse',
      scaling: 'lotse',
      traffic: 'lotse',
      addresses: 'per-slot',
      notes,
    };
  }

  /** Takes up all that an earlier target on this state left; called once, by `openProcessTarget`. */
  async adopt(): Promise<void> {
    for (const folder of await this.#serviceFolders()) {
      const service = await readKeptService(this.#machine, folder);
      if (service !== null) this.#services.set(folder, service);
    }
    await Promise.all([...this.#services.values()].map((service) => service.adopt()));
    await this.#jobs.adopt();
  }

  async ensure(order: ServiceOrder): Promise<void> {
    if (order.definition.argv.length === 0) {
      throw new LotseError('bad-input', `The service ${order.definition.service} has no command.`);
    }
    if (!Number.isInteger(order.slots) || order.slots < 0) {
      throw new LotseError('bad-input', `${order.slots} is not a number of slots.`);
    }
    const folder = this.#machine.folders.service(order, order.revision, order.definition.service);
    const service = this.#services.get(folder);
    if (service !== undefined) return await service.ensure(order);
    if (order.slots === 0) return; // Never ordered, and not wanted: nothing to keep.
    const added = new KeptService(this.#machine, { ...order, slots: 0 });
    this.#services.set(folder, added);
    await this.#dropIdleRevisions(order);
    await added.ensure(order);
  }

  async observe(scope: Scope): Promise<readonly TargetSlot[]> {
    const views = await Promise.all(this.#servicesOf(scope).map((service) => service.view()));
    return views.flat();
  }

  async startJob(order: JobOrder): Promise<void> {
    await this.#jobs.start(order);
  }

  async observeJob(key: string): Promise<ObservedJob | null> {
    return await this.#jobs.observe(key);
  }

  async cancelJob(key: string): Promise<void> {
    await this.#jobs.cancel(key);
  }

  logs(query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine> {
    return readLogs(this.#machine.folders, query, signal);
  }

  async room(): Promise<Room> {
    return await readRoom(this.#machine.folders.state);
  }

  /** Digests that an instance runs from or is ordered to: they must not be collected. */
  artifactsInUse(): readonly ArtifactDigest[] {
    const used = [...this.#services.values()].filter((service) => !service.isIdle);
    return [...new Set(used.map((service) => service.order.artifact))];
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#services.values()].map((service) => service.settled()));
    await this.#jobs.settled();
    await this.#machine.controlGroups.close();
  }

  #servicesOf(scope: Scope): readonly KeptService[] {
    return [...this.#services.values()].filter(({ order }) => {
      return order.app === scope.app && order.environment === scope.environment;
    });
  }

  async #serviceFolders(): Promise<readonly string[]> {
    let folders: readonly string[] = [this.#machine.folders.kept];
    for (let level = 0; level < 4; level++) {
      const below = await Promise.all(
        folders.map(async (folder) => (await namesIn(folder)).map((name) => join(folder, name))),
      );
      folders = below.flat();
    }
    return folders;
  }

  async #dropIdleRevisions(scope: Scope): Promise<void> {
    const environment = join(this.#machine.folders.kept, scope.app, scope.environment);
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

/** Opens the target on its state folder and adopts what runs. Only one at a time may have it open (the owner's lock). */
export async function openProcessTarget(options: ProcessTargetOptions): Promise<ProcessTarget> {
  const closing = new AbortController();
  const { machine, notes } = await openMachine(options, closing.signal);
  const target = new ProcessTarget(machine, closing, notes);
  await target.adopt();
  return target;
}

async function changedAt(folder: string): Promise<number> {
  return (await stat(folder)).mtimeMs;
}
