import type { ArtifactDigest, Scope } from '../../../core/ids.ts';
import type { ObservedJob } from '../../../rollout/facts.ts';
import type { InnerNetwork } from '../../../core/routing-document.ts';
import type { EntryOrder, OneOffOrder, Session } from '../session.ts';
import type {
  EnterableTarget,
  JobOrder,
  LogLine,
  LogQuery,
  Room,
  ServiceOrder,
  TargetSlot,
  TargetTraits,
} from '../targets.ts';
import { Jobs } from '../slots/jobs.ts';
import { KeptServices } from '../slots/kept-services.ts';
import { readLogs } from '../slots/logs.ts';
import { pause } from '../slots/pause.ts';
import { readRoom } from '../slots/room.ts';
import type { DockerTargetOptions, OpenedDocker } from './open-docker.ts';
import { openDocker } from './open-docker.ts';
import { runInContainer } from './run-in-container.ts';
import { readServerRoom } from './server-room.ts';
import { formatSubnet } from './subnet.ts';
import { keepUp } from './upkeep.ts';

const engineGreetingMs = 1000;
/** How long the engine's folder is remembered, in milliseconds. */
const dataFolderMs = 60_000;

/** Runs instances and jobs as containers of one Docker engine (20.10 and newer, Linux). */
export class DockerTarget implements EnterableTarget {
  readonly #opened: OpenedDocker;
  readonly #closing: AbortController;
  readonly #services: KeptServices;
  readonly #jobs: Jobs;
  #notes: readonly string[] = [];
  #dataFolder: { readonly path: string | null; readonly atMs: number } = { path: null, atMs: -Infinity };
  #upkeep: Promise<void> = Promise.resolve();

  constructor(opened: OpenedDocker, closing: AbortController) {
    this.#opened = opened;
    this.#closing = closing;
    this.#services = new KeptServices(opened.slots);
    this.#jobs = new Jobs(opened.slots);
  }

  get traits(): TargetTraits {
    return {
      name: 'docker',
      instances: 'lotse',
      scaling: 'lotse',
      traffic: 'lotse',
      addresses: 'per-slot',
      notes: [
        ...this.#notes,
        ...(this.#opened.machine.sight.problem === null ? [] : [this.#opened.machine.sight.problem]),
      ],
    };
  }

  /** Takes up all that an earlier target on this state left; called once, by `openDockerTarget`. */
  async adopt(): Promise<void> {
    const { machine, slots } = this.#opened;
    await this.#services.adopt();
    await this.#jobs.adopt();
    const { signal } = this.#closing;
    const seen = Promise.withResolvers<void>();
    this.#upkeep = keepUp(
      machine,
      slots,
      (scope) => this.#services.isBusy(scope),
      signal,
      (notes) => {
        this.#notes = notes;
        seen.resolve();
      },
    );
    await Promise.race([seen.promise, this.#upkeep, pause(engineGreetingMs, signal)]);
  }

  async ensure(order: ServiceOrder): Promise<void> {
    await this.#services.ensure(order);
  }

  /** While the engine cannot be asked, each slot says so, and is what its probes show or what it was last seen to be. */
  async observe(scope: Scope): Promise<readonly TargetSlot[]> {
    const slots = await this.#services.view(scope);
    const { problem } = this.#opened.machine.sight;
    return problem === null ? slots : slots.map((slot) => ({ ...slot, note: slot.note ?? problem }));
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

  async *logs(query: LogQuery, signal: AbortSignal): AsyncGenerator<LogLine> {
    const { folders, logFormat } = this.#opened.slots.settings;
    await this.#catchUpLogs(signal);
    yield* readLogs(folders, logFormat, query, signal);
  }

  /** Images and what containers write lie on the engine's own disk. */
  async room(): Promise<Room | null> {
    const { machine } = this.#opened;
    if (!machine.isLocal) return await machine.sight.tryToSee(() => readServerRoom(machine)).catch(() => null);
    const folder = await this.#engineFolder();
    return await readRoom(machine.folders.state, ...(folder === null ? [] : [folder]));
  }

  /** Where the engine keeps everything; null: it cannot be asked. Gates ask for it twice a second, and it hardly ever moves. */
  async #engineFolder(): Promise<string | null> {
    const { machine } = this.#opened;
    if (machine.now() - this.#dataFolder.atMs < dataFolderMs) return this.#dataFolder.path;
    const info = await machine.sight.tryToSee(() => machine.engine.info()).catch(() => null);
    if (info !== null) this.#dataFolder = { path: info.DockerRootDir, atMs: machine.now() };
    return info?.DockerRootDir ?? null;
  }

  async enter(order: EntryOrder): Promise<Session> {
    return await this.#services.enter(order);
  }

  async runOnce(order: OneOffOrder): Promise<Session> {
    return await runInContainer(this.#opened.machine, order);
  }

  /** Digests that an instance runs from or is ordered to: their images must not be collected. */
  artifactsInUse(): readonly ArtifactDigest[] {
    return this.#services.artifactsInUse();
  }

  /**
   * Resolves when the image of an artifact is on the engine, however long that takes; at once where it was built. Errors:
   * `not-found` (nobody has built it), `unreachable`, `disk-full`.
   */
  async bring(artifact: ArtifactDigest): Promise<void> {
    await this.#opened.machine.delivery?.complete(artifact);
  }

  /**
   * Where containers of the environment reach this machine: the proxy's internal and pinned ports have to be there. The
   * network is made if need be, so that the address can be bound. It changes only when somebody takes the network away.
   * Errors: `unreachable`, `timeout`, `port-taken`.
   */
  async innerNetwork(scope: Scope): Promise<InnerNetwork> {
    const { gateway, subnet } = await this.#opened.machine.networks.of(scope);
    return { host: gateway, network: formatSubnet(subnet) };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#services.settled();
    await this.#jobs.settled();
    await this.#upkeep;
    this.#opened.machine.engine.close();
  }

  /** What was written a moment ago may still be on its way; an engine that does not answer holds nobody up. */
  async #catchUpLogs(signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(2000)]);
    const logs = [...this.#opened.machine.openLogs.values()];
    await Promise.all(logs.map((log) => log.catchUp(false, limit).catch(() => undefined)));
  }
}

/**
 * Opens the target on its state folder and adopts what runs. Only one at a time may have it open (the owner's lock). An
 * engine that does not answer is waited for: nothing is forgotten, and orders that need it fail as `unreachable`.
 */
export async function openDockerTarget(options: DockerTargetOptions): Promise<DockerTarget> {
  const closing = new AbortController();
  const target = new DockerTarget(await openDocker(options, closing.signal), closing);
  await target.adopt();
  return target;
}
