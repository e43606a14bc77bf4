import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LotseError } from '../../core/errors.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { RoutingDocument } from '../../core/routing-document.ts';
import type { LogReport } from '../access-log/access-log.ts';
import type { DataPlaneStatus } from '../data-plane.ts';
import { closeSocket } from './listening-sockets.ts';
import type { BoundSocket } from './listening-sockets.ts';
import type { ConnectionOrigin } from '../plane-connection.ts';
import type { EpochReport } from '../counting/traffic-counters.ts';
import type { LeaveTerms } from './worker-leave.ts';
import { TicketKeys } from '../tls/ticket-keys.ts';
import { WorkerProcess } from './worker-process.ts';

/** A worker that was already restarted less than this ago waits before the next start. */
const quickDeathMs = 1_000;
const maxRestartDelayMs = 2_000;
/** What a worker that came back to its senses may take to finish, in milliseconds. */
const hungGraceMs = 60_000;

export interface PoolEvents {
  /** Something that a person who reads the log should know. */
  noted(text: string): void;
  /** A worker has the current document: these are the epochs that it counts from now on. */
  workerApplied(worker: WorkerProcess): void;
  workerGone(worker: WorkerProcess): void;
  epochFinal(worker: WorkerProcess, report: EpochReport): void;
  logged(worker: WorkerProcess, report: LogReport): void;
  /** A worker could not listen on a port. */
  listenFailed(port: number, error: string): void;
}

/** The document in force and the sockets that go with it. */
export interface Assignment {
  readonly sequence: number;
  readonly document: RoutingDocument;
  /** The same for workers: without certificates that cannot be used, with what people have ordered at the proxy. */
  readonly usable: RoutingDocument;
  /** By `<app>/<environment>`: how often such orders have changed what is in force. */
  readonly parts: Readonly<Record<string, number>>;
}

/** Takes connections that leaving workers pass on; false: it cannot, and the handle is open. */
export type Heir = (origin: ConnectionOrigin, handle: object) => Promise<boolean>;

const workerFlags = ['--max-semi-space-size=2', '--no-warnings'];

/** The proxy's workers: keeps `size` of them running, restarts one that dies at once, and replaces them without a gap. */
export class WorkerPool {
  readonly size: number;
  readonly #events: PoolEvents;
  readonly #sockets: () => Iterable<BoundSocket>;
  readonly #tickets = TicketKeys.random(Date.now());
  readonly #assignment: () => Assignment | null;
  readonly #controlSocketPath: string;
  #workers: WorkerProcess[] = [];
  /** Workers that are about to be replaced. */
  #old: readonly WorkerProcess[] = [];
  /** Another proxy that goes on with everything, once this one leaves. */
  #heir: Heir | null = null;
  #turn = 0;
  /** Replaced ones that still finish what they have. */
  readonly #draining = new Set<WorkerProcess>();
  #generation = 0;
  #quickDeaths = 0;
  #isStopping = false;

  constructor(
    options: { readonly size: number; readonly controlSocketPath: string },
    events: PoolEvents,
    sockets: () => Iterable<BoundSocket>,
    assignment: () => Assignment | null,
  ) {
    this.size = options.size;
    this.#controlSocketPath = options.controlSocketPath;
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

  get drainingCount(): number {
    return this.#draining.size;
  }

  async start(): Promise<void> {
    await Promise.all(Array.from({ length: this.size }, () => this.#spawn()));
  }

  /** Starts one worker; done when it accepts connections with the document in force. */
  async #spawn(): Promise<WorkerProcess> {
    const entry = fileURLToPath(import.meta.resolve('../worker.ts'));
    const child: ChildProcess = fork(entry, [this.#controlSocketPath], {
      execArgv: workerFlags,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'json',
    });
    const startedMs = performance.now();
    const worker: WorkerProcess = new WorkerProcess(child, ++this.#generation, {
      applied: () => this.#events.workerApplied(worker),
      epochFinal: (report) => this.#events.epochFinal(worker, report),
      logged: (report) => this.#events.logged(worker, report),
      listenFailed: (port, error) => this.#events.listenFailed(port, error),
      passed: (origin, handle) => void this.take(origin, handle),
      gone: () => this.#gone(worker, startedMs),
    });
    this.#workers.push(worker);
    try {
      await worker.started;
      await this.#bringUpToDate(worker);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
    return worker;
  }

  /** First the document, then the sockets: a worker never accepts a connection that it cannot route. */
  async #bringUpToDate(worker: WorkerProcess): Promise<void> {
    for (;;) {
      const assignment = this.#assignment();
      if (assignment !== null) await worker.apply(assignment, this.size, this.#tickets.shared(Date.now()));
      await Promise.all([...this.#sockets()].map((socket) => worker.listen(socket)));
      if (this.#assignment() === assignment) break;
    }
    worker.isServing = true;
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
      this.#workers.map((worker) =>
        this.#answered(
          worker,
          worker.started.then(() => worker.listen(socket)),
        ),
      ),
    );
  }

  unlisten(port: number): void {
    for (const worker of this.all) worker.unlisten(port);
  }

  /** Done when every worker has confirmed the document; one that dies or hangs is replaced by one that has it. */
  async apply(assignment: Assignment): Promise<void> {
    const tickets = this.#tickets.shared(Date.now());
    await Promise.all(this.all.map((worker) => this.#answered(worker, worker.apply(assignment, this.size, tickets))));
  }

  /** Waits for a worker's answer, or for its successor when it dies or hangs. */
  async #answered(worker: WorkerProcess, answer: Promise<void>): Promise<void> {
    let hasAnswered = false;
    const noted = answer.then(() => (hasAnswered = true));
    try {
      await noted;
    } catch (error) {
      if (!isLotse(error, 'timeout')) return void ignoreDeath(error);
      await this.#replaceHung(worker, () => hasAnswered);
    }
  }

  /** Ends a worker that does not answer, once another one accepts in its place. */
  async #replaceHung(worker: WorkerProcess, hasAnswered: () => boolean): Promise<void> {
    this.#events.noted(`worker ${worker.pid} does not answer and is replaced`);
    if (this.#workers.includes(worker) && !this.#isStopping) await this.#spawn();
    this.#workers = this.#workers.filter((other) => other !== worker);
    if (worker.isGone) return;
    this.#draining.add(worker);
    if (hasAnswered()) worker.drain({ graceMs: hungGraceMs, hasHeir: true });
    else worker.child.kill('SIGKILL');
  }

  /** Planned replacement of all workers: each new one accepts before an old one stops. Old ones get `graceMs` to finish. */
  async replace(graceMs: number): Promise<void> {
    this.#old = [...this.#workers];
    try {
      for (const old of this.#old) {
        await this.#spawn();
        this.#workers = this.#workers.filter((worker) => worker !== old);
        if (old.isGone) continue;
        this.#draining.add(old);
        old.drain({ graceMs, hasHeir: true });
      }
    } finally {
      this.#old = [];
    }
  }

  /** Goes on with a connection that a leaving worker passed: here, or with whoever takes over from this proxy. */
  async take(origin: ConnectionOrigin, handle: object): Promise<void> {
    const isTaken = (this.#heir !== null && (await this.#heir(origin, handle))) || (await this.#give(origin, handle));
    if (!isTaken) this.#events.noted('a connection was closed because nobody could go on with it');
    closeSocket({ handle });
  }

  async #give(origin: ConnectionOrigin, handle: object): Promise<boolean> {
    const serving = this.#workers.filter((worker) => worker.isServing);
    const lasting = serving.filter((worker) => !this.#old.includes(worker));
    // As a last resort one that leaves: it answers what comes, and closes then.
    for (const choice of [lasting, serving, this.all]) {
      const worker = choice[this.#turn++ % choice.length];
      if (worker !== undefined && (await worker.take(origin, handle))) return true;
    }
    return false;
  }

  /** Leaves everything to another proxy, whose workers accept by now. Done when the last worker here has finished. */
  async leaveTo(heir: Heir, graceMs: number): Promise<void> {
    this.#isStopping = true;
    this.#heir = heir;
    for (const worker of this.#workers) this.#draining.add(worker);
    this.#workers = [];
    await this.#drainAll({ graceMs, hasHeir: true });
  }

  /** The other proxy has gone: what is still here ends here. */
  async disinherit(graceMs: number): Promise<void> {
    this.#heir = null;
    await this.#drainAll({ graceMs, hasHeir: false });
  }

  /** Ends all workers, each after what it has in flight, at the latest after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    await this.#drainAll({ graceMs, hasHeir: false });
  }

  async #drainAll(terms: LeaveTerms): Promise<void> {
    const all = this.all;
    for (const worker of all) worker.drain(terms);
    await Promise.all(all.map((worker) => worker.gone));
  }

  async statuses(): Promise<readonly DataPlaneStatus[]> {
    const answers = await Promise.all(this.all.map((worker) => worker.askStatus().catch(ignoreSilence)));
    return answers.filter((answer) => answer !== null);
  }

  async counters(): Promise<readonly { readonly worker: WorkerProcess; readonly reports: readonly EpochReport[] }[]> {
    const answers = await Promise.all(
      this.all.map(async (worker) => {
        const reports = await worker.askCounters().catch(ignoreSilence);
        return reports === null ? null : { worker, reports };
      }),
    );
    return answers.filter((answer) => answer !== null);
  }
}

function isLotse(error: unknown, code: ErrorCode): boolean {
  return error instanceof LotseError && error.code === code;
}

/** A worker that died cannot answer any more, and need not. */
function ignoreDeath(error: unknown): null {
  if (isLotse(error, 'unreachable')) return null;
  throw error;
}

/** Nor does one that hangs keep the others from being heard. */
function ignoreSilence(error: unknown): null {
  return isLotse(error, 'timeout') ? null : ignoreDeath(error);
}
