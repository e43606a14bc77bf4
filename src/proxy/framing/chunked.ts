import { hexValues, tokenOctets, valueOctets } from './characters.ts';

const cr = 13;
const lf = 10;
const semicolon = 59;
const colon = 58;
const maxSizeDigits = 12;
const maxExtensionBytes = 4 * 1024;
const maxTrailerBytes = 16 * 1024;

/** Trailers that would change what the message means (RFC 9110 section 6.5.1). */
const forbiddenTrailers = new Set([
  'transfer-encoding',
  'content-length',
  'host',
  'connection',
  'upgrade',
  'expect',
  'te',
  'trailer',
  'cookie',
  'set-cookie',
  'authorization',
  'content-encoding',
  'content-type',
  'content-range',
]);

type State =
  | 'size-first'
  | 'size'
  | 'extension'
  | 'size-lf'
  | 'data'
  | 'data-cr'
  | 'data-lf'
  | 'trailer-first'
  | 'trailer-name'
  | 'trailer-value'
  | 'trailer-lf'
  | 'end-lf'
  | 'done'
  | 'bad';

/**
 * Follows a chunked body (RFC 9112 section 7.1) byte by byte, so that it may be split anywhere, and finds its end. It
 * accepts only what every reader understands alike: hexadecimal size at once after CRLF, no space, CRLF everywhere, no
 * control characters in extensions, well-formed trailers.
 */
export class ChunkedScanner {
  /** Set when the body is malformed. */
  problem: string | null = null;
  /** Payload bytes seen so far, without framing. */
  payloadBytes = 0;
  /** Trailer lines, each with CRLF. */
  trailers = '';
  #state: State = 'size-first';
  #size = 0;
  #digits = 0;
  #extensionBytes = 0;
  #trailerBytes = 0;
  #trailerName = '';
  readonly #onPayload: ((bytes: Buffer) => void) | null;

  /** `onPayload` gets the payload without its framing, as views into the scanned buffers. */
  constructor(onPayload: ((bytes: Buffer) => void) | null = null) {
    this.#onPayload = onPayload;
  }

  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** Scans `bytes` in [from, to) and returns the end of what belongs to the body: `to` unless it is done (or bad). */
  scan(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && this.#state !== 'done' && this.#state !== 'bad') {
      if (this.#state === 'data') at = this.#skipData(bytes, at, to);
      else if (this.#state.startsWith('trailer')) this.#readTrailer(bytes[at++] ?? 0);
      else this.#readFraming(bytes[at++] ?? 0);
    }
    return at;
  }

  #skipData(bytes: Buffer, at: number, to: number): number {
    const taken = Math.min(this.#size, to - at);
    if (this.#onPayload !== null) this.#onPayload(bytes.subarray(at, at + taken));
    this.payloadBytes += taken;
    this.#size -= taken;
    if (this.#size === 0) this.#state = 'data-cr';
    return at + taken;
  }

  #readFraming(octet: number): void {
    switch (this.#state) {
      case 'size-first':
      case 'size':
        return this.#readSize(octet);
      case 'extension':
        if (octet === cr) this.#state = 'size-lf';
        else if (valueOctets[octet] === 0 || ++this.#extensionBytes > maxExtensionBytes)
          this.#fail('bad chunk extension');
        return;
      case 'size-lf':
        if (octet !== lf) return this.#fail('bad end of the chunk size');
        this.#state = this.#size === 0 ? 'trailer-first' : 'data';
        return;
      case 'data-cr':
        return octet === cr ? void (this.#state = 'data-lf') : this.#fail('chunk longer than its size');
      case 'data-lf':
        if (octet !== lf) return this.#fail('chunk longer than its size');
        this.#size = 0;
        this.#digits = 0;
        this.#state = 'size-first';
        return;
      case 'end-lf':
        return octet === lf ? void (this.#state = 'done') : this.#fail('bad end of the trailers');
      default:
        return this.#fail('unexpected byte');
    }
  }

  #readSize(octet: number): void {
    const digit = hexValues[octet] ?? 255;
    if (digit < 16) {
      if (++this.#digits > maxSizeDigits) return this.#fail('chunk size too long');
      this.#size = this.#size * 16 + digit;
      this.#state = 'size';
      return;
    }
    if (this.#state === 'size-first') return this.#fail('bad chunk size');
    if (octet === cr) this.#state = 'size-lf';
    else if (octet === semicolon) this.#state = 'extension';
    else this.#fail('bad chunk size');
  }

  #readTrailer(octet: number): void {
    if (++this.#trailerBytes > maxTrailerBytes) return this.#fail('trailers too large');
    if (octet !== cr || this.#state !== 'trailer-first') this.trailers += String.fromCharCode(octet);
    switch (this.#state) {
      case 'trailer-first':
        this.#trailerName = '';
        if (octet === cr) this.#state = 'end-lf';
        else if (tokenOctets[octet] === 1) this.#nameTrailer(octet);
        else this.#fail('malformed trailer');
        return;
      case 'trailer-name':
        if (octet === colon) this.#endTrailerName();
        else if (tokenOctets[octet] === 1) this.#nameTrailer(octet);
        else this.#fail('malformed trailer');
        return;
      case 'trailer-value':
        if (octet === cr) this.#state = 'trailer-lf';
        else if (valueOctets[octet] === 0) this.#fail('malformed trailer');
        return;
      default:
        if (octet === lf) this.#state = 'trailer-first';
        else this.#fail('malformed trailer');
    }
  }

  #nameTrailer(octet: number): void {
    this.#trailerName += String.fromCharCode(octet);
    this.#state = 'trailer-name';
  }

  #endTrailerName(): void {
    const name = this.#trailerName.toLowerCase();
    if (forbiddenTrailers.has(name) || name.startsWith('lotse-')) return this.#fail(`trailer ${name} is not allowed`);
    this.#state = 'trailer-value';
  }

  #fail(problem: string): void {
    this.problem = problem;
    this.#state = 'bad';
  }
}
