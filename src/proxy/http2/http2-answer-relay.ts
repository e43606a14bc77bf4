import type { ServerHttp2Stream } from 'node:http2';
import { addedFields } from '../added-fields.ts';
import { EventStreamEnd } from '../streams/event-stream-end.ts';
import type { AnswerRelay } from '../exchange-client.ts';
import { BodyReader } from '../framing/body-reader.ts';
import type { RequestHead } from '../framing/request-head.ts';
import type { ResponseHead } from '../framing/response-head.ts';
import type { Forward } from '../routing/route-request.ts';
import { fieldObject, fieldPairs } from './answer-fields.ts';

/** Where the answer goes. */
export interface AnswerStream {
  readonly stream: ServerHttp2Stream;
  /** Sends a part of the body. Returns false when the client should first read. */
  write(bytes: Buffer): boolean;
}

/** Passes one answer on to an HTTP/2 stream: HTTP/1 framing comes off, HEADERS, DATA and trailers go out. */
export class Http2AnswerRelay implements AnswerRelay {
  readonly head: ResponseHead;
  readonly events: EventStreamEnd | null;
  /** A stream never takes its connection with it. */
  readonly closesClient = false;
  readonly #to: AnswerStream;
  readonly #reader: BodyReader;
  readonly #isBodyless: boolean;
  /** Payload of the piece that is being relayed. */
  #parts: Buffer[] = [];
  #fields: readonly string[] | null;
  readonly #hasTrailers: boolean;
  #problem: string | null = null;
  #isOverlong = false;
  #isFinished = false;

  constructor(to: AnswerStream, request: RequestHead, head: ResponseHead, forward: Forward, slot: number) {
    this.#to = to;
    this.head = head;
    const hasNone = request.method === 'HEAD' || head.status === 204 || head.status === 304;
    const isEndless = !hasNone && (head.chunked || head.contentLength < 0);
    this.events = head.isEventStream && isEndless ? EventStreamEnd.of(head) : null;
    this.#isBodyless = hasNone || head.status === 205;
    // Trailers that were not announced are dropped (RFC 9110 section 6.5.1 allows it): most chunked answers have none.
    this.#hasTrailers = isEndless && head.chunked && this.events === null && /^trailer:/im.test(head.kept);
    if (hasNone) this.#reader = BodyReader.ofLength(0);
    else if (head.chunked) this.#reader = BodyReader.chunked((bytes) => this.#payload(bytes));
    else this.#reader = isEndless ? BodyReader.untilEnd() : BodyReader.ofLength(head.contentLength);
    this.#fields = this.#writeHead(addedFields(forward, slot, true, head));
  }

  #writeHead(added: string): readonly string[] {
    const { head } = this;
    const pairs = fieldPairs(head.kept, [':status', String(head.status)]);
    if (head.contentLength >= 0 && head.status !== 204) pairs.push('content-length', String(head.contentLength));
    return added === '' ? pairs : fieldPairs(added, pairs);
  }

  get isDone(): boolean {
    return this.#reader.isDone || this.#isFinished;
  }

  get problem(): string | null {
    return this.#problem ?? this.#reader.problem;
  }

  get endsWithConnection(): boolean {
    return this.#reader.endsWithConnection;
  }

  get isReusable(): boolean {
    return !this.head.closes && !this.#isOverlong && this.#reader.isDone && !this.endsWithConnection;
  }

  relay(bytes: Buffer, from: number, to: number): boolean {
    const end = this.#reader.consume(bytes, from, to);
    if (end < to) this.#isOverlong = true;
    if (!this.head.chunked && end > from) this.#payload(bytes.subarray(from, end));
    if (this.problem !== null || this.#to.stream.destroyed) return true;
    this.#begin();
    if (this.#problem !== null) return true;
    const isFlowing = this.#send();
    if (this.#reader.isDone) this.finish();
    return isFlowing;
  }

  /** `bytes` is a view into a shared buffer, and what HTTP/2 sends it sends later. */
  #payload(bytes: Buffer): void {
    const length = this.events === null ? bytes.length : this.events.take(bytes);
    if (length > 0 && !this.#isBodyless) this.#parts.push(Buffer.from(bytes.subarray(0, length)));
    if (this.events?.isOver === true) this.finish();
  }

  #begin(): void {
    if (this.#fields === null) return;
    const endStream = this.#isBodyless;
    const options = { endStream, sendDate: false, waitForTrailers: this.#hasTrailers };
    const { stream } = this.#to;
    if (this.#hasTrailers) stream.once('wantTrailers', () => stream.sendTrailers(fieldObject(this.#reader.trailers)));
    try {
      stream.respond(this.#fields, options);
    } catch (error) {
      // What an instance says may be more than HTTP/2 can carry.
      this.#problem = error instanceof Error ? error.message : String(error);
    }
    this.#fields = null;
  }

  #send(): boolean {
    const [first] = this.#parts;
    if (first === undefined) return true;
    const bytes = this.#parts.length === 1 ? first : Buffer.concat(this.#parts);
    this.#parts = [];
    return this.#to.write(bytes);
  }

  finish(): void {
    if (this.#isFinished || this.#to.stream.destroyed) return;
    this.#isFinished = true;
    this.#begin();
    this.#send();
    this.#to.stream.end();
  }
}
