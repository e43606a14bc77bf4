import { setTimeout as sleep } from 'node:timers/promises';
import type { RoutingDocument } from '../../core/routing-document.ts';
import { bindSocket, closeSocket, wantedPorts } from './listening-sockets.ts';
import type { BoundSocket, WantedPort } from './listening-sockets.ts';

/** Right after a start the predecessor's workers may hold a port for a moment. */
const quickRetries = 40;
const quickRetryMs = 50;
const retryMs = 1_000;

export interface PortEvents {
  /** Workers should listen on it; done when they do. */
  opened(socket: BoundSocket): Promise<void>;
  closed(port: number): void;
}

/** The listening sockets of the proxy: opened as documents ask for them, kept open whatever happens to workers. */
export class OpenPorts {
  readonly #events: PortEvents;
  readonly #sockets = new Map<number, BoundSocket>();
  /** Ports that are wanted and could not be opened, with the name of the system error. */
  readonly #failed = new Map<number, { readonly wanted: WantedPort; readonly error: string }>();
  #timer: NodeJS.Timeout | null = null;
  #retries = 0;

  constructor(events: PortEvents) {
    this.#events = events;
  }

  get sockets(): Iterable<BoundSocket> {
    return this.#sockets.values();
  }

  get problems(): readonly string[] {
    return [...this.#failed.values()].map(({ wanted, error }) =>
      error === 'EADDRINUSE'
        ? `port-taken: port ${wanted.port} on ${wanted.host} is used by another program`
        : `port-taken: port ${wanted.port} on ${wanted.host} cannot be opened (${error})`,
    );
  }

  /** Binds what the document asks for without telling anyone; for the start, before there are workers. */
  bindAll(document: RoutingDocument): void {
    for (const wanted of wantedPorts(document)) this.#bind(wanted);
  }

  /** Opens what the document asks for and is not open, and closes the rest. Failures are kept as problems and tried again. */
  async open(document: RoutingDocument): Promise<void> {
    const wanted = wantedPorts(document);
    this.#closeOthers(wanted);
    this.#failed.clear();
    this.#retries = 0;
    await Promise.all(wanted.map((port) => this.#open(port)));
    this.#retryLater();
  }

  #closeOthers(wanted: readonly WantedPort[]): void {
    for (const socket of [...this.#sockets.values()]) {
      if (wanted.some(({ host, port }) => port === socket.port && host === socket.host)) continue;
      this.#events.closed(socket.port);
      closeSocket(socket);
      this.#sockets.delete(socket.port);
    }
  }

  #bind(wanted: WantedPort): BoundSocket | null {
    const socket = bindSocket(wanted);
    if (typeof socket === 'string') {
      this.#failed.set(wanted.port, { wanted, error: socket });
      return null;
    }
    this.#failed.delete(wanted.port);
    this.#sockets.set(wanted.port, socket);
    return socket;
  }

  /** Takes over sockets that another process has bound; done when all workers listen on them. */
  async adopt(sockets: readonly BoundSocket[]): Promise<void> {
    for (const socket of sockets) this.#sockets.set(socket.port, socket);
    await Promise.all(sockets.map((socket) => this.#events.opened(socket)));
  }

  /** Waits, at most so long, for ports that somebody else still has. */
  async untilFree(withinMs: number): Promise<void> {
    const untilMs = performance.now() + withinMs;
    const isTaken = () => [...this.#failed.values()].some(({ error }) => error === 'EADDRINUSE');
    while (isTaken() && performance.now() < untilMs) await sleep(20);
  }

  async #open(wanted: WantedPort): Promise<void> {
    if (this.#sockets.has(wanted.port)) return;
    const socket = this.#bind(wanted);
    if (socket !== null) await this.#events.opened(socket);
  }

  /** A worker could not listen on it: somebody else was faster. */
  fail(port: number, error: string): void {
    const socket = this.#sockets.get(port);
    if (socket === undefined) return;
    this.#sockets.delete(port);
    closeSocket(socket);
    this.#failed.set(port, { wanted: { host: socket.host, port }, error });
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#failed.size === 0 || this.#timer !== null) return;
    this.#timer = setTimeout(() => void this.#retry(), ++this.#retries <= quickRetries ? quickRetryMs : retryMs);
  }

  async #retry(): Promise<void> {
    await Promise.allSettled([...this.#failed.values()].map(({ wanted }) => this.#open(wanted)));
    this.#timer = null;
    this.#retryLater();
  }

  closeAll(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#failed.clear();
    for (const socket of this.#sockets.values()) closeSocket(socket);
    this.#sockets.clear();
  }
}
