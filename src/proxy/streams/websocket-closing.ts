import { WebSocketFrames } from './websocket-frames.ts';

/** A client that has sent nothing for so long is between two things that it says, in milliseconds. */
const quietMs = 20;
/** How long such a moment is waited for; from then on the next end of a message will do. */
const quietWaitMs = 1_000;
/** From then on the client's message under way is not waited for. */
const messageWaitMs = 2_000;
/** How long the app, and then the client, may take to answer Close with Close. */
const replyMs = 2_000;
/** How long the end of the app's message under way is waited for beyond that. */
const lastMessageMs = 1_000;

/** Close, status 1012: the service restarts, come again (RFC 6455 section 5.5.1, IANA WebSocket close codes). */
const closeForClient = Buffer.from([0x88, 2, 0x03, 0xf4]);
/** The same, masked as all that a client sends, with a key of zeros: what it hides nobody has to guess. */
const closeForApp = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xf4]);

/** The two ends of a tunnel, as far as closing it is concerned. */
export interface TunnelEnds {
  /** The bytes are taken or copied before this returns. */
  toApp(bytes: Buffer): void;
  toClient(bytes: Buffer): void;
  /** Nothing more is sent to the app; what it sends still comes. */
  finishApp(): void;
  /** Nobody is served any more: both sides are told that nothing more comes. */
  end(): void;
}

/**
 * Passes a WebSocket's bytes on and closes it at its time, so that whatever the app said before it was told arrives, and
 * whatever the client said before that does too. First the app is told (Close 1012), at a moment when no message of the
 * client is under way; all that it sends up to its own Close is passed on; then the client is told.
 */
export class WebSocketClosing {
  readonly #ends: TunnelEnds;
  readonly #client = new WebSocketFrames(true);
  readonly #app = new WebSocketFrames(false);
  #phase: 'open' | 'app-told' | 'client-told' = 'open';
  /** The time for waiting is over: the next end of a message is the moment. */
  #isUrgent = false;
  #lastClientMs: number;
  #toldMs = 0;

  constructor(ends: TunnelEnds, nowMs: number) {
    this.#ends = ends;
    this.#lastClientMs = nowMs;
  }

  /** Is it under way, so that the clock should look often? */
  get hasBegun(): boolean {
    return this.#phase !== 'open';
  }

  fromClient(bytes: Buffer, nowMs: number): void {
    this.#lastClientMs = nowMs;
    if (this.#phase !== 'open') {
      this.#client.follow(bytes, 0, bytes.length);
      if (this.#phase === 'client-told' && this.#client.hasClosed) this.#ends.end();
    } else if (this.#isUrgent) {
      this.#passWholeMessages(bytes, nowMs);
    } else {
      this.#client.follow(bytes, 0, bytes.length);
      this.#ends.toApp(bytes);
    }
  }

  /** Passes on what is whole, tells the app there, and lets the rest go: the client is not told that it had arrived. */
  #passWholeMessages(bytes: Buffer, nowMs: number): void {
    let border = -1;
    for (let at = 0; at < bytes.length;) {
      at = this.#client.advance(bytes, at, bytes.length);
      if (this.#client.isAtMessage) border = at;
    }
    const isOurs = border >= 0 && !this.#client.isBroken && !this.#client.hasClosed;
    this.#ends.toApp(isOurs ? bytes.subarray(0, border) : bytes);
    if (isOurs) this.#tellApp(nowMs);
  }

  /** `bytes` may be changed after this returns. */
  fromApp(bytes: Buffer, length: number, nowMs: number): void {
    switch (this.#phase) {
      case 'open':
        this.#app.follow(bytes, 0, length);
        return this.#ends.toClient(bytes.subarray(0, length));
      case 'app-told':
        return this.#passUntilClose(bytes, length, nowMs);
      case 'client-told':
        return;
    }
  }

  /** The app's Close is not passed on: it echoes what it was told, or says that all went well, which is no reason to come again. */
  #passUntilClose(bytes: Buffer, length: number, nowMs: number): void {
    let at = 0;
    let isOver = false;
    while (at < length && !isOver) {
      isOver = this.#app.isAtFrame && this.#app.isClose(bytes[at]);
      if (isOver) break;
      at = this.#app.advance(bytes, at, length);
      isOver = this.#isUrgent && this.#app.isAtMessage;
    }
    if (at > 0) this.#ends.toClient(bytes.subarray(0, at));
    if (isOver) this.#tellClient(nowMs);
  }

  /** The app has ended its side. Returns false when there is nothing to be said to the client any more. */
  appEnded(nowMs: number): boolean {
    if (this.#phase === 'app-told' && this.#app.isAtFrame) this.#tellClient(nowMs);
    return this.#phase === 'client-told';
  }

  /** Looks at the clock. `overdueMs`: for how long the tunnel should have been closed; below 0 it may stay. */
  check(nowMs: number, overdueMs: number): void {
    const waitedMs = nowMs - this.#toldMs;
    switch (this.#phase) {
      case 'open':
        this.#isUrgent = overdueMs >= quietWaitMs;
        return overdueMs < 0 ? undefined : this.#approach(nowMs, overdueMs);
      case 'app-told':
        if (waitedMs < replyMs) return;
        this.#isUrgent = true;
        if (this.#app.isAtMessage || (this.#app.isAtFrame && waitedMs >= replyMs + lastMessageMs))
          return this.#tellClient(nowMs);
        if (waitedMs >= replyMs + lastMessageMs) this.#ends.end();
        return;
      case 'client-told':
        if (waitedMs >= replyMs) this.#ends.end();
    }
  }

  #approach(nowMs: number, overdueMs: number): void {
    const client = this.#client;
    if (client.isBroken || this.#app.isBroken) return this.#ends.end();
    if (client.hasClosed || this.#app.hasClosed) return overdueMs < messageWaitMs ? undefined : this.#ends.end();
    const isQuiet = nowMs - this.#lastClientMs >= quietMs;
    if (client.isAtMessage && (isQuiet || this.#isUrgent)) return this.#tellApp(nowMs);
    if (overdueMs >= messageWaitMs) this.#tellApp(nowMs);
  }

  #tellApp(nowMs: number): void {
    this.#phase = 'app-told';
    this.#isUrgent = false;
    this.#toldMs = nowMs;
    // Inside a frame there is no place for another one: then the end of what it gets tells it.
    if (this.#client.isAtFrame) this.#ends.toApp(closeForApp);
    else this.#ends.finishApp();
  }

  #tellClient(nowMs: number): void {
    this.#phase = 'client-told';
    this.#toldMs = nowMs;
    this.#ends.toClient(closeForClient);
    this.#ends.finishApp();
    if (this.#client.hasClosed) this.#ends.end();
  }
}
