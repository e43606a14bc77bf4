import type { ClientConnection } from './client-connection.ts';
import type { DataPlane } from './data-plane.ts';
import { ExchangeCount } from './exchange-count.ts';
import { BodyReader } from './framing/body-reader.ts';
import type { RequestHead } from './framing/request-head.ts';
import { readResponseHead } from './framing/response-head.ts';
import type { ResponseHead } from './framing/response-head.ts';
import { refusedRequest } from './own-answers.ts';
import type { OwnAnswer } from './own-answers.ts';
import { upstreamRequestHead } from './request-head-text.ts';
import { RequestReplay } from './request-replay.ts';
import { ResponseRelay } from './response-relay.ts';
import type { Forward } from './routing/route-request.ts';
import type { InstanceRoute } from './routing/route-table.ts';
import { Tunnel } from './tunnel.ts';
import { badAnswer, upstreamFailures } from './upstream-failures.ts';
import { pickInstance } from './upstream/pick-instance.ts';
import type { UpstreamConnection, UpstreamUser } from './upstream/upstream-connection.ts';
import type { Upstream } from './upstream/upstream.ts';

type Phase = 'connecting' | 'sent' | 'answering' | 'done';

const endOfHead = Buffer.from('\r\n\r\n');
/** Methods that may be sent twice (RFC 9110 section 9.2.2). */
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

/** One request and its answer, from the choice of an instance to the last byte. */
export class Exchange implements UpstreamUser {
  readonly #plane: DataPlane;
  readonly #client: ClientConnection;
  readonly #head: RequestHead;
  readonly #forward: Forward;
  readonly #count: ExchangeCount;
  readonly #headText: string;
  readonly #body: BodyReader;
  readonly #isIdempotent: boolean;
  #phase: Phase = 'connecting';
  #instance: InstanceRoute | null = null;
  #connection: UpstreamConnection | null = null;
  #isReused = false;
  #hasRetried = false;
  #tried: Upstream[] = [];
  #lastFailure: OwnAnswer | null = null;
  readonly #replay: RequestReplay;
  /** The beginning of an answer's head that is not complete yet. */
  #partialHead: Buffer | null = null;
  #relay: ResponseRelay | null = null;
  /** Clock (ms) by which the next thing must have happened. */
  #deadlineMs = 0;

  constructor(plane: DataPlane, client: ClientConnection, head: RequestHead, forward: Forward) {
    this.#plane = plane;
    this.#client = client;
    this.#head = head;
    this.#forward = forward;
    this.#count = new ExchangeCount(forward, plane.nowMs());
    this.#headText = upstreamRequestHead(head, forward.bucket, client.address, plane);
    this.#body = head.chunked ? BodyReader.chunked() : BodyReader.ofLength(Math.max(0, head.contentLength));
    this.#replay = new RequestReplay(plane.limits.replayBytes);
    this.#isIdempotent = idempotent.has(head.method);
  }

  /** Is a part of the request body still to come? */
  get wantsBody(): boolean {
    return !this.#body.isDone && this.#phase !== 'done';
  }

  start(): void {
    this.#plane.wakeFast();
    this.#attempt(false);
  }

  #attempt(mustBeFresh: boolean): void {
    const nowMs = this.#plane.nowMs();
    const instance = pickInstance(this.#forward.service.instances, this.#tried, this.#plane.nextTurn(), nowMs);
    if (instance === null) return this.#fail(this.#lastFailure ?? upstreamFailures.noInstance);
    const { upstream } = instance;
    this.#instance = instance;
    upstream.active++;
    const maxIdleMs = this.#isIdempotent ? Number.POSITIVE_INFINITY : this.#plane.limits.recentlyUsedMs;
    this.#connection = mustBeFresh ? null : upstream.take(this, nowMs, maxIdleMs);
    this.#isReused = this.#connection !== null;
    if (this.#isReused) return this.#send();
    this.#phase = 'connecting';
    this.#deadlineMs = nowMs + this.#plane.limits.connectMs;
    this.#connection = upstream.connect(this);
  }

  upstreamConnected(): void {
    this.#instance?.upstream.noteConnected();
    this.#send();
  }

  #send(): void {
    this.#phase = 'sent';
    this.#deadlineMs = this.#plane.nowMs() + this.#plane.limits.responseHeadMs;
    const socket = this.#connection?.socket;
    if (socket === undefined) return;
    const chunks = this.#replay.chunks ?? [];
    if (chunks.length > 0) socket.cork();
    socket.write(this.#headText, 'latin1');
    for (const chunk of chunks) socket.write(chunk);
    if (chunks.length > 0) socket.uncork();
    if (this.#client.socket.isPaused()) this.#client.socket.resume();
  }

  /** Takes the next bytes of the request and returns the end of those that belong to its body. */
  requestBytes(bytes: Buffer): number {
    const end = this.#body.consume(bytes, 0, bytes.length);
    if (this.#body.problem !== null) {
      this.refuseBody(400, this.#body.problem);
      return bytes.length;
    }
    if (this.#body.chunkedPayloadBytes > this.#plane.limits.bodyBytes) {
      this.refuseBody(413, 'request body too large');
      return bytes.length;
    }
    this.#forwardBody(end === bytes.length ? bytes : bytes.subarray(0, end));
    return end;
  }

  #forwardBody(chunk: Buffer): void {
    const isConnecting = this.#phase === 'connecting';
    this.#replay.add(chunk, isConnecting);
    if (isConnecting) {
      if (this.#replay.isFull) this.#client.socket.pause();
      return;
    }
    if (this.#phase === 'sent') this.#deadlineMs = this.#plane.nowMs() + this.#plane.limits.responseHeadMs;
    if (this.#connection?.socket.write(chunk) === false) this.#client.socket.pause();
  }

  upstreamDrained(): void {
    if (this.#client.socket.isPaused()) this.#client.socket.resume();
  }

  clientDrained(): void {
    this.#connection?.socket.resume();
  }

  upstreamBytes(bytes: Buffer, length: number): void {
    if (this.#relay !== null) return this.#relayBytes(bytes, 0, length);
    if (this.#partialHead === null) return this.#readAnswer(bytes, length);
    const whole = Buffer.concat([this.#partialHead, bytes.subarray(0, length)]);
    this.#partialHead = null;
    this.#readAnswer(whole, whole.length);
  }

  #readAnswer(bytes: Buffer, length: number): void {
    let from = 0;
    for (;;) {
      const at = bytes.subarray(0, length).indexOf(endOfHead, from);
      if (at < 0 || at - from > this.#plane.limits.responseHeadBytes) {
        if (length - from > this.#plane.limits.responseHeadBytes) return this.#fail(badAnswer('its head is too large'));
        this.#partialHead = Buffer.from(bytes.subarray(from, length));
        return;
      }
      const head = readResponseHead(bytes.toString('latin1', from, at + 2), this.#plane.limits);
      if (head.problem !== null) return this.#fail(badAnswer(head.problem));
      from = at + 4;
      if (head.status === 101) return this.#upgrade(head, bytes, from, length);
      if (head.status >= 200) return this.#beginAnswer(head, bytes, from, length);
      this.#relayInterim(head);
    }
  }

  #relayInterim(head: ResponseHead): void {
    if (this.#head.minor === 0 || (head.status === 100 && !this.#head.expectsContinue)) return;
    this.#client.write(Buffer.from(`${head.statusLine}${head.kept}\r\n`, 'latin1'));
  }

  #beginAnswer(head: ResponseHead, bytes: Buffer, from: number, length: number): void {
    this.#phase = 'answering';
    this.#replay.forget();
    this.#relay = new ResponseRelay(this.#client, this.#head, head, this.#forward, this.#instance?.slot ?? 0);
    if (head.isEventStream) this.#count.finishByStatus(head.status);
    this.#relayBytes(bytes, from, length);
  }

  #relayBytes(bytes: Buffer, from: number, length: number): void {
    const relay = this.#relay;
    if (relay === null) return;
    const { limits } = this.#plane;
    this.#deadlineMs =
      this.#plane.nowMs() + (relay.head.isEventStream ? limits.streamIdleMs : limits.responseBodyIdleMs);
    const isFlowing = relay.relay(bytes, from, length);
    if (relay.problem !== null) return this.#truncated();
    if (relay.isDone) this.#complete(relay);
    else if (!isFlowing) this.#connection?.socket.pause();
  }

  #complete(relay: ResponseRelay): void {
    const connection = this.#leaveUpstream();
    const isSent = this.#body.isDone;
    if (connection !== null) {
      if (isSent && relay.isReusable)
        connection.upstream.release(connection, this.#plane.nowMs(), relay.head.keepAliveS);
      else connection.destroy();
    }
    this.#phase = 'done';
    this.#count.late(this.#plane.nowMs());
    this.#count.finishByStatus(relay.head.status);
    this.#client.finished(relay.closesClient || !isSent);
  }

  #upgrade(head: ResponseHead, bytes: Buffer, from: number, length: number): void {
    const connection = this.#connection;
    const instance = this.#instance;
    if (this.#head.upgrade === '' || connection === null || instance === null)
      return this.#fail(badAnswer('it switches protocols unasked'));
    this.#phase = 'done';
    this.#count.late(this.#plane.nowMs());
    this.#count.finishByStatus(101);
    const upgrade = head.upgrade === '' ? this.#head.upgrade : head.upgrade;
    this.#client.write(
      Buffer.from(`${head.statusLine}${head.kept}connection: upgrade\r\nupgrade: ${upgrade}\r\n\r\n`, 'latin1'),
    );
    // The address stays active until the tunnel ends.
    new Tunnel(this.#plane, this.#client, connection).start(Buffer.from(bytes.subarray(from, length)));
  }

  upstreamClosed(errorCode: string | null): void {
    const connection = this.#leaveUpstream();
    connection?.socket.destroy();
    const relay = this.#relay;
    if (relay !== null) {
      if (errorCode === null && relay.endsWithConnection) {
        relay.finish();
        return this.#complete(relay);
      }
      return this.#truncated();
    }
    if (this.#phase === 'connecting') return this.#connectFailed(connection, upstreamFailures.refused);
    if (
      this.#isReused &&
      this.#isIdempotent &&
      this.#replay.chunks !== null &&
      !this.#hasRetried &&
      this.#partialHead === null
    ) {
      this.#hasRetried = true;
      return this.#attempt(true);
    }
    this.#fail(upstreamFailures.reset);
  }

  /** Nothing was sent yet, so another instance can have the request. */
  #connectFailed(connection: UpstreamConnection | null, failure: OwnAnswer): void {
    connection?.upstream.noteRefused(this.#plane.nowMs());
    if (connection !== null) this.#tried.push(connection.upstream);
    this.#lastFailure = failure;
    this.#attempt(false);
  }

  /** Gives the address free and returns the connection, which then has no user any more. */
  #leaveUpstream(): UpstreamConnection | null {
    const connection = this.#connection;
    if (this.#instance !== null) this.#instance.upstream.active--;
    this.#instance = null;
    this.#connection = null;
    return connection;
  }

  /** The request's body cannot be used: the client hears why, the instance sees an aborted request. */
  refuseBody(status: number, reason: string): void {
    this.#end('clientError');
    if (this.#relay === null) this.#client.answer(refusedRequest(status, reason), this.#head, true);
    else this.#client.destroy();
  }

  #fail(answer: OwnAnswer): void {
    const isRead = this.#body.isDone;
    this.#end('failed');
    this.#client.answer(answer, this.#head, !isRead);
  }

  /** The answer broke off after it had begun: only a cut connection tells the client so. */
  #truncated(): void {
    this.#end('failed');
    this.#client.destroy();
  }

  clientGone(): void {
    if (this.#phase !== 'done') this.#end('clientGone');
  }

  #end(outcome: 'clientError' | 'failed' | 'clientGone'): void {
    this.#leaveUpstream()?.destroy();
    this.#phase = 'done';
    this.#count.late(this.#plane.nowMs());
    this.#count.finish(outcome);
  }

  check(nowMs: number): void {
    this.#count.late(nowMs);
    if (nowMs < this.#deadlineMs) return;
    if (this.#phase === 'connecting') {
      const connection = this.#leaveUpstream();
      connection?.destroy();
      return this.#connectFailed(connection, upstreamFailures.connectTimeout);
    }
    if (this.#phase === 'sent' && this.#body.isDone) {
      return this.#fail(upstreamFailures.answerTimeout);
    }
    if (this.#phase === 'answering' && this.#connection?.socket.isPaused() !== true) this.#truncated();
  }
}
