import { constants } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import type { DataPlane } from '../data-plane.ts';
import { Exchange } from '../exchange.ts';
import type { AnswerRelay, ExchangeClient } from '../exchange-client.ts';
import type { RequestHead } from '../framing/request-head.ts';
import type { ResponseHead } from '../framing/response-head.ts';
import { answerParts, refusedRequest } from '../own-answers.ts';
import type { OwnAnswer } from '../own-answers.ts';
import type { RequestOrigin } from '../origin/request-origin.ts';
import type { RequestSource } from '../request-source.ts';
import type { Forward } from '../routing/route-request.ts';
import { fieldObject, fieldPairs } from './answer-fields.ts';
import { Http2AnswerRelay } from './http2-answer-relay.ts';
import type { AnswerStream } from './http2-answer-relay.ts';
import type { Http2Connection } from './http2-connection.ts';
import { chunkOf, lastChunk } from './http2-request-body.ts';
import { readHttp2Head } from './http2-request-head.ts';

const { NGHTTP2_NO_ERROR } = constants;

type State =
  | 'exchange'
  /** The environment is paused; the request waits. */
  | 'held'
  /** The answer is on its way out, whole. */
  | 'answered'
  | 'closed';

/** One HTTP/2 stream: one request and its answer. */
export class Http2Stream implements ExchangeClient, RequestSource, AnswerStream {
  readonly plane: DataPlane;
  readonly stream: ServerHttp2Stream;
  readonly port: number;
  readonly isHttp2 = true;
  readonly serverName: string;
  origin: RequestOrigin;
  readonly #connection: Http2Connection;
  readonly #hasBody: boolean;
  #state: State = 'answered';
  #exchange: Exchange | null = null;
  #isChunked = false;
  #trailers: readonly string[] = [];
  /** Clock (ms) of the last part of the body. */
  #sinceMs: number;
  #writeBlockedMs = 0;
  #unsentBytes = 0;

  constructor(connection: Http2Connection, stream: ServerHttp2Stream, hasBody: boolean) {
    this.#connection = connection;
    this.plane = connection.plane;
    this.port = connection.port;
    this.serverName = connection.serverName;
    this.origin = connection.peer.origin;
    this.stream = stream;
    this.#hasBody = hasBody;
    this.#sinceMs = this.plane.nowMs();
    stream.on('drain', () => this.#drained());
    stream.on('aborted', () => this.#gone());
    stream.on('error', () => this.#gone());
    stream.on('close', () => this.#closed());
  }

  get isBusy(): boolean {
    const isAsked = this.#exchange !== null && !this.#exchange.isStream;
    return isAsked || this.#state === 'held' || this.#writeBlockedMs > 0;
  }

  /** `raw`: the fields of the request, names and values in turn. */
  begin(raw: readonly string[]): void {
    const { limits } = this.plane;
    const head = readHttp2Head(raw, this.#hasBody, limits, this.#connection.peer.isTrusted);
    if (head.refusal !== null) {
      const { status, reason } = head.refusal;
      return this.answer(refusedRequest(status, reason), head, true);
    }
    if (head.contentLength > limits.bodyBytes)
      return this.answer(refusedRequest(413, 'request body too large'), head, true);
    this.#route(head);
  }

  #route(head: RequestHead): void {
    this.origin = this.#connection.peer.originOf(head);
    const decision = this.plane.route(this, head);
    switch (decision.kind) {
      case 'forward':
        return this.#forward(head, decision);
      case 'hold':
        this.#state = 'held';
        return;
      case 'answer':
        return this.answer(decision.answer, head, false);
    }
  }

  #forward(head: RequestHead, forward: Forward): void {
    this.#state = 'exchange';
    this.#sinceMs = this.plane.nowMs();
    this.#isChunked = head.chunked;
    this.#exchange = new Exchange(this, head, forward);
    this.#exchange.start();
    if (!this.#hasBody || this.stream.destroyed) return;
    this.stream.on('trailers', (_trailers, _flags, raw?: unknown) => this.#keepTrailers(raw));
    this.stream.on('data', (bytes: Buffer) => this.#receive(bytes));
    this.stream.on('end', () => this.#bodyEnded());
  }

  release(head: RequestHead): void {
    if (this.#state === 'held') this.#route(head);
  }

  #keepTrailers(raw: unknown): void {
    if (Array.isArray(raw)) this.#trailers = raw.map(String);
  }

  #receive(bytes: Buffer): void {
    const exchange = this.#exchange;
    if (exchange === null || bytes.length === 0) return;
    this.#sinceMs = this.plane.nowMs();
    const part = this.#isChunked ? chunkOf(bytes) : bytes;
    if (exchange.requestBytes(part) < part.length) this.destroy();
  }

  #bodyEnded(): void {
    // A stream that was reset ends as well; that is no end of the body.
    if (this.stream.aborted || this.stream.closed) return;
    const exchange = this.#exchange;
    if (exchange?.wantsBody !== true) return;
    if (this.#isChunked) exchange.requestBytes(lastChunk(this.#trailers));
    else this.destroy();
  }

  pauseRequest(): void {
    if (this.#hasBody) this.stream.pause();
  }

  resumeRequest(): void {
    if (this.#hasBody && this.stream.isPaused()) this.stream.resume();
  }

  interim(head: ResponseHead): void {
    if (this.stream.closed || this.stream.destroyed || this.stream.headersSent) return;
    this.stream.additionalHeaders({ ...fieldObject(head.kept), ':status': head.status });
  }

  beginAnswer(request: RequestHead, head: ResponseHead, forward: Forward, slot: number): AnswerRelay {
    return new Http2AnswerRelay(this, request, head, forward, slot);
  }

  /** No HTTP/2 request asks for another protocol: a field that would is refused. */
  upgrade(): void {
    this.destroy();
  }

  write(bytes: Buffer): boolean {
    if (this.stream.destroyed) return true;
    const isFlowing = this.stream.write(bytes);
    if (!isFlowing && this.#writeBlockedMs === 0) this.#writeBlockedMs = this.plane.nowMs();
    return isFlowing;
  }

  answer(answer: OwnAnswer, request: RequestHead, isCut: boolean): void {
    this.#send(answer, request.accept, request.method === 'HEAD');
    this.finished(isCut || this.#hasBody);
  }

  #send(answer: OwnAnswer, accept: string, isHead: boolean): void {
    const { stream } = this;
    if (stream.closed || stream.destroyed) return;
    const { fields, body } = answerParts(answer, accept);
    stream.respond(fieldPairs(fields, [':status', String(answer.status)]), { endStream: isHead });
    stream.end(isHead ? undefined : body);
  }

  /** `closes`: the rest of the request's body is of no use to anybody (RFC 9113 section 8.1). */
  finished(closes: boolean): void {
    if (this.#state === 'closed') return;
    this.#state = 'answered';
    this.#exchange = null;
    if (closes) this.stream.close(NGHTTP2_NO_ERROR);
    else if (this.#hasBody) this.stream.resume();
  }

  #drained(): void {
    this.#writeBlockedMs = 0;
    this.#exchange?.clientDrained();
  }

  /** Resets the stream. Not by `close`: that would send END_STREAM first, and the client would take what it has for whole. */
  destroy(): void {
    if (!this.stream.destroyed) this.stream.destroy(new Error('broken off'));
    this.#gone();
  }

  /** Nobody waits for the answer any more. */
  #gone(): void {
    if (this.#state === 'closed') return;
    const exchange = this.#exchange;
    if (this.#state === 'held') this.plane.unhold(this);
    this.#state = 'closed';
    this.#exchange = null;
    this.#writeBlockedMs = 0;
    exchange?.clientGone();
  }

  #closed(): void {
    this.#gone();
    this.#connection.closed(this, this.stream.rstCode !== NGHTTP2_NO_ERROR);
  }

  /** Looks at the clock; called a few times per second while the stream is open. */
  check(nowMs: number): void {
    const { limits } = this.plane;
    if (this.#isStalled(nowMs)) return this.destroy();
    const exchange = this.#exchange;
    if (exchange === null) return;
    const isSilent = exchange.wantsBody && nowMs - this.#sinceMs > limits.requestBodyIdleMs && !this.stream.isPaused();
    if (isSilent) exchange.refuseBody(408, 'the request body took too long');
    else exchange.check(nowMs);
  }

  /** Once the answer is complete nothing is said about its progress any more, so it is looked at. */
  #isStalled(nowMs: number): boolean {
    if (this.#writeBlockedMs === 0) return false;
    const unsentBytes = this.stream.writableLength;
    if (unsentBytes !== this.#unsentBytes) this.#writeBlockedMs = unsentBytes === 0 ? 0 : nowMs;
    this.#unsentBytes = unsentBytes;
    return this.#writeBlockedMs > 0 && nowMs - this.#writeBlockedMs > this.plane.limits.clientWriteStallMs;
  }
}
