import { Duplex } from 'node:stream';
import { longestPayload, windowBytes } from './frames.ts';
import type { Multiplexer, Refusal } from './multiplexer.ts';

type Done = (error?: Error | null) => void;

/** What is read is told in such portions, so that the other side never has to wait for it. */
const creditBytes = windowBytes / 4;

/** One of many connections over one pair of pipes. Each direction ends for itself, as with a socket. */
export class MuxedConnection extends Duplex {
  readonly #mux: Multiplexer;
  readonly #id: number;
  /** Rejects with `RefusedConnection`. */
  readonly opened: Promise<void>;
  #settle: { readonly resolve: () => void; readonly reject: (error: Error) => void };
  /** How much the other side takes before it says that it may have more. */
  #credit = windowBytes;
  /** How much the other side was told that it may send here. */
  #granted = windowBytes;
  /** How much was read here that the other side was not told of. */
  #owed = 0;
  #unsent: Buffer | null = null;
  #done: Done | null = null;
  #hasEnded = { here: false, there: false };

  constructor(mux: Multiplexer, id: number) {
    super({ allowHalfOpen: true });
    this.#mux = mux;
    this.#id = id;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.opened = promise;
    this.#settle = { resolve, reject };
    promise.catch(() => undefined); // Whoever has accepted it does not ask.
    this.on('error', () => undefined); // It may break before anybody can listen; `close` follows.
  }

  wasOpened(): void {
    this.#settle.resolve();
  }

  received(bytes: Buffer): void {
    if (this.destroyed || this.#hasEnded.there) return;
    this.#granted -= bytes.length;
    if (this.#granted < 0) {
      this.destroy(new RefusedConnection({ code: 'EPROTO', message: 'the other side sends more than it may' }));
      return;
    }
    this.#owed += bytes.length;
    if (this.push(bytes)) this.#payBack();
  }

  wasEnded(): void {
    this.#hasEnded.there = true;
    this.push(null);
  }

  wasReset(why: Refusal): void {
    this.#hasEnded = { here: true, there: true }; // Nothing has to be said any more.
    this.destroy(new RefusedConnection(why));
  }

  mayHave(bytes: number): void {
    this.#credit += bytes;
    this.sendMore();
  }

  /** One frame at a time while the pipe is full, so that others have their turn. */
  sendMore(): void {
    while (this.#unsent !== null && this.#credit > 0) {
      if (!this.#mux.isWritable) return this.#mux.wait(this);
      const piece = this.#unsent.subarray(0, Math.min(longestPayload, this.#credit));
      this.#credit -= piece.length;
      this.#mux.send('data', this.#id, piece);
      const rest = this.#unsent.subarray(piece.length);
      this.#unsent = rest.length === 0 ? null : rest;
    }
    if (this.#unsent !== null) return;
    const done = this.#done;
    this.#done = null;
    done?.();
  }

  override _read(): void {
    this.#payBack();
  }

  override _write(bytes: Buffer, _encoding: string, done: Done): void {
    this.#unsent = bytes;
    this.#done = done;
    this.sendMore();
  }

  override _final(done: Done): void {
    this.#hasEnded.here = true;
    this.#mux.send('end', this.#id);
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    const why = error === null ? undefined : { code: codeOf(error), message: error.message };
    const isOver = this.#hasEnded.here && this.#hasEnded.there;
    if (!isOver) this.#mux.send('reset', this.#id, why === undefined ? undefined : Buffer.from(JSON.stringify(why)));
    this.#mux.forget(this.#id);
    this.#unsent = null;
    this.#settle.reject(error ?? new RefusedConnection({ code: 'ECANCELED', message: 'the connection was closed' }));
    done(error);
    const unfinished = this.#done;
    this.#done = null;
    unfinished?.(error ?? new RefusedConnection({ code: 'ECANCELED', message: 'the connection was closed' }));
  }

  #payBack(): void {
    if (this.#owed < creditBytes || this.destroyed) return;
    const payload = Buffer.allocUnsafe(4);
    payload.writeUInt32BE(this.#owed);
    this.#granted += this.#owed;
    this.#owed = 0;
    this.#mux.send('credit', this.#id, payload);
  }
}

/** The other machine's word: `code` is that of the failed call there. */
export class RefusedConnection extends Error {
  readonly code: string;

  constructor({ code, message }: Refusal) {
    super(message);
    this.name = 'RefusedConnection';
    this.code = code;
  }
}

export function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : 'ECONNRESET';
}
