import type { ArtifactDigest, Scope } from '../../../core/ids.ts';
import type { ObservedJob } from '../../../rollout/facts.ts';
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
import type { OpenedMachine, ProcessTargetOptions } from './open-machine.ts';
import { openMachine } from './open-machine.ts';
import { readRoom } from '../slots/room.ts';
import { runOneOff, sweepOneOffs } from './run-one-off.ts';

/** Runs instances and jobs as processes of this machine (Linux, macOS). */
export class ProcessTarget implements EnterableTarget {
  readonly traits: TargetTraits;
  readonly #opened: OpenedMachine;
  readonly #closing: AbortController;
  readonly #services: KeptServices;
  readonly #jobs: Jobs;

  constructor(opened: OpenedMachine, closing: AbortController) {
    this.#opened = opened;
    this.#closing = closing;
    this.#services = new KeptServices(opened.slots);
    this.#jobs = new Jobs(opened.slots);
    this.traits = {
      name: 'process',
      instances: 'lotse',
      scaling: 'lotse',
      traffic: 'lotse',
      addresses: 'per-slot',
      notes: opened.notes,
    };
  }

  /** Takes up all that an earlier target on this state left; called once, by `openProcessTarget`. */
  async adopt(): Promise<void> {
    await this.#services.adopt();
    await this.#jobs.adopt();
    await sweepOneOffs(this.#opened.machine);
  }

  async ensure(order: ServiceOrder): Promise<void> {
    await this.#services.ensure(order);
  }

  async observe(scope: Scope): Promise<readonly TargetSlot[]> {
    return await this.#services.view(scope);
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
    const { folders, logFormat } = this.#opened.slots.settings;
    return readLogs(folders, logFormat, query, signal);
  }

  async room(): Promise<Room> {
    return await readRoom(this.#opened.machine.folders.state);
  }

  async enter(order: EntryOrder): Promise<Session> {
    return await this.#services.enter(order);
  }

  async runOnce(order: OneOffOrder): Promise<Session> {
    return await runOneOff(this.#opened.machine, order);
  }

  /** Digests that an instance runs from or is ordered to: they must not be collected. */
  artifactsInUse(): readonly ArtifactDigest[] {
    return this.#services.artifactsInUse();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#services.settled();
    await this.#jobs.settled();
    await this.#opened.machine.controlGroups.close();
  }
}

/** Opens the target on its state folder and adopts what runs. Only one at a time may have it open (the owner's lock). */
export async function openProcessTarget(options: ProcessTargetOptions): Promise<ProcessTarget> {
  const closing = new AbortController();
  const target = new ProcessTarget(await openMachine(options, closing.signal), closing);
  await target.adopt();
  return target;
}
