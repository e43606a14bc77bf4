import { join } from 'node:path';
import { LotseError } from '../../../core/errors.ts';
import type { ObservedJob } from '../../../rollout/facts.ts';
import type { JobOrder } from '../targets.ts';
import { Job } from './job.ts';
import { findWorkingFolder } from './instance-command.ts';
import type { Machine } from './machine.ts';
import { formatOrder, parseJobOrder } from './parse-records.ts';
import { makeFolder, namesIn, readText, writeDurably } from './state-files.ts';

/** All jobs that were ever started here, by key. A finished one is read from the disk when it is asked for. */
export class Jobs {
  readonly #machine: Machine;
  readonly #open = new Map<string, Job>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Takes up the jobs that an earlier control plane left running, or was about to start. */
  async adopt(): Promise<void> {
    for (const name of await namesIn(this.#machine.folders.jobs)) {
      const job = await this.#read(join(this.#machine.folders.jobs, name));
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
    return this.#open.get(key) ?? (await this.#read(this.#machine.folders.job(key)));
  }

  async settled(): Promise<void> {
    await Promise.all([this.#turn, ...[...this.#open.values()].map((job) => job.settled())]);
  }

  async #startOnce(order: JobOrder): Promise<void> {
    if ((await this.find(order.key)) !== null) return;
    if (order.argv.length === 0) throw new LotseError('bad-input', `The job ${order.key} has no command.`);
    await findWorkingFolder(this.#machine, order.artifact, order.root);
    const folder = this.#machine.folders.job(order.key);
    const record = { deadline: this.#machine.now() + order.withinMs, ending: null, outcome: null };
    const job = new Job(this.#machine, order, record);
    await makeFolder(folder, 0o700);
    await job.keep({});
    await writeDurably(join(folder, 'order.json'), formatOrder(this.#machine.sealingKey, order)); // From here on it was started.
    this.#open.set(order.key, job);
    job.open();
  }

  async #read(folder: string): Promise<Job | null> {
    const order = await readText(join(folder, 'order.json'));
    if (order === null) return null;
    return await Job.read(this.#machine, parseJobOrder(this.#machine.sealingKey, order));
  }
}
