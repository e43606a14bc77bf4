import { once } from 'node:events';
import { LotseError } from '../../core/errors.ts';
import type { EpochCounters, RoutingDocument } from '../../core/routing-document.ts';
import type { FromSuccessor, Legacy, RetiredStatus, ToSuccessor } from './hand-over-messages.ts';
import { IpcLink } from '../workers/ipc-link.ts';
import type { BoundSocket } from '../workers/listening-sockets.ts';
import type { ConnectionOrigin } from '../plane-connection.ts';
import { spawnProxy } from './spawn-proxy.ts';
import type { SpawnedProxy, SpawnOptions } from './spawn-proxy.ts';

/** Between the end of its channel and the end of a process, in milliseconds. */
const endMs = 1_000;

/** What a proxy that has handed over still does for its successor. */
export interface Retired {
  applyDocument(document: RoutingDocument): Promise<void>;
  retiredStatus(): Promise<RetiredStatus>;
  counters(): Promise<readonly EpochCounters[]>;
  finishWithin(graceMs: number): void;
  /** The successor has died. */
  disinherit(): void;
}

interface Waiter {
  readonly kind: FromSuccessor['kind'];
  resolve(message: FromSuccessor): void;
  reject(error: LotseError): void;
}

/** The process that takes over from this one, as this one sees it. */
export class SuccessorProcess {
  readonly #spawned: SpawnedProxy;
  readonly #link: IpcLink<ToSuccessor, FromSuccessor>;
  readonly #untilMs: number;
  #waiter: Waiter | null = null;
  #end: string | null = null;
  /** Set once it has taken over. */
  #retired: Retired | null = null;

  /** `untilMs`: the clock by which it must serve. */
  constructor(options: Omit<SpawnOptions, 'isSuccessor'>, untilMs: number) {
    this.#untilMs = untilMs;
    this.#spawned = spawnProxy({ ...options, isSuccessor: true });
    const { child } = this.#spawned;
    child.once('error', (error) => this.#ended(error.message));
    child.once('exit', (code, signal) => this.#ended(signal ?? `exit code ${code}`));
    this.#link = new IpcLink<ToSuccessor, FromSuccessor>(child, {
      received: (message) => void this.#receive(message),
      ended: () => {
        this.#retired?.disinherit();
        // How it ended says more, and is known in a moment.
        setTimeout(() => this.#ended('its channel was closed'), endMs);
      },
    });
  }

  get pid(): number {
    return this.#spawned.child.pid ?? -1;
  }

  get lastLogLines(): readonly string[] {
    return this.#spawned.lastLogLines();
  }

  /** What it is. Waited for by the first call only. */
  async started(): Promise<{ readonly proxyStart: string; readonly build: string }> {
    const message = await this.#await('started');
    if (message.kind !== 'started') throw failed('it said something else');
    const { proxyStart, build } = message;
    return { proxyStart, build };
  }

  /** Done when its workers have this document. */
  async prepare(document: RoutingDocument | null): Promise<void> {
    void this.#link.send({ kind: 'prepare', document });
    await this.#await('ready');
  }

  /** Done when its workers accept and it has the control socket. From then on it owns everything. */
  async takeOver(sockets: Iterable<BoundSocket>, legacy: Legacy): Promise<void> {
    for (const { host, port, handle } of sockets) void this.#link.send({ kind: 'socket', host, port }, handle);
    void this.#link.send({ kind: 'take-over', ...legacy });
    await this.#await('confirmed');
  }

  /** Answers its questions from now on. */
  serve(retired: Retired): void {
    this.#retired = retired;
    if (!this.#link.isOpen) retired.disinherit();
  }

  pass({ port, client }: ConnectionOrigin, handle: object): Promise<boolean> {
    return this.#link.send({ kind: 'connection', port, client }, handle);
  }

  /** The last word; done when it is out. */
  async finish(epochs: readonly EpochCounters[]): Promise<void> {
    await this.#link.send({ kind: 'finished', epochs });
  }

  /** Done when it is gone. */
  async kill(): Promise<void> {
    const { child } = this.#spawned;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async #receive(message: FromSuccessor): Promise<void> {
    const retired = this.#retired;
    switch (message.kind) {
      case 'started':
      case 'ready':
      case 'confirmed':
        if (this.#waiter?.kind === message.kind) this.#waiter.resolve(message);
        return;
      case 'document':
        await retired?.applyDocument(message.document).catch(() => {});
        return void this.#link.send({ kind: 'applied', id: message.id });
      case 'ask-status':
        if (retired === null) return;
        return void this.#link.send({ kind: 'status', id: message.id, status: await retired.retiredStatus() });
      case 'ask-counters':
        if (retired === null) return;
        return void this.#link.send({ kind: 'counters', id: message.id, epochs: await retired.counters() });
      case 'stop':
        return retired?.finishWithin(message.graceMs);
    }
  }

  #ended(reason: string): void {
    this.#end ??= reason;
    this.#waiter?.reject(failed(this.#end));
  }

  /** Errors: `unreachable` when it ends or its time is over. */
  async #await(kind: Waiter['kind']): Promise<FromSuccessor> {
    if (this.#end !== null) throw failed(this.#end);
    let timer: NodeJS.Timeout | undefined;
    return await new Promise<FromSuccessor>((resolve, reject) => {
      this.#waiter = { kind, resolve, reject };
      const late = () => reject(failed(`it was not ${kind} in time`));
      timer = setTimeout(late, Math.max(0, this.#untilMs - performance.now()));
    }).finally(() => {
      clearTimeout(timer);
      this.#waiter = null;
    });
  }
}

function failed(reason: string): LotseError {
  return new LotseError('unreachable', reason);
}
