import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { LotseError } from '../core/errors.ts';
import type { EpochCounters, ProxyStatus, RoutingDocument } from '../core/routing-document.ts';
import type { UpgradeOptions, UpgradeResult } from './control-client.ts';
import { AccessLogFile } from './access-log/access-log-file.ts';
import { CounterBook } from './counting/counter-book.ts';
import type { EnteredEpoch, EpochName } from './counting/counter-book.ts';
import { refuseMixedEpochs, refuseOld } from './document/document-rules.ts';
import type { DataPlaneStatus } from './data-plane.ts';
import { DurableDocument } from './document/durable-document.ts';
import { DurableHeads } from './durable-heads.ts';
import type { JournalHeads } from './durable-heads.ts';
import { handOver } from './succession/hand-over.ts';
import type { Estate } from './succession/hand-over.ts';
import type { Legacy, RetiredStatus } from './succession/hand-over-messages.ts';
import { describeProxy } from './describe-proxy.ts';
import { InstanceProbes } from './probing/instance-probes.ts';
import type { BoundSocket } from './workers/listening-sockets.ts';
import type { ProxyFigures } from './counting/metrics.ts';
import { OpenPorts } from './workers/open-ports.ts';
import { PersonOverrides } from './document/person-overrides.ts';
import type { OverrideWish } from './document/person-overrides.ts';
import type { ConnectionOrigin } from './plane-connection.ts';
import type { Predecessor } from './succession/predecessor.ts';
import { programBuild } from './succession/program-build.ts';
import { readDocument } from './document/read-document.ts';
import { controlSocketPath, stateFiles } from './state-folder.ts';
import type { Retired, SuccessorProcess } from './succession/successor-process.ts';
import { UsableCertificates } from './tls/usable-certificates.ts';
import { WorkerPool } from './workers/worker-pool.ts';
import type { Assignment } from './workers/worker-pool.ts';

/** What a document's writer hears: everything but the named problems is in force in every worker. */
export interface PutResult {
  readonly fence: number;
  readonly version: number;
  /** Each begins with `port-taken` (and has the port in it) or `bad-certificate` (and has its names in it). */
  readonly problems: readonly string[];
}

/** What the proxy asks of the process that it lives in. */
export interface ProxyHost {
  readonly stateDir: string;
  readonly workers: number;
  log(text: string): void;
  /** Answers on the control socket of the state folder from now on, whoever did before. */
  serveControl(): Promise<void>;
  /** Does so again when somebody else has taken the control socket. */
  keepControl(): Promise<void>;
  /** Another proxy owns the state folder now. */
  letGo(): void;
  /** The proxy that has handed over is done. */
  exit(): void;
}

/** Another proxy has taken over meanwhile: the call is for that one. */
export class HandedOver extends Error {}

/** Beside another program, workers of a proxy that died may hold a port; they let go when they see this one. */
const openWithinMs = 1_000;
/** What is open may take this long when the successor has died, in milliseconds. */
const disinheritedGraceMs = 10_000;

/** The proxy's parent process: owns the document, the listening sockets, the workers and the sums of their counters. */
export class ProxyParent implements Retired {
  readonly proxyStart = randomBytes(8).toString('hex');
  readonly build = programBuild();
  readonly #host: ProxyHost;
  readonly #stored: DurableDocument;
  readonly #book = new CounterBook(this.proxyStart);
  readonly #heads: DurableHeads;
  readonly #ports: OpenPorts;
  readonly #pool: WorkerPool;
  readonly #probes: InstanceProbes;
  readonly #certificates = new UsableCertificates();
  readonly #accessLog: AccessLogFile;
  readonly #overrides: PersonOverrides;
  #assignment: Assignment | null = null;
  #startProblem: string | null = null;
  /** The proxy that this one has taken over from, also when it has finished. */
  #predecessor: Predecessor | null = null;
  /** The proxy that has taken over from this one. */
  #successor: SuccessorProcess | null = null;
  /** Done when the successor has heard the last word. */
  #retirement: Promise<void> | null = null;
  #isHandingOver = false;
  #isStopping = false;
  /** Changes of the document happen one after another. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(host: ProxyHost) {
    const { stateDir } = host;
    this.#host = host;
    this.#stored = new DurableDocument(join(stateDir, stateFiles.document));
    this.#overrides = new PersonOverrides(join(stateDir, stateFiles.overrides));
    this.#accessLog = new AccessLogFile(join(stateDir, stateFiles.accessLog));
    this.#heads = new DurableHeads(join(stateDir, stateFiles.heads));
    this.#pool = new WorkerPool(
      { size: host.workers, controlSocketPath: controlSocketPath(stateDir) },
      {
        noted: (text) => host.log(text),
        workerApplied: (worker) => {
          this.#book.enter(worker, this.#epochs(), Date.now());
          worker.tellHealth(this.#probes.unhealthy);
          worker.tellLogPath(this.#accessLog.path);
        },
        workerGone: (worker) => {
          this.#book.leave(worker);
          this.#accessLog.forget(worker);
        },
        epochFinal: (worker, report) => this.#book.record(worker, report),
        logged: (worker, report) => this.#accessLog.record(worker, report),
        listenFailed: (port, error) => this.#ports.fail(port, error),
      },
      () => this.#ports.sockets,
      () => this.#assignment,
    );
    this.#probes = new InstanceProbes({
      changed: (what) => {
        host.log(what);
        for (const worker of this.#pool.all) worker.tellHealth(this.#probes.unhealthy);
      },
    });
    this.#ports = new OpenPorts({
      opened: (socket) => this.#pool.listen(socket),
      closed: (port) => this.#pool.unlisten(port),
    });
  }

  /** Starts the workers with what the state folder says, so that traffic flows without a control plane. */
  async start(): Promise<void> {
    try {
      const stored = this.#stored.read();
      if (stored !== null) this.#assignment = await this.#assign(1, stored);
    } catch (error) {
      this.#startProblem = `${join(this.#host.stateDir, stateFiles.document)} is damaged and was not used: ${error instanceof Error ? error.message : String(error)}`;
    }
    const { document } = this;
    if (document !== null) this.#ports.bindAll(document);
    await this.#pool.start();
    await this.#host.serveControl();
    if (document !== null) await this.#ports.open(document);
    await this.#ports.untilFree(openWithinMs);
    this.#probes.follow(document);
  }

  /** What of the document in force is not. */
  get #documentProblems(): readonly string[] {
    return [...this.#stored.problems, ...this.#ports.problems, ...this.#certificates.problems];
  }

  async #assign(sequence: number, document: RoutingDocument): Promise<Assignment> {
    const { document: usable, parts } = this.#overrides.layOver(await this.#certificates.select(document));
    return { sequence, document, usable, parts };
  }

  #epochs(): readonly EnteredEpoch[] {
    const { usable, parts } = this.#assignment ?? {};
    return (usable?.environments ?? []).map(({ app, environment, epoch, salt, shares }) => {
      const scope = `${app}/${environment}`;
      return { scope, epoch, salt, part: parts?.[scope] ?? 0, shares };
    });
  }

  get document(): RoutingDocument | null {
    return this.#assignment?.document ?? null;
  }

  /**
   * Takes a document into force: answers once every worker has confirmed it. One that could not be written to disk is in
   * force all the same, and a problem. Errors: `bad-input`, `fenced-off`, `timeout`.
   */
  putDocument(value: unknown): Promise<PutResult> {
    const document = readDocument(value);
    return this.inOrder(async () => {
      const current = this.document;
      const isNew = current === null || !isDeepStrictEqual(current, document);
      if (isNew) {
        refuseOld(current, document);
        refuseMixedEpochs(current, document);
        this.#assignment = await this.#assign((this.#assignment?.sequence ?? 0) + 1, document);
        this.#startProblem = null;
      }
      const assignment = this.#assignment;
      if (assignment === null) throw new LotseError('internal', 'no document');
      const applied = Promise.all([this.#pool.apply(assignment), this.#predecessor?.apply(document)]);
      // Written while the workers take it: who ordered it hears of it when both are done.
      if (isNew) this.#stored.write(document);
      await applied;
      this.#probes.follow(document);
      await this.#ports.open(document);
      return { fence: document.fence, version: document.version, problems: this.#documentProblems };
    });
  }

  /** What a person orders is in force when this answers. Errors: `not-found`, `timeout`. */
  override(wish: OverrideWish): Promise<void> {
    return this.inOrder(async () => {
      this.#overrides.set(wish, this.document, Date.now());
      await this.#applyAgain();
    });
  }

  /** Returns false when there was none. */
  clearOverride(of: Pick<OverrideWish, 'app' | 'environment'>, kind: OverrideWish['order']['kind']): Promise<boolean> {
    return this.inOrder(async () => {
      const isCleared = this.#overrides.clear(of, kind);
      if (isCleared) await this.#applyAgain();
      return isCleared;
    });
  }

  /** The document is the same, what is laid over it is not. */
  async #applyAgain(): Promise<void> {
    const { document } = this;
    if (document !== null) await this.applyDocument(document);
  }

  /** Changes wait for each other. Error: `HandedOver`. */
  inOrder<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(() => {
      if (this.#successor !== null) throw new HandedOver();
      return change();
    });
    this.#queue = result.catch(() => {});
    return result;
  }

  async status(): Promise<ProxyStatus> {
    const [own, others] = await Promise.all([this.#pool.statuses(), this.#others()]);
    return this.#statusFrom(own, others);
  }

  async figures(): Promise<ProxyFigures> {
    const counters = await this.counters();
    const [own, others] = await Promise.all([this.#pool.statuses(), this.#others()]);
    return {
      ...{ status: this.#statusFrom(own, others), workers: [...own, ...others.parts], counters },
      ...{ accessLog: this.#accessLog.counts, probes: this.#probes.counts },
    };
  }

  #statusFrom(own: readonly DataPlaneStatus[], { drainingWorkers, parts: others }: RetiredStatus): ProxyStatus {
    const { document } = this;
    return describeProxy({
      ...{ proxyStart: this.proxyStart, build: this.build, document, journalHeads: this.#heads.all },
      ...{ workers: this.#pool.workers, wantedWorkers: this.#pool.size, parts: [...own, ...others] },
      drainingWorkers: this.#pool.drainingCount + drainingWorkers,
      problemOf: (address) => this.#probes.problemOf(address),
      problems: [
        ...(this.#startProblem === null ? [] : [this.#startProblem]),
        ...this.#documentProblems,
        ...this.#accessLog.problems,
        ...this.#overrides.problems(document),
      ],
      overrides: this.#overrides.status(document),
    });
  }

  /** What still goes on in the proxies before this one. */
  async #others(): Promise<RetiredStatus> {
    return (await this.#predecessor?.status()) ?? { drainingWorkers: 0, parts: [] };
  }

  async counters(): Promise<readonly EpochCounters[]> {
    const [answers] = await Promise.all([this.#pool.counters(), this.#predecessor?.refresh()]);
    for (const { worker, reports } of answers) for (const report of reports) this.#book.record(worker, report);
    return this.#allEpochs;
  }

  get #allEpochs(): readonly EpochCounters[] {
    return [...(this.#predecessor?.counters.all() ?? []), ...this.#book.all()];
  }

  acknowledge(names: readonly EpochName[]): Promise<void> {
    return this.inOrder(async () => {
      this.#predecessor?.counters.acknowledge(names);
      this.#book.acknowledge(names);
    });
  }

  putJournalHeads(heads: JournalHeads): Promise<void> {
    return this.inOrder(async () => this.#heads.put(heads));
  }

  replaceWorkers(graceMs: number): Promise<void> {
    return this.inOrder(() => this.#pool.replace(graceMs));
  }

  /** Stops accepting, lets requests finish for at most `graceMs`, ends all workers. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    this.#heads.flush();
    this.#probes.stop();
    await Promise.all([this.#pool.stop(graceMs), this.#predecessor?.stop(graceMs)]);
    await this.#retirement;
    if (!this.isRetired) this.#stored.flush();
    this.#ports.closeAll();
  }

  /** Has another proxy taken over? Then calls are for that one. */
  get isRetired(): boolean {
    return this.#successor !== null;
  }

  /** Hands over to a new process. Errors: `conflict`, and those of `handOver`. */
  async upgrade(options: UpgradeOptions): Promise<UpgradeResult> {
    if (this.isRetired) throw new HandedOver();
    if (this.#isHandingOver || this.#isStopping) {
      throw new LotseError('conflict', 'the proxy already hands over, or stops', { retriable: true });
    }
    this.#isHandingOver = true;
    try {
      return await handOver(this.#estate(), options);
    } finally {
      this.#isHandingOver = false;
    }
  }

  #estate(): Estate {
    const { stateDir, workers } = this.#host;
    return {
      ...{ stateDir, workerCount: workers, proxyStart: this.proxyStart, build: this.build },
      document: () => this.document,
      sockets: () => this.#ports.sockets,
      legacy: () => this.#legacy(),
      inOrder: (step) => this.inOrder(step),
      retireTo: (successor, graceMs) => this.#retireTo(successor, graceMs),
      takeBackControl: () => this.#host.keepControl(),
    };
  }

  #legacy(): Legacy {
    if (this.#isStopping) throw new LotseError('conflict', 'the proxy stops');
    this.#heads.flush();
    return { isOnDisk: this.#stored.isWritten, journalHeads: this.#heads.all, epochs: this.#allEpochs };
  }

  #retireTo(successor: SuccessorProcess, graceMs: number): void {
    this.#successor = successor;
    this.#stored.close();
    this.#overrides.close();
    this.#probes.stop();
    successor.serve(this);
    this.#host.letGo();
    const left = this.#pool.leaveTo((origin, handle) => successor.pass(origin, handle), graceMs);
    this.#ports.closeAll();
    this.#retirement = Promise.all([left, this.#predecessor?.finished]).then(async () => {
      this.#book.endAll(Date.now());
      await successor.finish(this.#allEpochs);
      this.#host.exit();
    });
  }

  async applyDocument(document: RoutingDocument): Promise<void> {
    if (this.isRetired) this.#overrides.reload();
    const assignment = await this.#assign((this.#assignment?.sequence ?? 0) + 1, document);
    this.#assignment = assignment;
    await Promise.all([this.#pool.apply(assignment), this.#predecessor?.apply(document)]);
  }

  async retiredStatus(): Promise<RetiredStatus> {
    const [own, others] = await Promise.all([this.#pool.statuses(), this.#others()]);
    const drainingWorkers = this.#pool.drainingCount + others.drainingWorkers;
    return { drainingWorkers, parts: [...own, ...others.parts] };
  }

  finishWithin(graceMs: number): void {
    void this.#pool.stop(graceMs);
    void this.#predecessor?.stop(graceMs);
  }

  disinherit(): void {
    void this.#pool.disinherit(disinheritedGraceMs);
  }

  /** For a successor, before it takes over: workers with this document, which accept nothing yet. */
  async prepare(document: RoutingDocument | null): Promise<void> {
    const isFirst = this.#pool.workers.length === 0;
    const sequence = (this.#assignment?.sequence ?? 0) + 1;
    this.#assignment = document === null ? null : await this.#assign(sequence, readDocument(document));
    if (isFirst) await this.#pool.start();
    else if (this.#assignment !== null) await this.#pool.apply(this.#assignment);
  }

  /** Accepts on these sockets, and answers on the control socket: the predecessor has stopped to change anything. */
  async takeOver(predecessor: Predecessor, sockets: readonly BoundSocket[], legacy: Legacy): Promise<void> {
    // A person may have ordered something since this proxy began to start.
    this.#overrides.reload();
    await this.#applyAgain();
    this.#predecessor = predecessor;
    this.#heads.put(legacy.journalHeads);
    await this.#ports.adopt(sockets);
    await this.#host.serveControl();
  }

  /** The predecessor knows: what it could not do is tried again here. */
  async ownAll(legacy: Legacy): Promise<void> {
    await this.inOrder(async () => {
      const { document } = this;
      if (document === null) return;
      this.#probes.follow(document);
      if (!legacy.isOnDisk) this.#stored.write(document);
      await this.#ports.open(document);
    });
  }

  /** Goes on with a connection that the predecessor has passed. */
  take(origin: ConnectionOrigin, handle: object): Promise<void> {
    return this.#pool.take(origin, handle);
  }
}
