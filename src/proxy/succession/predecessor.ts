import type { RoutingDocument } from '../../core/routing-document.ts';
import type { FromSuccessor, Legacy, RetiredStatus, ToSuccessor } from './hand-over-messages.ts';
import { InheritedCounters } from '../counting/inherited-counters.ts';
import { IpcLink } from '../workers/ipc-link.ts';
import type { BoundSocket } from '../workers/listening-sockets.ts';
import type { ConnectionOrigin } from '../plane-connection.ts';

/** It answers as fast as its workers, which have less. */
const answerMs = 5_000;

/** What a proxy does to take over from another one. */
export interface Heiress {
  prepare(document: RoutingDocument | null): Promise<void>;
  /** Done when it accepts, answers on the control socket, and can confirm. */
  takeOver(sockets: readonly BoundSocket[], legacy: Legacy): Promise<void>;
  /** The predecessor has been told: it lets go of everything. */
  confirmed(legacy: Legacy): Promise<void>;
  take(origin: ConnectionOrigin, handle: object): Promise<void>;
  /** Nothing can go on. `error` is null when the predecessor has gone before it handed over. */
  failed(error: unknown): void;
}

/** The proxy that this one takes over from: first its commands, then what still goes on there. */
export class Predecessor {
  readonly counters = new InheritedCounters();
  readonly #heiress: Heiress;
  readonly #pid = process.ppid;
  readonly #link: IpcLink<FromSuccessor, ToSuccessor>;
  readonly #sockets: BoundSocket[] = [];
  readonly #waiting = new Map<number, (message: ToSuccessor | null) => void>();
  readonly #finished: Promise<void>;
  #resolveFinished: () => void = () => {};
  #hasConfirmed = false;
  #lastId = 0;

  constructor(heiress: Heiress) {
    this.#heiress = heiress;
    this.#finished = new Promise((resolve) => (this.#resolveFinished = resolve));
    this.#link = new IpcLink<FromSuccessor, ToSuccessor>(process, {
      received: (message, handle) =>
        void this.#receive(message, handle).catch((error: unknown) => heiress.failed(error)),
      ended: () => this.#ended(),
    });
  }

  /** Are its workers still busy? */
  get isOpen(): boolean {
    return this.#link.isOpen;
  }

  tellStarted(started: Omit<Extract<FromSuccessor, { readonly kind: 'started' }>, 'kind'>): void {
    void this.#link.send({ kind: 'started', ...started });
  }

  async #receive(message: ToSuccessor, handle: unknown): Promise<void> {
    switch (message.kind) {
      case 'prepare':
        await this.#heiress.prepare(message.document);
        return void this.#link.send({ kind: 'ready' });
      case 'socket':
        if (isObject(handle)) this.#sockets.push({ host: message.host, port: message.port, handle });
        return;
      case 'take-over':
        this.counters.record(message.epochs);
        await this.#heiress.takeOver(this.#sockets, message);
        this.#hasConfirmed = true;
        void this.#link.send({ kind: 'confirmed' });
        return await this.#heiress.confirmed(message);
      case 'connection':
        return isObject(handle) ? await this.#heiress.take(message, handle) : undefined;
      case 'finished':
        this.counters.record(message.epochs);
        return this.#link.close();
      case 'applied':
      case 'status':
      case 'counters':
        this.#waiting.get(message.id)?.(message);
    }
  }

  #ended(): void {
    for (const resolve of this.#waiting.values()) resolve(null);
    this.counters.close(Date.now());
    this.#resolveFinished();
    if (!this.#hasConfirmed) this.#heiress.failed(null);
  }

  /** Its answer; null when it has finished or does not answer. */
  async #ask(message: (id: number) => FromSuccessor): Promise<ToSuccessor | null> {
    if (!this.isOpen || !this.#hasConfirmed) return null;
    const id = ++this.#lastId;
    let timer: NodeJS.Timeout | undefined;
    const answer = await new Promise<ToSuccessor | null>((resolve) => {
      this.#waiting.set(id, resolve);
      timer = setTimeout(() => resolve(null), answerMs);
      void this.#link.send(message(id));
    });
    clearTimeout(timer);
    this.#waiting.delete(id);
    return answer;
  }

  /** Takes a document to its workers, whose held requests may wait for it. It is ended when it does not confirm that. */
  async apply(document: RoutingDocument): Promise<void> {
    const answer = await this.#ask((id) => ({ kind: 'document', id, document }));
    if (answer !== null || !this.isOpen || process.ppid !== this.#pid) return;
    // It hangs. Its workers finish by themselves what they have, within seconds.
    process.kill(this.#pid, 'SIGKILL');
  }

  async status(): Promise<RetiredStatus> {
    const answer = await this.#ask((id) => ({ kind: 'ask-status', id }));
    return answer?.kind === 'status' ? answer.status : { drainingWorkers: 0, parts: [] };
  }

  /** Brings `counters` up to date. */
  async refresh(): Promise<void> {
    const answer = await this.#ask((id) => ({ kind: 'ask-counters', id }));
    if (answer?.kind === 'counters') this.counters.record(answer.epochs);
  }

  /** Done when its workers have finished, which takes at most this time and little more. */
  async stop(graceMs: number): Promise<void> {
    if (this.isOpen) void this.#link.send({ kind: 'stop', graceMs });
    await this.#finished;
  }

  get finished(): Promise<void> {
    return this.#finished;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
