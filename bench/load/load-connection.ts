import net from 'node:net';
import { AnswerReader, type Answer } from './answer-reader.ts';
import type { LoadWishes } from './load-wishes.ts';

/** What one request on a connection came to. */
export type Outcome =
  { readonly kind: 'answered'; readonly answer: Answer } | { readonly kind: 'lost'; readonly how: string };

interface Pending {
  readonly reader: AnswerReader;
  readonly timer: NodeJS.Timeout;
  readonly end: (outcome: Outcome) => void;
}

/** A raw connection that carries one request at a time. Nothing is ever sent twice. */
export class LoadConnection {
  readonly #socket: net.Socket;
  readonly #onClose: (connection: LoadConnection) => void;
  #pending: Pending | null = null;
  #error: string | null = null;
  #carried = 0;

  constructor(
    { host = '127.0.0.1', port }: Pick<LoadWishes, 'host' | 'port'>,
    onClose: (connection: LoadConnection) => void,
  ) {
    this.#onClose = onClose;
    this.#socket = net.connect({ host, port, noDelay: true });
    this.#socket.on('data', (piece) => this.#take(piece));
    this.#socket.on('error', (error) => (this.#error = 'code' in error ? String(error.code) : error.message));
    this.#socket.on('end', () => this.#closed());
    this.#socket.on('close', () => this.#closed());
  }

  /** How many requests have been put on it. */
  get carried(): number {
    return this.#carried;
  }

  request(bytes: string, timeoutMs: number, end: (outcome: Outcome) => void): void {
    const timer = setTimeout(() => this.#lose('timeout'), timeoutMs);
    this.#pending = { reader: new AnswerReader(), timer, end };
    this.#carried += 1;
    this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(piece: Buffer): void {
    const pending = this.#pending;
    // Bytes that nobody asked for: this connection can't be trusted any more.
    if (pending === null) return void this.#socket.destroy();
    const answer = pending.reader.take(piece);
    if (answer !== null) this.#end({ kind: 'answered', answer });
  }

  #closed(): void {
    const pending = this.#pending;
    this.#onClose(this);
    this.#socket.destroy();
    if (pending === null) return;
    const answer = this.#error === null ? pending.reader.end() : null;
    if (answer !== null) return this.#end({ kind: 'answered', answer });
    this.#end({ kind: 'lost', how: this.#error ?? (pending.reader.hasBegun ? 'EOF in the answer' : 'EOF') });
  }

  #lose(how: string): void {
    this.#end({ kind: 'lost', how });
    this.#socket.destroy();
  }

  #end(outcome: Outcome): void {
    const pending = this.#pending;
    if (pending === null) return;
    this.#pending = null;
    clearTimeout(pending.timer);
    pending.end(outcome);
  }
}
