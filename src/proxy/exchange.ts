import { AssetLookup } from './asset-lookup.ts';
import type { FoundAsset } from './asset-lookup.ts';
import { exchangeLine } from './access-log/access-log-line.ts';
import type { LoggedOutcome } from './access-log/access-log-line.ts';
import type { DataPlane } from './data-plane.ts';
import type { AnswerRelay, ExchangeClient } from './exchange-client.ts';
import { ExchangeCount } from './counting/exchange-count.ts';
import { BodyReader } from './framing/body-reader.ts';
import type { RequestHead } from './framing/request-head.ts';
import { readResponseHead } from './framing/response-head.ts';
import type { ResponseHead } from './framing/response-head.ts';
import { refusedRequest } from './own-answers.ts';
import type { OwnAnswer } from './own-answers.ts';
import { upstreamRequestHead } from './request-head-text.ts';
import { RequestReplay } from './request-replay.ts';
import type { Forward } from './routing/route-request.ts';
import type { InstanceRoute } from './routing/route-table.ts';
import { badAnswer, failureOf, upstreamFailures } from './upstream-failures.ts';
import { pickInstance } from './upstream/pick-instance.ts';
import type { UpstreamConnection, UpstreamUser } from './upstream/upstream-connection.ts';
import type { Upstream } from './upstream/upstream.ts';

type Phase = 'connecting' | 'sent' | 'answering' | 'done';

const endOfHead = Buffer.from('\r\n\r\n');
/** 1xx answers are passed on without waiting for the client to read, so there may not be any number of them. */
const maxInterimAnswers = 100;
/** Methods that may be sent twice (RFC 9110 section 9.2.2). */
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

/** One request and its answer, from the choice of an instance to the last byte. */
export class Exchange implements UpstreamUser {
  readonly #plane: DataPlane;
  readonly #client: ExchangeClient;
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
  #relay: AnswerRelay | null = null;
  #interimCount = 0;
  /** Others are asked for the file; this answer, 404, waits. */
  #lookup: AssetLookup | null = null;
  #hasLooked = false;
  /** Clock (ms) by which the next thing must have happened. */
  #deadlineMs = 0;
  /** For the access log. */
  readonly #startMs: number;
  #sentMs = 0;
  #answeredMs = 0;
  #bytes = 0;
  #slot = 0;

  constructor(client: ExchangeClient, head: RequestHead, forward: Forward) {
    const { plane } = client;
    this.#plane = plane;
    this.#client = client;
    this.#head = head;
    this.#forward = forward;
    this.#startMs = plane.nowMs();
    this.#count = new ExchangeCount(forward, this.#startMs);
    this.#headText = upstreamRequestHead(head, forward, client.origin, plane);
    this.#body = head.chunked ? BodyReader.chunked() : BodyReader.ofLength(Math.max(0, head.contentLength));
    this.#replay = new RequestReplay(plane.limits.replayBytes);
    this.#isIdempotent = idempotent.has(head.method);
  }

  /** Is a part of the request body still to come? */
  get wantsBody(): boolean {
    return !this.#body.isDone && this.#phase !== 'done';
  }

  /** Is its answer an event stream under way? Then a coarse clock will do. */
  get isStream(): boolean {
    return (this.#relay?.events ?? null) !== null;
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
    if (upstream.begin()) this.#count.excuse(this.#plane.limits.warmUpMs);
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
    this.#sentMs = this.#plane.nowMs();
    this.#deadlineMs = this.#sentMs + this.#plane.limits.responseHeadMs;
    const socket = this.#connection?.socket;
    if (socket === undefined) return;
    const chunks = this.#replay.chunks ?? [];
    if (chunks.length > 0) socket.cork();
    socket.write(this.#headText, 'latin1');
    for (const chunk of chunks) socket.write(chunk);
    if (chunks.length > 0) socket.uncork();
    this.#client.resumeRequest();
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
      if (this.#replay.isFull) this.#client.pauseRequest();
      return;
    }
    if (this.#phase === 'sent') this.#deadlineMs = this.#plane.nowMs() + this.#plane.limits.responseHeadMs;
    if (this.#connection?.socket.write(chunk) === false) this.#client.pauseRequest();
  }

  upstreamDrained(): void {
    this.#client.resumeRequest();
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
      if (++this.#interimCount > maxInterimAnswers) return this.#fail(badAnswer('too many interim answers'));
      this.#relayInterim(head);
    }
  }

  #relayInterim(head: ResponseHead): void {
    if (this.#head.minor === 0 || (head.status === 100 && !this.#head.expectsContinue)) return;
    this.#client.interim(head);
  }

  #beginAnswer(head: ResponseHead, bytes: Buffer, from: number, length: number): void {
    if (head.status === 404 && this.#forward.elsewhere.length > 0 && !this.#hasLooked)
      return this.#lookElsewhere(head, Buffer.from(bytes.subarray(from, length)));
    this.#phase = 'answering';
    this.#replay.forget();
    this.#relay = this.#client.beginAnswer(this.#head, head, this.#forward, this.#instance?.slot ?? 0);
    if (head.isEventStream) this.#count.finishWithHead(head.status, this.#plane.nowMs());
    if (this.isStream && this.#instance !== null) this.#instance.upstream.eventStreams++;
    this.#relayBytes(bytes, from, length);
  }

  /** The answer in hand waits, unread, until somebody else has the file or nobody does. */
  #lookElsewhere(head: ResponseHead, rest: Buffer): void {
    this.#hasLooked = true;
    this.#connection?.socket.pause();
    this.#lookup = new AssetLookup(this.#plane, this.#headText, this.#forward.elsewhere, (found) => {
      this.#lookup = null;
      if (found === null) this.#connection?.socket.resume();
      else this.#changeUpstream(found);
      const answer = found?.rest ?? rest;
      this.#beginAnswer(found?.head ?? head, answer, 0, answer.length);
    });
    this.#lookup.start();
  }

  #changeUpstream({ instance, connection }: FoundAsset): void {
    this.#leaveUpstream()?.destroy();
    this.#instance = instance;
    this.#connection = connection;
    connection.user = this;
  }

  #relayBytes(bytes: Buffer, from: number, length: number): void {
    const relay = this.#relay;
    if (relay === null) return;
    const { limits } = this.#plane;
    const nowMs = this.#plane.nowMs();
    if (this.#answeredMs === 0) this.#answeredMs = nowMs;
    this.#bytes += length - from;
    this.#deadlineMs = nowMs + (relay.head.isEventStream ? limits.streamIdleMs : limits.responseBodyIdleMs);
    const isFlowing = relay.relay(bytes, from, length);
    if (relay.problem !== null) return this.#truncated();
    if (relay.isDone) this.#complete(relay);
    else if (!isFlowing) this.#connection?.socket.pause();
  }

  #complete(relay: AnswerRelay): void {
    const connection = this.#leaveUpstream();
    const isSent = this.#body.isDone;
    const nowMs = this.#plane.nowMs();
    if (connection !== null) {
      if (isSent && relay.isReusable) connection.upstream.release(connection, nowMs, relay.head.keepAliveS);
      else connection.destroy();
    }
    this.#phase = 'done';
    this.#count.finishByStatus(relay.head.status, nowMs);
    this.#log('ok', relay.head.status, null, nowMs);
    // A stream that ends because the worker leaves could not announce that its connection does too.
    const isEnded = relay.events?.isOver === true && this.#plane.isDraining;
    this.#client.finished(relay.closesClient || !isSent || isEnded);
  }

  #upgrade(head: ResponseHead, bytes: Buffer, from: number, length: number): void {
    const connection = this.#connection;
    const instance = this.#instance;
    if (this.#head.upgrade === '' || connection === null || instance === null)
      return this.#fail(badAnswer('it switches protocols unasked'));
    const nowMs = this.#plane.nowMs();
    this.#phase = 'done';
    this.#slot = instance.slot;
    this.#answeredMs = nowMs;
    this.#count.finishWithHead(101, nowMs);
    this.#log('ok', 101, null, nowMs);
    // The address stays active until the tunnel ends.
    this.#client.upgrade(this.#head, head, connection, Buffer.from(bytes.subarray(from, length)));
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
    if (this.#lookup !== null) return this.#fail(upstreamFailures.reset);
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
    const upstream = this.#instance?.upstream;
    this.#slot = this.#instance?.slot ?? this.#slot;
    if (upstream !== undefined) upstream.active--;
    if (upstream !== undefined && this.isStream) upstream.eventStreams--;
    this.#instance = null;
    this.#connection = null;
    return connection;
  }

  /** The request's body cannot be used: the client hears why, the instance sees an aborted request. */
  refuseBody(status: number, reason: string): void {
    this.#end('clientError', this.#relay?.head.status ?? status, reason);
    if (this.#relay === null) this.#client.answer(refusedRequest(status, reason), this.#head, true);
    else this.#client.destroy();
  }

  #fail(failure: OwnAnswer): void {
    const isRead = this.#body.isDone;
    const answer = failureOf(failure, this.#forward);
    this.#end('failed', answer.status, answer.reason);
    this.#client.answer(answer, this.#head, !isRead);
  }

  /** The answer broke off after it had begun: only a cut connection tells the client so. */
  #truncated(): void {
    this.#end('failed', this.#relay?.head.status ?? 0, 'truncated');
    this.#client.destroy();
  }

  clientGone(): void {
    if (this.#phase !== 'done') this.#end('clientGone', this.#relay?.head.status ?? 0, null);
  }

  #end(outcome: 'clientError' | 'failed' | 'clientGone', status: number, reason: string | null): void {
    this.#lookup?.cancel();
    this.#lookup = null;
    this.#leaveUpstream()?.destroy();
    const nowMs = this.#plane.nowMs();
    this.#phase = 'done';
    this.#count.finish(outcome, nowMs);
    this.#log(outcome === 'clientError' ? 'refused' : outcome, status, reason, nowMs);
  }

  #log(outcome: LoggedOutcome, status: number, reason: string | null, nowMs: number): void {
    const { accessLog } = this.#plane;
    if (!accessLog.wants(status >= 500 || outcome === 'failed', nowMs)) return;
    const exchange = {
      ...{ forward: this.#forward, slot: this.#slot, headText: this.#headText, bytes: this.#bytes },
      ...{ startMs: this.#startMs, sentMs: this.#sentMs, answeredMs: this.#answeredMs },
    };
    accessLog.write(exchangeLine(this.#client, this.#head, exchange, { outcome, status, reason, nowMs }));
  }

  /** Ends an event stream whose time at its instance, or in this worker, is over. */
  #endStream(nowMs: number): boolean {
    const relay = this.#relay;
    const upstream = this.#instance?.upstream;
    if (upstream === undefined || relay === null || relay.events === null) return false;
    const overdueMs = this.#plane.streamOverdueMs(upstream, relay.events.turn, nowMs);
    const silentMs = nowMs - (this.#deadlineMs - this.#plane.limits.streamIdleMs);
    if (!relay.events.isTime(overdueMs, silentMs)) return false;
    relay.finish();
    this.#complete(relay);
    return true;
  }

  check(nowMs: number): void {
    this.#count.late(nowMs);
    if (this.isStream && this.#endStream(nowMs)) return;
    if (this.#lookup !== null) return this.#lookup.check(nowMs);
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
