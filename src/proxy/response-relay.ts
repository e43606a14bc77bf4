import { addedFields } from './added-fields.ts';
import type { ClientConnection } from './client-connection.ts';
import type { AnswerRelay } from './exchange-client.ts';
import { EventStreamEnd } from './streams/event-stream-end.ts';
import { BodyReader } from './framing/body-reader.ts';
import type { RequestHead } from './framing/request-head.ts';
import type { ResponseHead } from './framing/response-head.ts';
import type { Forward } from './routing/route-request.ts';

/** How the body goes to the client. */
type Framing =
  /** As it comes: by length, by chunks, or there is none. */
  | 'same'
  /** In chunks of our own: the end of the upstream connection ends it, or we may have to end it ourselves. */
  | 'chunk'
  /** For a client that knows no chunks: the payload alone, ended by closing. */
  | 'plain';

/** Passes one answer on to an HTTP/1 client, head and body. */
export class ResponseRelay implements AnswerRelay {
  readonly head: ResponseHead;
  readonly events: EventStreamEnd | null;
  readonly closesClient: boolean;
  /** More bytes came than the answer has. */
  #isOverlong = false;
  #isFinished = false;
  readonly #client: ClientConnection;
  readonly #reader: BodyReader;
  readonly #framing: Framing;
  /** Head text that goes out with the first part of the body; empty once it has. */
  #headText: string;
  #isFlowing = true;

  constructor(client: ClientConnection, request: RequestHead, head: ResponseHead, forward: Forward, slot: number) {
    this.#client = client;
    this.head = head;
    const isBodyless = request.method === 'HEAD' || head.status === 204 || head.status === 304;
    const isOldClient = request.minor === 0;
    const isUntilEnd = !isBodyless && !head.chunked && head.contentLength < 0;
    const isEndless = !isBodyless && (head.chunked || isUntilEnd);
    this.events = head.isEventStream && isEndless ? EventStreamEnd.of(head) : null;
    if (isOldClient && isEndless) this.#framing = 'plain';
    else this.#framing = isUntilEnd || this.events !== null ? 'chunk' : 'same';
    if (isBodyless) this.#reader = BodyReader.ofLength(0);
    else if (head.chunked)
      this.#reader = BodyReader.chunked(this.#framing === 'same' ? null : (bytes) => this.#payload(bytes));
    else this.#reader = isUntilEnd ? BodyReader.untilEnd() : BodyReader.ofLength(head.contentLength);
    const persists = isOldClient ? request.keepsAlive && this.#framing === 'same' : !request.closes;
    this.closesClient = !persists || client.mustClose;
    this.#headText = this.#writeHead(isOldClient, forward, slot);
  }

  #writeHead(isOldClient: boolean, forward: Forward, slot: number): string {
    const { head } = this;
    let text = head.statusLine + head.kept;
    if (head.status !== 204) {
      if (head.contentLength >= 0) text += `content-length: ${head.contentLength}\r\n`;
      else if ((head.chunked && this.#framing === 'same') || this.#framing === 'chunk')
        text += 'transfer-encoding: chunked\r\n';
    }
    if (this.closesClient) text += 'connection: close\r\n';
    else if (isOldClient) text += 'connection: keep-alive\r\n';
    return `${text}${addedFields(forward, slot, this.#client.origin.isSecure, head)}\r\n`;
  }

  get isDone(): boolean {
    return this.#reader.isDone || this.#isFinished;
  }

  get problem(): string | null {
    return this.#reader.problem;
  }

  get endsWithConnection(): boolean {
    return this.#reader.endsWithConnection;
  }

  get isReusable(): boolean {
    return !this.head.closes && !this.#isOverlong && this.#reader.isDone;
  }

  relay(bytes: Buffer, from: number, to: number): boolean {
    this.#isFlowing = true;
    const end = this.#reader.consume(bytes, from, to);
    if (end < to) this.#isOverlong = true;
    if (this.#framing === 'same') this.#writeSame(bytes, from, end);
    else {
      if (this.endsWithConnection) this.#payload(bytes.subarray(from, end));
      this.#flushHead();
      if (this.#reader.isDone) this.finish();
    }
    return this.#isFlowing;
  }

  /** Payload without the upstream's framing. */
  #payload(bytes: Buffer): void {
    const length = this.events === null ? bytes.length : this.events.take(bytes);
    if (length > 0) {
      if (this.#framing === 'plain') this.#flushHead();
      if (this.#framing === 'plain') this.#write(Buffer.from(bytes.subarray(0, length)));
      else this.#writeChunk(bytes, length);
    }
    if (this.events?.isOver === true) this.finish();
  }

  #writeSame(bytes: Buffer, from: number, to: number): void {
    const headLength = this.#headText.length;
    if (headLength === 0 && to === from) return;
    const { output } = this.#client.plane;
    const out = output.take(this.#client.socket, headLength + to - from);
    if (headLength > 0) {
      out.write(this.#headText, 0, 'latin1');
      this.#headText = '';
    }
    bytes.copy(out, headLength, from, to);
    this.#write(out);
    output.written(this.#client.socket);
  }

  #writeChunk(bytes: Buffer, length: number): void {
    const start = Buffer.from(`${this.#headText}${length.toString(16)}\r\n`, 'latin1');
    this.#headText = '';
    this.#write(Buffer.concat([start, bytes.subarray(0, length), Buffer.from('\r\n')]));
  }

  #flushHead(): void {
    if (this.#headText !== '') this.#write(Buffer.from(this.#headText, 'latin1'));
    this.#headText = '';
  }

  finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#flushHead();
    if (this.#framing === 'chunk') this.#write(Buffer.from('0\r\n\r\n'));
  }

  #write(bytes: Buffer): void {
    if (!this.#client.write(bytes)) this.#isFlowing = false;
  }
}
