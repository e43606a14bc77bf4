const opcode = { continuation: 0, binary: 2, close: 8, pong: 10 } as const;
/** Payload of a control frame at most (RFC 6455 section 5.5). */
const maxControlBytes = 125;
const maskingKeyBytes = 4;

/**
 * Follows one direction of a WebSocket (RFC 6455 section 5) by its frame headers alone: it knows where frames and
 * messages end, wherever the bytes are split. Payloads are skipped and never looked at, so a compressed message is like
 * any other.
 */
export class WebSocketFrames {
  /** This is not the framing that was agreed on: nothing is known about borders any more. */
  isBroken = false;
  /** A Close frame has begun: no message comes behind it. */
  hasClosed = false;
  readonly #isFromClient: boolean;
  /** Bytes of the current header that have come. */
  #headerAt = 0;
  /** Bytes of its longer length that are still to come. */
  #lengthLeft = 0;
  #length = 0;
  /** Masking key and payload that are still to come. */
  #payloadLeft = 0;
  /** A message has begun, and its last fragment has not. */
  #isFragmented = false;
  #isControl = false;

  /** `isFromClient`: its frames are masked, those of the app are not. */
  constructor(isFromClient: boolean) {
    this.#isFromClient = isFromClient;
  }

  /** Between two frames: here a control frame may be put in. */
  get isAtFrame(): boolean {
    return this.#headerAt === 0 && this.#payloadLeft === 0 && !this.isBroken;
  }

  /** Between two messages. */
  get isAtMessage(): boolean {
    return this.isAtFrame && !this.#isFragmented;
  }

  /** Does a Close frame begin with this byte? Asked between two frames. */
  isClose(first: number | undefined): boolean {
    return first !== undefined && (first & 0x0f) === opcode.close;
  }

  /** Takes the bytes in [from, to). */
  follow(bytes: Buffer, from: number, to: number): void {
    let at = from;
    while (at < to) at = this.advance(bytes, at, to);
  }

  /** Takes bytes to the end of the current frame, but not beyond `to`; returns where it stopped. */
  advance(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (this.#payloadLeft === 0 && at < to) {
      if (this.isBroken) return to;
      this.#readHeader(bytes[at++] ?? 0);
      if (this.#headerAt === 0) break;
    }
    const taken = Math.min(this.#payloadLeft, to - at);
    this.#payloadLeft -= taken;
    return at + taken;
  }

  #readHeader(octet: number): void {
    switch (this.#headerAt++) {
      case 0:
        return this.#readFirst(octet);
      case 1:
        return this.#readSecond(octet);
      default:
        this.#length = this.#length * 256 + octet;
        if (--this.#lengthLeft === 0) this.#beginPayload();
    }
  }

  /** FIN, three bits that extensions use, opcode. */
  #readFirst(octet: number): void {
    const isFinal = octet >= 128;
    const code = octet & 0x0f;
    this.#isControl = code >= opcode.close;
    if (this.#isControl) {
      if (!isFinal || code > opcode.pong) this.isBroken = true;
      if (code === opcode.close) this.hasClosed = true;
      return;
    }
    if (code > opcode.binary || (code === opcode.continuation) !== this.#isFragmented) this.isBroken = true;
    this.#isFragmented = !isFinal;
  }

  /** Mask, length of 7 bits or the size of the longer one. */
  #readSecond(octet: number): void {
    const length = octet & 0x7f;
    if (octet >= 128 !== this.#isFromClient || (this.#isControl && length > maxControlBytes)) this.isBroken = true;
    this.#length = length > maxControlBytes ? 0 : length;
    this.#lengthLeft = length === 126 ? 2 : length === 127 ? 8 : 0;
    if (this.#lengthLeft === 0) this.#beginPayload();
  }

  #beginPayload(): void {
    if (this.#length > Number.MAX_SAFE_INTEGER) this.isBroken = true;
    this.#headerAt = 0;
    this.#payloadLeft = this.#length + (this.#isFromClient ? maskingKeyBytes : 0);
  }
}
