import type { ChildProcess } from 'node:child_process';
import { LotseError } from '../core/errors.ts';
import type { DataPlaneStatus } from './data-plane.ts';
import type { EpochReport } from './traffic-counters.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';
import type { Assignment } from './worker-pool.ts';

const answerMs = 10_000;

export interface WorkerEvents {
  applied(): void;
  epochFinal(report: EpochReport): void;
  listenFailed(port: number, error: string): void;
  gone(): void;
}

interface Waiter {
  resolve(message: FromWorker | null): void;
}

/** One proxy worker as its parent sees it: questions with deadlines, and what it tells unasked. */
export class WorkerProcess {
  readonly child: ChildProcess;
  readonly generation: number;
  readonly started: Promise<void>;
  readonly exited: Promise<void>;
  /** Version of the document that it has confirmed; -1: none yet. */
  version = -1;
  isGone = false;
  readonly #events: WorkerEvents;
  readonly #listening = new Set<number>();
  readonly #waiters = new Map<string, Waiter[]>();
  #lastId = 0;

  constructor(child: ChildProcess, generation: number, events: WorkerEvents) {
    this.child = child;
    this.generation = generation;
    this.#events = events;
    this.exited = new Promise((resolve) => child.once('exit', () => resolve()));
    child.on('message', (message: FromWorker) => this.#receive(message));
    child.on('error', () => {});
    // `close` comes after the last message of the channel, so no final counters are lost.
    child.once('exit', () => (child.connected ? child.once('disconnect', () => this.#gone()) : this.#gone()));
    this.started = this.#await('started').then(() => undefined);
    this.started.catch(() => {});
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  #gone(): void {
    if (this.isGone) return;
    this.isGone = true;
    for (const waiters of this.#waiters.values()) for (const waiter of waiters) waiter.resolve(null);
    this.#waiters.clear();
    this.#events.gone();
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'started':
        return this.#wake('started', message);
      case 'listening':
        this.#listening.add(message.port);
        if (message.error !== null) this.#events.listenFailed(message.port, message.error);
        return this.#wake(`listening ${message.port}`, message);
      case 'applied':
        this.version = message.version;
        this.#events.applied();
        return this.#wake(`applied ${message.sequence}`, message);
      case 'status':
      case 'counters':
        return this.#wake(`${message.kind} ${message.id}`, message);
      case 'epoch-final':
        return this.#events.epochFinal(message.report);
      case 'leaving':
        return;
    }
  }

  #wake(key: string, message: FromWorker): void {
    const waiters = this.#waiters.get(key) ?? [];
    this.#waiters.delete(key);
    for (const waiter of waiters) waiter.resolve(message);
  }

  /** Waits for one message. Errors: `unreachable` when the worker dies, `timeout` when it does not answer. */
  async #await(key: string): Promise<FromWorker> {
    if (this.isGone) throw workerDied();
    let timer: NodeJS.Timeout | undefined;
    const message = await new Promise<FromWorker | null>((resolve, reject) => {
      this.#waiters.set(key, [...(this.#waiters.get(key) ?? []), { resolve }]);
      timer = setTimeout(
        () =>
          reject(new LotseError('timeout', `proxy worker ${this.pid} did not answer (${key})`, { retriable: true })),
        answerMs,
      );
    }).finally(() => clearTimeout(timer));
    if (message === null) throw workerDied();
    return message;
  }

  #tell(message: ToWorker): void {
    if (this.child.connected) this.child.send(message, () => {});
  }

  isListening(port: number): boolean {
    return this.#listening.has(port);
  }

  async allListening(ports: readonly number[]): Promise<void> {
    const missing = ports.filter((port) => !this.#listening.has(port));
    await Promise.all(missing.map((port) => this.#await(`listening ${port}`)));
  }

  async apply(assignment: Assignment, workerCount: number): Promise<void> {
    const confirmed = this.#await(`applied ${assignment.sequence}`);
    this.#tell({ kind: 'document', sequence: assignment.sequence, document: assignment.document, workerCount });
    await confirmed;
  }

  unlisten(port: number): void {
    this.#listening.delete(port);
    this.#tell({ kind: 'unlisten', port });
  }

  drain(graceMs: number): void {
    this.#listening.clear();
    this.#tell({ kind: 'drain', graceMs });
  }

  async askStatus(): Promise<DataPlaneStatus> {
    const id = ++this.#lastId;
    const answer = this.#await(`status ${id}`);
    this.#tell({ kind: 'ask-status', id });
    const message = await answer;
    if (message.kind !== 'status') throw workerDied();
    return message.status;
  }

  async askCounters(): Promise<readonly EpochReport[]> {
    const id = ++this.#lastId;
    const answer = this.#await(`counters ${id}`);
    this.#tell({ kind: 'ask-counters', id });
    const message = await answer;
    if (message.kind !== 'counters') throw workerDied();
    return message.reports;
  }
}

function workerDied(): LotseError {
  return new LotseError('unreachable', 'the proxy worker has died', { retriable: true });
}
