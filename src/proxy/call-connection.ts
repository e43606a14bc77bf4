import net from 'node:net';
import type { Duplex } from 'node:stream';
import { LotseError, toLotseError } from '../core/errors.ts';
import { BodyReader } from './framing/body-reader.ts';
import { HeadCollector } from './framing/head-collector.ts';
import { readResponseHead } from './framing/response-head.ts';
import { defaultLimits } from './limits.ts';

export interface CallAnswer {
  readonly status: number;
  readonly isJson: boolean;
  readonly body: string;
}

/** The proxy took the call and went away, or had left the connection before: nobody knows whether the call was heard. */
export class LostCall extends LotseError {
  constructor(cause: unknown) {
    super('unreachable', 'the proxy ended during the call', { retriable: true, cause });
  }
}

interface OpenCall {
  readonly reader: AnswerReader;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (answer: CallAnswer) => void;
  readonly reject: (error: LotseError) => void;
}

/** A control socket that is not on this machine. */
export interface ControlDoor {
  /** For messages. */
  readonly name: string;
  /** A new connection to it. Errors: `unreachable`, `timeout`. */
  readonly open: () => Promise<Duplex>;
}

/** A connection to a proxy's control socket, for one call at a time. */
export class CallConnection {
  readonly #name: string;
  /** Null: not open yet. */
  #socket: Duplex | null = null;
  #unsent = '';
  #restTimer: NodeJS.Timeout | undefined;
  #isConnected = false;
  #isOver = false;
  #call: OpenCall | null = null;

  /** `place`: the path of the socket, or how it is reached. */
  constructor(place: string | ControlDoor) {
    if (typeof place === 'string') {
      this.#name = place;
      const socket = net.connect(place);
      socket.on('connect', () => (this.#isConnected = true));
      this.#take(socket);
    } else {
      this.#name = place.name;
      const take = (socket: Duplex) => {
        this.#isConnected = true;
        if (this.#isOver) return void socket.destroy();
        this.#take(socket);
        socket.write(this.#unsent);
      };
      place.open().then(take, (error: unknown) => this.#fail(toLotseError(error)));
    }
  }

  #take(socket: Duplex): void {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#read(bytes));
    socket.on('error', (cause) => this.#lose(cause));
    socket.on('end', () => this.#lose(undefined));
    socket.on('close', () => this.#lose(undefined));
  }

  /** May another call be made? */
  get isUsable(): boolean {
    return !this.#isOver && this.#call === null;
  }

  /** Errors: `unreachable` (a `LostCall` when the proxy was reached), `timeout`. */
  ask(request: string, timeoutMs: number): Promise<CallAnswer> {
    if (this.#socket instanceof net.Socket) this.#socket.ref();
    clearTimeout(this.#restTimer);
    return new Promise((resolve, reject) => {
      if (this.#isOver) return reject(new LostCall(undefined));
      const late = `the proxy did not answer within ${timeoutMs} ms`;
      const onTimeout = () => this.#fail(new LotseError('timeout', late, { retriable: true }));
      this.#call = { reader: new AnswerReader(), timer: setTimeout(onTimeout, timeoutMs), resolve, reject };
      if (this.#socket === null) this.#unsent = request;
      else this.#socket.write(request);
    });
  }

  /** Waits for the next call without keeping the process alive, and ends when none comes for so long. */
  rest(idleMs: number): void {
    if (this.#socket instanceof net.Socket) this.#socket.unref();
    this.#restTimer = setTimeout(() => this.destroy(), idleMs).unref();
  }

  destroy(): void {
    this.#isOver = true;
    clearTimeout(this.#restTimer);
    this.#socket?.destroy();
  }

  #read(bytes: Buffer): void {
    // Nothing was asked: whatever this is, it is no answer to the next call.
    if (this.#call === null) return this.destroy();
    const answer = this.#call.reader.read(bytes);
    if (answer === null) return;
    const { timer, resolve, reader } = this.#call;
    clearTimeout(timer);
    this.#call = null;
    if (reader.isLast) this.destroy();
    resolve(answer);
  }

  #lose(cause: unknown): void {
    this.#fail(this.#isConnected ? new LostCall(cause) : unreachable(this.#name, cause));
  }

  #fail(error: LotseError): void {
    this.destroy();
    if (this.#call === null) return;
    const { timer, reject } = this.#call;
    clearTimeout(timer);
    this.#call = null;
    reject(error);
  }
}

export function unreachable(place: string, cause: unknown): LotseError {
  return new LotseError('unreachable', `no proxy answers on ${place}`, { retriable: true, cause });
}

class AnswerReader {
  readonly #collector = new HeadCollector(defaultLimits.responseHeadBytes);
  readonly #parts: Buffer[] = [];
  #status = 0;
  #isJson = false;
  #closes = false;
  #body: BodyReader | null = null;

  /** After a whole answer: does the proxy close, or has it said more than it was asked? */
  get isLast(): boolean {
    return this.#closes || !this.#collector.isEmpty;
  }

  read(bytes: Buffer): CallAnswer | null {
    this.#collector.push(bytes);
    if (this.#body === null) {
      const text = this.#collector.take();
      if (typeof text !== 'string') return null;
      const head = readResponseHead(text, defaultLimits);
      this.#status = head.status;
      this.#closes = head.closes;
      this.#isJson = /content-type: application\/(problem\+)?json/i.test(head.kept);
      this.#body = BodyReader.ofLength(Math.max(0, head.contentLength));
    }
    const more = this.#collector.takeAll();
    if (more !== null) {
      const end = this.#body.consume(more, 0, more.length);
      this.#parts.push(more.subarray(0, end));
      if (end < more.length) this.#collector.push(more.subarray(end));
    }
    return this.#body.isDone
      ? { status: this.#status, isJson: this.#isJson, body: Buffer.concat(this.#parts).toString('utf8') }
      : null;
  }
}
