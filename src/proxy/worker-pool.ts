import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LotseError } from '../core/errors.ts';
import type { RoutingDocument } from '../core/routing-document.ts';
import type { DataPlaneStatus } from './data-plane.ts';
import { sendSocket } from './listening-sockets.ts';
import type { BoundSocket } from './listening-sockets.ts';
import type { EpochReport } from './traffic-counters.ts';
import { WorkerProcess } from './worker-process.ts';

/** A worker that was already restarted less than this ago waits before the next start. */
const quickDeathMs = 1_000;
const maxRestartDelayMs = 2_000;

export interface PoolEvents {
  /** A worker has the current document: these are the epochs that it counts from now on. */
  workerApplied(worker: WorkerProcess): void;
  workerGone(worker: WorkerProcess): void;
  epochFinal(worker: WorkerProcess, report: EpochReport): void;
  /** A worker could not listen on a port. */
  listenFailed(port: number, error: string): void;
}

/** The document in force and the sockets that go with it. */
export interface Assignment {
  readonly sequence: number;
  readonly document: RoutingDocument;
}

const workerFlags = ['--max-semi-space-size=2', '--no-warnings'];

/** The proxy's workers: keeps `size` of them running, restarts one that dies at once, and replaces them without a gap. */
export class WorkerPool {
  readonly size: number;
  readonly #events: PoolEvents;
  readonly #sockets: () => Iterable<BoundSocket>;
  readonly #assignment: () => Assignment | null;
  #workers: WorkerProcess[] = [];
  /** Replaced ones that still finish what they have. */
  readonly #draining = new Set<WorkerProcess>();
  #generation = 0;
  #quickDeaths = 0;
  #isStopping = false;

  constructor(
    size: number,
    events: PoolEvents,
    sockets: () => Iterable<BoundSocket>,
    assignment: () => Assignment | null,
  ) {
    this.size = size;
    this.#events = events;
    this.#sockets = sockets;
    this.#assignment = assignment;
  }

  get workers(): readonly WorkerProcess[] {
    return this.#workers;
  }

  get all(): readonly WorkerProcess[] {
    return [...this.#workers, ...this.#draining];
  }

  async start(): Promise<void> {
    await Promise.all(Array.from({ length: this.size }, () => this.#spawn()));
  }

  /** Starts one worker; done when it accepts connections with the document in force. */
  async #spawn(): Promise<WorkerProcess> {
    const child: ChildProcess = fork(fileURLToPath(import.meta.resolve('./worker.ts')), [], {
      execArgv: workerFlags,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'json',
    });
    const startedMs = performance.now();
    const worker: WorkerProcess = new WorkerProcess(child, ++this.#generation, {
      applied: () => this.#events.workerApplied(worker),
      epochFinal: (report) => this.#events.epochFinal(worker, report),
      listenFailed: (port, error) => this.#events.listenFailed(port, error),
      gone: () => this.#gone(worker, startedMs),
    });
    this.#workers.push(worker);
    await worker.started;
    await this.#bringUpToDate(worker);
    return worker;
  }

  /** First the document, then the sockets: a worker never accepts a connection that it cannot route. */
  async #bringUpToDate(worker: WorkerProcess): Promise<void> {
    for (;;) {
      const assignment = this.#assignment();
      if (assignment !== null) await worker.apply(assignment, this.size);
      const sockets = [...this.#sockets()];
      for (const socket of sockets) if (!worker.isListening(socket.port)) sendSocket(worker.child, socket);
      await worker.allListening(sockets.map((socket) => socket.port));
      if (this.#assignment() === assignment) return;
    }
  }

  #gone(worker: WorkerProcess, startedMs: number): void {
    this.#draining.delete(worker);
    this.#events.workerGone(worker);
    if (!this.#workers.includes(worker)) return;
    this.#workers = this.#workers.filter((other) => other !== worker);
    if (this.#isStopping) return;
    this.#quickDeaths = performance.now() - startedMs < quickDeathMs ? this.#quickDeaths + 1 : 0;
    const delayMs = this.#quickDeaths === 0 ? 0 : Math.min(maxRestartDelayMs, 50 * 2 ** this.#quickDeaths);
    const restart = () => {
      // A worker that dies while it starts comes by here again.
      if (!this.#isStopping && this.#workers.length < this.size) this.#spawn().catch(() => {});
    };
    if (delayMs === 0) restart();
    else setTimeout(restart, delayMs);
  }

  /** Hands a newly bound socket to all workers; done when each listens on it (or said why it cannot). */
  async listen(socket: BoundSocket): Promise<void> {
    await Promise.all(
      this.#workers.map(async (worker) => {
        await worker.started;
        sendSocket(worker.child, socket);
        await worker.allListening([socket.port]);
      }),
    );
  }

  unlisten(port: number): void {
    for (const worker of this.all) worker.unlisten(port);
  }

  /** Done when every worker has confirmed the document; one that dies meanwhile is replaced by one that has it. */
  async apply(assignment: Assignment): Promise<void> {
    await Promise.all(this.all.map((worker) => worker.apply(assignment, this.size).catch(ignoreDeath)));
  }

  /** Planned replacement of all workers: each new one accepts before an old one stops. Old ones get `graceMs` to finish. */
  async replace(graceMs: number): Promise<void> {
    for (const old of [...this.#workers]) {
      await this.#spawn();
      this.#workers = this.#workers.filter((worker) => worker !== old);
      if (old.isGone) continue;
      this.#draining.add(old);
      old.drain(graceMs);
    }
  }

  /** Ends all workers, each after what it has in flight, at the latest after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    for (const worker of this.#workers) worker.drain(graceMs);
    const late = setTimeout(() => this.all.forEach((worker) => worker.child.kill('SIGKILL')), graceMs + 2_000);
    await Promise.all(this.all.map((worker) => worker.exited));
    clearTimeout(late);
  }

  async statuses(): Promise<readonly DataPlaneStatus[]> {
    const answers = await Promise.all(this.all.map((worker) => worker.askStatus().catch(ignoreDeath)));
    return answers.filter((answer) => answer !== null);
  }

  async counters(): Promise<readonly { readonly worker: WorkerProcess; readonly reports: readonly EpochReport[] }[]> {
    const answers = await Promise.all(
      this.all.map(async (worker) => {
        const reports = await worker.askCounters().catch(ignoreDeath);
        return reports === null ? null : { worker, reports };
      }),
    );
    return answers.filter((answer) => answer !== null);
  }
}

/** A worker that died cannot answer any more, and need not. */
function ignoreDeath(error: unknown): null {
  if (error instanceof LotseError && error.code === 'unreachable') return null;
  throw error;
}
