import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObservedJob } from '../../../rollout/facts.ts';
import type { JobOrder } from '../targets.ts';
import { Job } from './job.ts';
import { formatOrder, parseJobOrder } from './parse-records.ts';
import type { SlotMachine } from './slot-machine.ts';
import { makeFolder, namesIn, readText, writeDurably } from './state-files.ts';

/** All jobs that were ever started here, by key. A finished one is read from the disk when it is asked for. */
export class Jobs {
  readonly #machine: SlotMachine;
  readonly #open = new Map<string, Job>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(machine: SlotMachine) {
    this.#machine = machine;
  }

  /** Takes up the jobs that an earlier control plane left running, or was about to start. */
  async adopt(): Promise<void> {
    for (const name of await namesIn(this.#machine.settings.folders.jobs)) {
      const job = await this.#read(join(this.#machine.settings.folders.jobs, name));
      if (job === null || job.isOver) continue;
      this.#open.set(job.order.key, job);
      job.open();
    }
  }

  /** Errors: `not-found`, `disk-full`, `bad-input`. */
  async start(order: JobOrder): Promise<void> {
    const started = this.#turn.then(() => this.#startOnce(order));
    this.#turn = started.catch(() => undefined);
    await started;
  }

  async observe(key: string): Promise<ObservedJob | null> {
    return (await (await this.find(key))?.view()) ?? null;
  }

  async cancel(key: string): Promise<void> {
    await (await this.find(key))?.cancel();
  }

  async find(key: string): Promise<Job | null> {
    return this.#open.get(key) ?? (await this.#read(this.#machine.settings.folders.job(key)));
  }

  async settled(): Promise<void> {
    await Promise.all([this.#turn, ...[...this.#open.values()].map((job) => job.settled())]);
  }

  async #startOnce(order: JobOrder): Promise<void> {
    if ((await this.find(order.key)) !== null) return;
    await this.#machine.checkJob(order);
    const folder = this.#machine.settings.folders.job(order.key);
    const record = { deadline: this.#machine.settings.now() + order.withinMs, ending: null, outcome: null };
    const job = new Job(this.#machine, order, record);
    await makeFolder(folder, 0o700);
    await job.keep({});
    await writeDurably(join(folder, 'order.json'), formatOrder(this.#machine.settings.sealingKey, order)); // From here on it was started.
    this.#open.set(order.key, job);
    job.open();
    for (const key of order.forgets ?? []) await this.#forget(key);
  }

  async #forget(key: string): Promise<void> {
    const job = await this.find(key);
    if (job === null || !job.isOver) return;
    await job.settled();
    this.#open.delete(key);
    await rm(this.#machine.settings.folders.job(key), { recursive: true, force: true });
  }

  async #read(folder: string): Promise<Job | null> {
    const order = await readText(join(folder, 'order.json'));
    if (order === null) return null;
    return await Job.read(this.#machine, parseJobOrder(this.#machine.settings.sealingKey, order));
  }
}
