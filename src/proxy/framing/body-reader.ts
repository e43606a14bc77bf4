import { ChunkedScanner } from './chunked.ts';

/** Finds the end of one message body, framed by a length, by chunks, or (answers only) by the end of the connection. */
export class BodyReader {
  #remaining: number;
  readonly #chunks: ChunkedScanner | null;

  private constructor(remaining: number, chunks: ChunkedScanner | null) {
    this.#remaining = remaining;
    this.#chunks = chunks;
  }

  static ofLength(bytes: number): BodyReader {
    return new BodyReader(bytes, null);
  }

  /** `onPayload` gets the payload without its framing. */
  static chunked(onPayload: ((bytes: Buffer) => void) | null = null): BodyReader {
    return new BodyReader(0, new ChunkedScanner(onPayload));
  }

  static untilEnd(): BodyReader {
    return new BodyReader(Number.POSITIVE_INFINITY, null);
  }

  get isDone(): boolean {
    return this.#chunks === null ? this.#remaining === 0 : this.#chunks.isDone;
  }

  get endsWithConnection(): boolean {
    return this.#remaining === Number.POSITIVE_INFINITY;
  }

  get problem(): string | null {
    return this.#chunks?.problem ?? null;
  }

  /** Trailer lines of a chunked body, each with CRLF. */
  get trailers(): string {
    return this.#chunks?.trailers ?? '';
  }

  /** Payload bytes of a chunked body so far. */
  get chunkedPayloadBytes(): number {
    return this.#chunks?.payloadBytes ?? 0;
  }

  /** Takes bytes in [from, to) and returns the end of those that belong to this body. */
  consume(bytes: Buffer, from: number, to: number): number {
    if (this.#chunks !== null) return this.#chunks.scan(bytes, from, to);
    const taken = Math.min(this.#remaining, to - from);
    this.#remaining -= taken;
    return from + taken;
  }
}
