import { ownCookiePrefix, revisionHeader } from '../core/routing-document.ts';
import type { ClientConnection } from './client-connection.ts';
import { BodyReader } from './framing/body-reader.ts';
import type { RequestHead } from './framing/request-head.ts';
import type { ResponseHead } from './framing/response-head.ts';
import type { Forward } from './routing/route-request.ts';

/** How the body goes to the client. */
type Framing =
  /** As it comes: by length, by chunks, or there is none. */
  | 'same'
  /** The end of the upstream connection ends it: sent in chunks, so that a cut can be told from the end. */
  | 'chunk'
  /** For a client that knows no chunks: the payload alone, ended by closing. */
  | 'plain';

/** Passes one answer on to the client, head and body, and knows when it is complete. */
export class ResponseRelay {
  readonly head: ResponseHead;
  readonly closesClient: boolean;
  /** More bytes came than the answer has. */
  #isOverlong = false;
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
    this.#framing = isBodyless
      ? 'same'
      : isOldClient && (head.chunked || isUntilEnd)
        ? 'plain'
        : isUntilEnd
          ? 'chunk'
          : 'same';
    if (isBodyless) this.#reader = BodyReader.ofLength(0);
    else if (head.chunked)
      this.#reader = BodyReader.chunked(this.#framing === 'plain' ? (bytes) => this.#write(Buffer.from(bytes)) : null);
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
    if (forward.newVisitor !== null)
      text += `set-cookie: ${ownCookiePrefix}v=${forward.newVisitor}; Path=/; HttpOnly; SameSite=Lax\r\n`;
    if (forward.isProbe)
      text += `${revisionHeader}: ${forward.service.revision} ${forward.service.service} ${slot}\r\n`;
    return `${text}\r\n`;
  }

  get isDone(): boolean {
    return this.#reader.isDone;
  }

  get problem(): string | null {
    return this.#reader.problem;
  }

  get endsWithConnection(): boolean {
    return this.#reader.endsWithConnection;
  }

  /** May the upstream connection carry another request? */
  get isReusable(): boolean {
    return !this.head.closes && !this.#isOverlong && !this.endsWithConnection;
  }

  /** Passes on the bytes in [from, to), which are copied. Returns false when the client should first read. */
  relay(bytes: Buffer, from: number, to: number): boolean {
    this.#isFlowing = true;
    if (this.#framing === 'plain') this.#flushHead();
    const end = this.#reader.consume(bytes, from, to);
    if (end < to) this.#isOverlong = true;
    if (this.#framing === 'same') this.#writeSame(bytes, from, end);
    else if (this.#framing === 'chunk') this.#writeChunk(bytes, from, end);
    else if (this.endsWithConnection && end > from) this.#write(Buffer.from(bytes.subarray(from, end)));
    return this.#isFlowing;
  }

  #writeSame(bytes: Buffer, from: number, to: number): void {
    const headLength = this.#headText.length;
    if (headLength === 0 && to === from) return;
    const { output } = this.#client.plane;
    const out = output.take(headLength + to - from);
    if (headLength > 0) {
      out.write(this.#headText, 0, 'latin1');
      this.#headText = '';
    }
    bytes.copy(out, headLength, from, to);
    this.#write(out);
    output.written(this.#client.socket);
  }

  #writeChunk(bytes: Buffer, from: number, to: number): void {
    if (to === from) return this.#flushHead();
    const start = Buffer.from(`${this.#headText}${(to - from).toString(16)}\r\n`, 'latin1');
    this.#headText = '';
    this.#write(Buffer.concat([start, bytes.subarray(from, to), Buffer.from('\r\n')]));
  }

  #flushHead(): void {
    if (this.#headText !== '') this.#write(Buffer.from(this.#headText, 'latin1'));
    this.#headText = '';
  }

  /** The upstream connection ended, and with it the body. */
  finish(): void {
    this.#flushHead();
    if (this.#framing === 'chunk') this.#write(Buffer.from('0\r\n\r\n'));
  }

  #write(bytes: Buffer): void {
    if (!this.#client.write(bytes)) this.#isFlowing = false;
  }
}
