export interface Answer {
  readonly status: number;
  readonly version: string | null;
  /** When the app got the request, in milliseconds since 1970; null when it does not say. */
  readonly receivedMs: number | null;
  /** `x-load`, which servers under test send back: shows answers that reached the wrong request. */
  readonly echo: string | null;
  readonly closes: boolean;
}

interface Head extends Answer {
  readonly bodyFrom: number;
  /** Null: the body ends with the connection. */
  readonly bodyBytes: number | null;
}

/** Reads one HTTP/1.1 answer from the pieces it comes in (RFC 9112; no chunked bodies, the apps under test send none). */
export class AnswerReader {
  #bytes: Buffer = Buffer.alloc(0);
  #head: Head | null = null;

  get hasBegun(): boolean {
    return this.#bytes.length > 0;
  }

  /** The answer when it is complete. */
  take(piece: Buffer): Answer | null {
    this.#bytes = this.#bytes.length === 0 ? piece : Buffer.concat([this.#bytes, piece]);
    this.#head ??= readHead(this.#bytes);
    const head = this.#head;
    if (head?.bodyBytes == null) return null;
    return this.#bytes.length >= head.bodyFrom + head.bodyBytes ? head : null;
  }

  /** The connection has ended: the answer when its body ends with it. */
  end(): Answer | null {
    return this.#head !== null && this.#head.bodyBytes === null ? this.#head : null;
  }
}

function readHead(bytes: Buffer): Head | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const text = bytes.toString('latin1', 0, end + 2);
  const length = field(text, 'content-length');
  const received = field(text, 'x-received');
  return {
    status: Number(text.slice(9, 12)),
    version: field(text, 'x-version'),
    receivedMs: received === null ? null : Number(received),
    echo: field(text, 'x-load'),
    closes: /\r\nconnection: *close/i.test(text),
    bodyFrom: end + 4,
    bodyBytes: length === null ? null : Number(length),
  };
}

function field(head: string, name: string): string | null {
  return new RegExp(`\\r\\n${name}: *([^\\r]*)`, 'i').exec(head)?.[1] ?? null;
}
