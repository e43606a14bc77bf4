import { renameSync, rmSync } from 'node:fs';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { describeErrorCode, LotseError, toLotseError } from '../core/errors.ts';
import { BodyReader } from './framing/body-reader.ts';
import { HeadCollector } from './framing/head-collector.ts';
import { readRequestHead } from './framing/request-head.ts';
import type { RequestHead } from './framing/request-head.ts';
import { defaultLimits } from './limits.ts';
import { stateFiles } from './state-folder.ts';

const maxBodyBytes = 64 * 1024 * 1024;

/** What a control request gets: JSON, or text when it is a string. */
export type ControlHandler = (method: string, path: string, body: unknown) => Promise<unknown>;

/**
 * Serves the control protocol on a unix socket that only its owner may use, and which replaces one that is there at once:
 * callers find either. The server must not be closed: Node.js would remove a path that is another's by then. Own framing:
 * `node:http` would cost 14 MB. Gives back how to send callers away: each connection is closed once it waits for a call.
 */
export async function serveControl(path: string, handler: ControlHandler): Promise<() => void> {
  const temporary = join(dirname(path), stateFiles.nextSocket);
  rmSync(temporary, { force: true });
  const connections = new Set<ControlConnection>();
  let isLeaving = false;
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const connection = new ControlConnection(socket, handler);
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
    if (isLeaving) connection.leave();
  });
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(temporary, resolve);
    });
  } finally {
    process.umask(mask);
  }
  renameSync(temporary, path);
  return () => {
    isLeaving = true;
    for (const connection of connections) connection.leave();
  };
}

class ControlConnection {
  readonly #socket: net.Socket;
  readonly #handler: ControlHandler;
  readonly #collector = new HeadCollector(defaultLimits.headBytes);
  #head: RequestHead | null = null;
  #body: BodyReader | null = null;
  #parts: Buffer[] = [];
  #bytes = 0;
  #isBusy = false;
  #isLeaving = false;
  #isOver = false;

  constructor(socket: net.Socket, handler: ControlHandler) {
    this.#socket = socket;
    this.#handler = handler;
    socket.on('data', (bytes) => {
      this.#collector.push(bytes);
      this.#advance();
    });
    socket.on('end', () => !this.#isBusy && socket.end());
    socket.on('error', () => socket.destroy());
  }

  /** Answers what has begun, then closes. */
  leave(): void {
    this.#isLeaving = true;
    if (this.#isResting) this.#end();
  }

  /** Has no call begun here? */
  get #isResting(): boolean {
    return this.#head === null && !this.#isBusy && this.#collector.isEmpty;
  }

  /** What is said from now on is not heard: whoever says it makes the call again elsewhere. */
  #end(): void {
    this.#isOver = true;
    this.#socket.end();
  }

  #advance(): void {
    if (this.#isBusy || this.#isOver) return;
    if (this.#head === null && !this.#readHead()) return;
    const body = this.#body;
    const bytes = this.#collector.takeAll();
    if (bytes !== null && body !== null) {
      const end = body.consume(bytes, 0, bytes.length);
      this.#parts.push(bytes.subarray(0, end));
      this.#bytes += end;
      this.#collector.push(bytes.subarray(end));
    }
    if (body === null || this.#bytes > maxBodyBytes) return void this.#socket.destroy();
    if (body.isDone) void this.#answer();
  }

  #readHead(): boolean {
    const text = this.#collector.take();
    if (text === null) return false;
    const head = typeof text === 'string' ? readRequestHead(text, defaultLimits, true) : null;
    if (head === null || head.refusal !== null || head.chunked) {
      this.#write(400, { code: 'bad-input', message: head?.refusal?.reason ?? 'a body needs a Content-Length' }, true);
      return false;
    }
    this.#head = head;
    this.#body = BodyReader.ofLength(Math.max(0, head.contentLength));
    return true;
  }

  async #answer(): Promise<void> {
    const head = this.#head;
    if (head === null) return;
    this.#isBusy = true;
    const closes = () => head.closes || this.#isLeaving;
    try {
      const text = Buffer.concat(this.#parts).toString('utf8');
      const value = await this.#handler(head.method, head.target, parseBody(text));
      this.#write(200, value, closes());
    } catch (thrown) {
      const error = toLotseError(thrown);
      const { code, message, hint, retriable, details } = error;
      this.#write(describeErrorCode(code).status, { code, message, hint, retriable, details }, closes());
    }
    this.#head = null;
    this.#body = null;
    this.#parts = [];
    this.#bytes = 0;
    this.#isBusy = false;
    if (!this.#collector.isEmpty) this.#advance();
  }

  #write(status: number, value: unknown, closes: boolean): void {
    const isText = typeof value === 'string';
    const body = isText ? value : JSON.stringify(value ?? {});
    const type = isText ? 'text/plain; version=0.0.4' : status < 400 ? 'application/json' : 'application/problem+json';
    this.#socket.write(
      `HTTP/1.1 ${status} ${status < 400 ? 'OK' : 'Error'}\r\ncontent-type: ${type}\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\n${closes ? 'connection: close\r\n' : ''}\r\n${body}`,
    );
    if (closes) this.#end();
  }
}

function parseBody(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new LotseError('bad-input', 'the body is not JSON', { cause });
  }
}
