import type { ChildProcess } from 'node:child_process';
import { LotseError } from '../../core/errors.ts';
import type { LogReport } from '../access-log/access-log.ts';
import type { DataPlaneStatus } from '../data-plane.ts';
import { IpcLink } from './ipc-link.ts';
import type { BoundSocket } from './listening-sockets.ts';
import type { ConnectionOrigin } from '../plane-connection.ts';
import type { EpochReport } from '../counting/traffic-counters.ts';
import type { LeaveTerms } from './worker-leave.ts';
import type { TicketSecret } from '../tls/ticket-keys.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';
import type { Assignment } from './worker-pool.ts';

/** How long a worker may take to start, and then to answer; one that takes longer hangs. */
const startMs = 10_000;
const answerMs = 3_000;
/** How much longer than its grace a worker may take to leave. */
const leaveMs = 5_000;

export interface WorkerEvents {
  applied(): void;
  epochFinal(report: EpochReport): void;
  logged(report: LogReport): void;
  listenFailed(port: number, error: string): void;
  /** It leaves and hands over a connection. The handle is the receiver's. */
  passed(origin: ConnectionOrigin, handle: object): void;
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
  /** It has ended, and nothing more comes from it. */
  readonly gone: Promise<void>;
  /** Version of the document that it has confirmed; -1: none yet. */
  version = -1;
  isGone = false;
  /** Does it accept connections, with the document in force? */
  isServing = false;
  #isLeaving = false;
  readonly #link: IpcLink<ToWorker, FromWorker>;
  readonly #events: WorkerEvents;
  readonly #listening = new Set<number>();
  readonly #waiters = new Map<string, Waiter[]>();
  #lastId = 0;
  #resolveGone: () => void = () => {};
  #lateTimer: NodeJS.Timeout | null = null;

  constructor(child: ChildProcess, generation: number, events: WorkerEvents) {
    this.child = child;
    this.generation = generation;
    this.#events = events;
    this.gone = new Promise((resolve) => (this.#resolveGone = resolve));
    this.#link = new IpcLink<ToWorker, FromWorker>(child, {
      received: (message, handle) => this.#receive(message, handle),
      ended: () => {},
    });
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
    this.isServing = false;
    if (this.#lateTimer !== null) clearTimeout(this.#lateTimer);
    for (const waiters of this.#waiters.values()) for (const waiter of waiters) waiter.resolve(null);
    this.#waiters.clear();
    this.#events.gone();
    this.#resolveGone();
  }

  #receive(message: FromWorker, handle: unknown): void {
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
      case 'logged':
        return this.#events.logged(message.report);
      case 'connection':
        if (typeof handle === 'object' && handle !== null) this.#events.passed(message, handle);
        return;
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
        this.isServing || this.#isLeaving ? answerMs : startMs,
      );
    }).finally(() => clearTimeout(timer));
    if (message === null) throw workerDied();
    return message;
  }

  #tell(message: ToWorker): void {
    void this.#link.send(message);
  }

  /** Gives it a duplicate of a bound socket; done when it listens on it, or has said why it cannot. */
  async listen(socket: BoundSocket): Promise<void> {
    if (this.#listening.has(socket.port)) return;
    const listening = this.#await(`listening ${socket.port}`);
    void this.#link.send({ kind: 'listen', port: socket.port }, socket.handle);
    await listening;
  }

  async apply({ sequence, usable, parts }: Assignment, workerCount: number, tickets: TicketSecret): Promise<void> {
    const confirmed = this.#await(`applied ${sequence}`);
    const secret = usable.tls === null ? null : tickets;
    this.#tell({ kind: 'document', sequence, document: usable, parts, workerCount, tickets: secret });
    await confirmed;
  }

  tellLogPath(path: string): void {
    this.#tell({ kind: 'log-to', path });
  }

  tellHealth(unhealthy: readonly string[]): void {
    this.#tell({ kind: 'health', unhealthy });
  }

  unlisten(port: number): void {
    this.#listening.delete(port);
    this.#tell({ kind: 'unlisten', port });
  }

  /** Accept no more and finish what there is; it is ended when it takes longer. */
  drain(terms: LeaveTerms): void {
    this.isServing = false;
    this.#isLeaving = true;
    this.#listening.clear();
    this.#tell({ kind: 'drain', ...terms });
    if (this.#lateTimer !== null) clearTimeout(this.#lateTimer);
    this.#lateTimer = setTimeout(() => this.child.kill('SIGKILL'), Math.min(terms.graceMs + leaveMs, 2 ** 31 - 1));
  }

  /** Gives it a connection that another worker has left. False: it could not be given; the handle is open. */
  take({ port, client }: ConnectionOrigin, handle: object): Promise<boolean> {
    return this.#link.send({ kind: 'connection', port, client }, handle);
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
