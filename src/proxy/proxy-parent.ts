import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { LotseError } from '../core/errors.ts';
import type { AddressStatus, EpochCounters, ProxyStatus, RoutingDocument } from '../core/routing-document.ts';
import { CounterBook } from './counter-book.ts';
import type { EpochName } from './counter-book.ts';
import { DurableHeads } from './durable-heads.ts';
import type { JournalHeads } from './durable-heads.ts';
import { OpenPorts } from './open-ports.ts';
import { readDocument } from './read-document.ts';
import { readJsonFile, stateFiles, writeDurably } from './state-folder.ts';
import { addressKey } from './upstream/upstream.ts';
import { WorkerPool } from './worker-pool.ts';
import type { Assignment } from './worker-pool.ts';

/** What a document's writer hears: everything but the named problems is in force in every worker. */
export interface PutResult {
  readonly fence: number;
  readonly version: number;
  /** Each with `port-taken` and the port in it. */
  readonly problems: readonly string[];
}

/** The proxy's parent process: owns the document, the listening sockets, the workers and the sums of their counters. */
export class ProxyParent {
  readonly proxyStart = randomBytes(8).toString('hex');
  readonly #documentPath: string;
  readonly #book = new CounterBook(this.proxyStart);
  readonly #heads: DurableHeads;
  readonly #ports: OpenPorts;
  readonly #pool: WorkerPool;
  #assignment: Assignment | null = null;
  #startProblem: string | null = null;
  /** Changes of the document happen one after another. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(stateDir: string, workerCount: number) {
    this.#documentPath = join(stateDir, stateFiles.document);
    this.#heads = new DurableHeads(join(stateDir, stateFiles.heads));
    this.#pool = new WorkerPool(
      workerCount,
      {
        workerApplied: (worker) => this.#book.enter(worker, this.#epochs(), Date.now()),
        workerGone: (worker) => this.#book.leave(worker),
        epochFinal: (worker, report) => this.#book.record(worker, report),
        listenFailed: (port, error) => this.#ports.fail(port, error),
      },
      () => this.#ports.sockets,
      () => this.#assignment,
    );
    this.#ports = new OpenPorts({
      opened: (socket) => this.#pool.listen(socket),
      closed: (port) => this.#pool.unlisten(port),
    });
  }

  /** Starts the workers with what the state folder says, so that traffic flows without a control plane. */
  async start(): Promise<void> {
    try {
      const stored = readJsonFile(this.#documentPath);
      if (stored !== undefined) this.#assignment = { sequence: 1, document: readDocument(stored) };
    } catch (error) {
      this.#startProblem = `${this.#documentPath} is damaged and was not used: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (this.#assignment !== null) this.#ports.bindAll(this.#assignment.document);
    await this.#pool.start();
    if (this.#assignment !== null) await this.#ports.open(this.#assignment.document);
  }

  #epochs(): readonly { readonly scope: string; readonly epoch: number; readonly salt: string }[] {
    const environments = this.#assignment?.document.environments ?? [];
    return environments.map(({ app, environment, epoch, salt }) => ({ scope: `${app}/${environment}`, epoch, salt }));
  }

  get document(): RoutingDocument | null {
    return this.#assignment?.document ?? null;
  }

  /**
   * Takes a document into force: answers once it is on disk and every worker has confirmed it. Errors: `bad-input`,
   * `fenced-off`, `disk-full`, `timeout`.
   */
  putDocument(value: unknown): Promise<PutResult> {
    const document = readDocument(value);
    return this.#inOrder(async () => {
      const current = this.document;
      if (current === null || !isDeepStrictEqual(current, document)) {
        refuseOld(current, document);
        refuseMixedEpochs(current, document);
        writeDurably(this.#documentPath, JSON.stringify(document));
        this.#assignment = { sequence: (this.#assignment?.sequence ?? 0) + 1, document };
        this.#startProblem = null;
      }
      const assignment = this.#assignment;
      if (assignment === null) throw new LotseError('internal', 'no document');
      await this.#pool.apply(assignment);
      await this.#ports.open(document);
      return { fence: document.fence, version: document.version, problems: this.#ports.problems };
    });
  }

  #inOrder<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(change);
    this.#queue = result.catch(() => {});
    return result;
  }

  async status(): Promise<ProxyStatus> {
    const statuses = await this.#pool.statuses();
    const document = this.document;
    const version = document?.version ?? 0;
    const workers = this.#pool.workers.map((worker) => ({
      pid: worker.pid,
      version: worker.version,
      generation: worker.generation,
    }));
    return {
      pid: process.pid,
      proxyStart: this.proxyStart,
      controlProtocol: 1,
      fence: document?.fence ?? 0,
      version,
      confirmed:
        document !== null &&
        workers.length === this.#pool.size &&
        workers.every((worker) => worker.version === version),
      workers,
      heldRequests: statuses.reduce((sum, status) => sum + status.heldRequests, 0),
      addresses: sumAddresses(statuses.flatMap((status) => status.addresses)),
      problems: [...(this.#startProblem === null ? [] : [this.#startProblem]), ...this.#ports.problems],
      journalHeads: this.#heads.all,
    };
  }

  async counters(): Promise<readonly EpochCounters[]> {
    for (const { worker, reports } of await this.#pool.counters()) {
      for (const report of reports) this.#book.record(worker, report);
    }
    return this.#book.all();
  }

  acknowledge(names: readonly EpochName[]): void {
    this.#book.acknowledge(names);
  }

  putJournalHeads(heads: JournalHeads): void {
    this.#heads.put(heads);
  }

  replaceWorkers(graceMs: number): Promise<void> {
    return this.#inOrder(() => this.#pool.replace(graceMs));
  }

  /** Stops accepting, lets requests finish for at most `graceMs`, ends all workers. */
  async stop(graceMs: number): Promise<void> {
    this.#heads.flush();
    await this.#pool.stop(graceMs);
    this.#ports.closeAll();
  }
}

function refuseOld(current: RoutingDocument | null, next: RoutingDocument): void {
  if (current === null || next.fence > current.fence) return;
  if (next.fence === current.fence && next.version > current.version) return;
  throw new LotseError(
    'fenced-off',
    `document ${next.version} of fence ${next.fence} was refused: the proxy has document ${current.version} of fence ${current.fence}`,
  );
}

/** Counters of one epoch must never mix two shares. */
function refuseMixedEpochs(current: RoutingDocument | null, next: RoutingDocument): void {
  for (const environment of next.environments) {
    const before = current?.environments.find(
      (old) => old.app === environment.app && old.environment === environment.environment,
    );
    if (before === undefined || before.epoch !== environment.epoch || before.salt !== environment.salt) continue;
    if (isDeepStrictEqual(before.shares, environment.shares)) continue;
    throw new LotseError(
      'bad-input',
      `the shares of ${environment.app}/${environment.environment} changed, but its epoch is still ${environment.epoch}`,
    );
  }
}

function sumAddresses(parts: readonly AddressStatus[]): readonly AddressStatus[] {
  const sums = new Map<string, AddressStatus>();
  for (const part of parts) {
    const key = addressKey(part.address);
    const sum = sums.get(key);
    sums.set(key, {
      address: part.address,
      activeRequests: part.activeRequests + (sum?.activeRequests ?? 0),
      upgradedConnections: part.upgradedConnections + (sum?.upgradedConnections ?? 0),
      ejected: part.ejected || (sum?.ejected ?? false),
    });
  }
  return [...sums.values()];
}
