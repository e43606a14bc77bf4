import type { Refusal } from './request-head.ts';

const endOfHead = Buffer.from('\r\n\r\n');
const cr = 13;
const lf = 10;

/**
 * Collects bytes until a head is complete, however they are split, and keeps what came after it. Bytes are copied only
 * while a head is incomplete.
 */
export class HeadCollector {
  /** Bytes received and not yet taken. */
  pending: Buffer | null = null;
  readonly #maxBytes: number;
  #searched = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.pending === null;
  }

  push(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.pending = this.pending === null ? bytes : Buffer.concat([this.pending, bytes]);
  }

  /** Everything that is pending, which is then no longer. */
  takeAll(): Buffer | null {
    const bytes = this.pending;
    this.pending = null;
    this.#searched = 0;
    return bytes;
  }

  /**
   * The next head as latin1 text up to the CRLF of its last line, a refusal, or null when more bytes are needed. One
   * empty line before a request is skipped (RFC 9112 section 2.2).
   */
  take(): string | Refusal | null {
    const bytes = this.pending;
    if (bytes === null) return null;
    let from = 0;
    if (bytes[0] === cr) {
      if (bytes.length < 2) return null;
      if (bytes[1] !== lf) return { status: 400, reason: 'bare CR' };
      from = 2;
    }
    const at = bytes.indexOf(endOfHead, Math.max(from, this.#searched - 3));
    if (at < 0) return this.#refuseEarly(bytes, from);
    if (at - from > this.#maxBytes) return this.#tooLarge(bytes, from);
    const text = bytes.toString('latin1', from, at + 2);
    this.pending = at + 4 < bytes.length ? bytes.subarray(at + 4) : null;
    this.#searched = 0;
    return text;
  }

  /** A head that can never become valid is refused at once, not when its time is over. */
  #refuseEarly(bytes: Buffer, from: number): Refusal | null {
    for (let at = bytes.indexOf(lf, Math.max(from, this.#searched)); at >= 0; at = bytes.indexOf(lf, at + 1)) {
      if (at === from || bytes[at - 1] !== cr) return { status: 400, reason: 'bare LF' };
    }
    this.#searched = bytes.length;
    // The last three bytes may be the beginning of its end.
    return bytes.length - from - 3 <= this.#maxBytes ? null : this.#tooLarge(bytes, from);
  }

  #tooLarge(bytes: Buffer, from: number): Refusal {
    const line = bytes.indexOf(lf, from);
    return line < 0 || line - from > this.#maxBytes
      ? { status: 414, reason: 'request target too long' }
      : { status: 431, reason: 'request head too large' };
  }
}
