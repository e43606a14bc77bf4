import type net from 'node:net';
import type { DataPlane } from './data-plane.ts';
import { Exchange } from './exchange.ts';
import type { AnswerRelay, ExchangeClient } from './exchange-client.ts';
import { HeadCollector } from './framing/head-collector.ts';
import { readRequestHead } from './framing/request-head.ts';
import type { RequestHead } from './framing/request-head.ts';
import type { ResponseHead } from './framing/response-head.ts';
import { refusedRequest, renderAnswer } from './own-answers.ts';
import type { OwnAnswer } from './own-answers.ts';
import type { Peer } from './origin/peer.ts';
import type { RequestOrigin } from './origin/request-origin.ts';
import type { DetachedConnection, PlaneConnection } from './plane-connection.ts';
import { ResponseRelay } from './response-relay.ts';
import type { Forward } from './routing/route-request.ts';
import { stopReading } from './workers/socket-handles.ts';
import { Tunnel } from './streams/tunnel.ts';
import type { UpstreamConnection } from './upstream/upstream-connection.ts';

type State =
  /** Waiting for a request, or for the rest of its head. */
  | 'idle'
  | 'exchange'
  /** The environment is paused; the request waits. */
  | 'held'
  | 'tunnel'
  /** Our last answer is out; what still comes in is thrown away. */
  | 'closing'
  | 'closed';

/** One connection from a client: reads requests one after another and answers them in order. */
export class ClientConnection implements ExchangeClient, PlaneConnection {
  readonly plane: DataPlane;
  readonly socket: net.Socket;
  readonly port: number;
  readonly isHttp2 = false;
  readonly peer: Peer;
  readonly serverName: string;
  origin: RequestOrigin;
  /** The client has closed its sending side. */
  hasEnded = false;
  #state: State = 'idle';
  #exchange: Exchange | null = null;
  #tunnel: Tunnel | null = null;
  readonly #collector: HeadCollector;
  /** Clock (ms) of the last change: first byte of a head, last byte of a body, last answer. */
  #sinceMs: number;
  #writeBlockedMs = 0;

  /** `socket` may be one of TLS; then `serverName` is what the client called us when it began. */
  constructor(plane: DataPlane, socket: net.Socket, port: number, peer: Peer, serverName = '') {
    this.plane = plane;
    this.socket = socket;
    this.port = port;
    this.peer = peer;
    this.serverName = serverName;
    this.origin = peer.origin;
    this.#collector = new HeadCollector(plane.limits.headBytes);
    this.#sinceMs = plane.nowMs();
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('drain', () => this.#drained());
    socket.on('end', () => this.#clientEnded());
    socket.on('error', () => this.#gone());
    socket.on('close', () => this.#gone());
    if (socket.isPaused()) socket.resume();
  }

  get isIdle(): boolean {
    return this.#state === 'idle' && this.#collector.isEmpty;
  }

  get isBusy(): boolean {
    return this.#state === 'held' || (this.#exchange !== null && !this.#exchange.isStream);
  }

  #receive(bytes: Buffer): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    if (this.#tunnel !== null) return this.#tunnel.fromClient(bytes);
    if (this.#state === 'idle' && this.#collector.isEmpty) this.#sinceMs = this.plane.nowMs();
    this.#collector.push(bytes);
    this.#advance();
  }

  /** Goes as far as the bytes at hand allow. */
  #advance(): void {
    for (;;) {
      const exchange = this.#exchange;
      if (this.#state === 'idle') {
        if (!this.#readRequest()) return;
      } else if (this.#state === 'exchange' && exchange !== null && exchange.wantsBody) {
        const bytes = this.#collector.takeAll();
        if (bytes === null) {
          // The end came while an earlier request was being answered: that answer still goes out.
          if (!this.hasEnded) return;
          this.#close();
          return exchange.clientGone();
        }
        this.#sinceMs = this.plane.nowMs();
        const end = exchange.requestBytes(bytes);
        if (end < bytes.length) this.#collector.push(bytes.subarray(end));
      } else {
        // Pipelined bytes wait for their turn; the next answer must not overtake this one.
        if ((this.#collector.pending?.length ?? 0) > this.plane.limits.readAheadBytes) this.socket.pause();
        return;
      }
    }
  }

  /** Returns false when there is nothing more to do until bytes come. */
  #readRequest(): boolean {
    const text = this.#collector.take();
    if (text === null) {
      if (this.hasEnded) this.#close();
      return false;
    }
    if (typeof text !== 'string') {
      this.refuse(text.status, text.reason);
      return false;
    }
    const head = readRequestHead(text, this.plane.limits, this.peer.isTrusted);
    if (head.refusal !== null) {
      this.refuse(head.refusal.status, head.refusal.reason);
      return false;
    }
    if (head.contentLength > this.plane.limits.bodyBytes) {
      this.refuse(413, 'request body too large');
      return false;
    }
    this.#sinceMs = this.plane.nowMs();
    this.#begin(head);
    return true;
  }

  /** Starts a request that was held. */
  release(head: RequestHead): void {
    this.#begin(head);
    if (this.#state !== 'exchange') return;
    this.#sinceMs = this.plane.nowMs();
    if (this.socket.isPaused()) this.socket.resume();
    this.#advance();
  }

  #begin(head: RequestHead): void {
    this.origin = this.peer.originOf(head);
    const decision = this.plane.route(this, head);
    switch (decision.kind) {
      case 'forward':
        this.#state = 'exchange';
        this.#exchange = new Exchange(this, head, decision);
        this.#exchange.start();
        return;
      case 'hold':
        this.#state = 'held';
        return;
      case 'answer':
        this.answer(decision.answer, head, false);
    }
  }

  answer(answer: OwnAnswer, head: RequestHead, isCut: boolean): void {
    const closes = isCut || head.hasBody || head.closes || head.minor === 0 || this.mustClose;
    this.write(renderAnswer(answer, head.accept, head.method === 'HEAD', closes));
    this.finished(closes);
  }

  get mustClose(): boolean {
    return this.plane.isDraining || (this.hasEnded && this.#collector.isEmpty);
  }

  refuse(status: number, reason: string): void {
    this.write(renderAnswer(refusedRequest(status, reason), '', false, true));
    this.#close();
  }

  finished(closes: boolean): void {
    if (this.#state === 'closed') return;
    this.#exchange = null;
    if (closes) return this.#close();
    this.#state = 'idle';
    this.#sinceMs = this.plane.nowMs();
    if (this.socket.isPaused()) this.socket.resume();
    if (!this.#collector.isEmpty || this.hasEnded) queueMicrotask(() => this.#state === 'idle' && this.#advance());
  }

  /** Returns false when the client should first read what was sent. */
  write(bytes: Buffer): boolean {
    const isFlowing = this.socket.write(bytes);
    if (!isFlowing && this.#writeBlockedMs === 0) this.#writeBlockedMs = this.plane.nowMs();
    return isFlowing;
  }

  pauseRequest(): void {
    this.socket.pause();
  }

  resumeRequest(): void {
    if (this.socket.isPaused()) this.socket.resume();
  }

  interim(head: ResponseHead): void {
    this.write(Buffer.from(`${head.statusLine}${head.kept}\r\n`, 'latin1'));
  }

  beginAnswer(request: RequestHead, head: ResponseHead, forward: Forward, slot: number): AnswerRelay {
    return new ResponseRelay(this, request, head, forward, slot);
  }

  upgrade(request: RequestHead, head: ResponseHead, connection: UpstreamConnection, early: Buffer): void {
    const upgrade = head.upgrade === '' ? request.upgrade : head.upgrade;
    this.write(
      Buffer.from(`${head.statusLine}${head.kept}connection: upgrade\r\nupgrade: ${upgrade}\r\n\r\n`, 'latin1'),
    );
    new Tunnel(this.plane, this, connection, upgrade).start(early);
  }

  becomeTunnel(tunnel: Tunnel): void {
    this.#exchange = null;
    this.#tunnel = tunnel;
    this.#state = 'tunnel';
    const early = this.#collector.takeAll();
    if (early !== null) tunnel.fromClient(early);
    if (this.socket.isPaused()) this.socket.resume();
  }

  #drained(): void {
    this.#writeBlockedMs = 0;
    this.#exchange?.clientDrained();
    this.#tunnel?.clientDrained();
  }

  #clientEnded(): void {
    this.hasEnded = true;
    if (this.#tunnel !== null) return this.#tunnel.clientEnded();
    if (this.#state === 'closing') return this.destroy();
    if (this.#state === 'idle') return this.#close();
    const isHalfClose =
      this.plane.nowMs() - this.#sinceMs <= this.plane.limits.halfCloseMs && this.#exchange?.wantsBody !== true;
    if (!isHalfClose) this.destroy();
  }

  /** Lets the client read our last answer: closing with unread bytes would reset the connection and destroy it. */
  #close(): void {
    if (this.#state === 'closed') return;
    this.#exchange = null;
    this.#state = 'closing';
    this.#sinceMs = this.plane.nowMs();
    this.#collector.takeAll();
    this.socket.end(() => {
      this.#writeBlockedMs = 0;
      this.#sinceMs = this.plane.nowMs();
    });
    if (this.hasEnded) {
      this.socket.destroySoon();
      return;
    }
    this.socket.resume();
    this.plane.wake();
  }

  #gone(): void {
    if (this.#state === 'closed') return;
    const isHeld = this.#state === 'held';
    this.#state = 'closed';
    const exchange = this.#exchange;
    const tunnel = this.#tunnel;
    this.#exchange = null;
    this.#tunnel = null;
    this.plane.forget(this);
    if (isHeld) this.plane.unhold(this);
    this.socket.destroy();
    exchange?.clientGone();
    tunnel?.clientGone();
  }

  destroy(): void {
    this.#gone();
  }

  /** The next answer closes: see `mustClose`. */
  drain(): void {}

  detach(): DetachedConnection | null {
    const { socket } = this;
    const isQuiet = this.isIdle && !this.hasEnded && !socket.isPaused() && !socket.destroyed;
    // TLS cannot move.
    if (!isQuiet || 'encrypted' in socket || socket.writableLength > 0 || socket.readableLength > 0) return null;
    if (stopReading(socket) === null) return null;
    this.#state = 'closed';
    this.plane.forget(this);
    for (const event of ['data', 'drain', 'end', 'error', 'close']) socket.removeAllListeners(event);
    return { socket, port: this.port, client: this.peer.named };
  }

  /** Looks at the clock; called a few times per second while the connection is open. */
  check(nowMs: number): void {
    const { limits } = this.plane;
    const quietMs = nowMs - this.#sinceMs;
    if (this.#writeBlockedMs > 0 && nowMs - this.#writeBlockedMs > limits.clientWriteStallMs) return this.destroy();
    switch (this.#state) {
      case 'idle':
        if (!this.#collector.isEmpty && quietMs > limits.requestHeadMs)
          this.refuse(408, 'the request head took too long');
        else if (this.#collector.isEmpty && quietMs > limits.clientIdleMs) this.#close();
        return;
      case 'exchange':
        if (this.#exchange?.wantsBody === true && quietMs > limits.requestBodyIdleMs && !this.socket.isPaused()) {
          return this.#exchange.refuseBody(408, 'the request body took too long');
        }
        return this.#exchange?.check(nowMs);
      case 'tunnel':
        return this.#tunnel?.check(nowMs);
      case 'closing':
        if (quietMs > limits.lingerMs && this.#writeBlockedMs === 0) this.destroy();
        return;
      case 'held':
      case 'closed':
        return;
    }
  }
}
