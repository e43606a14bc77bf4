import { rmSync } from 'node:fs';
import net from 'node:net';
import { describeErrorCode, LotseError, toLotseError } from '../core/errors.ts';
import { BodyReader } from './framing/body-reader.ts';
import { HeadCollector } from './framing/head-collector.ts';
import { readRequestHead } from './framing/request-head.ts';
import type { RequestHead } from './framing/request-head.ts';
import { defaultLimits } from './limits.ts';

const maxBodyBytes = 64 * 1024 * 1024;

/** What a control request gets: JSON, or text when it is a string. */
export type ControlHandler = (method: string, path: string, body: unknown) => Promise<unknown>;

/** Serves the control protocol on a unix socket that only its owner may use. Own framing: `node:http` would cost 14 MB. */
export async function serveControl(path: string, handler: ControlHandler): Promise<net.Server> {
  rmSync(path, { force: true });
  const server = net.createServer({ allowHalfOpen: true }, (socket) => void new ControlConnection(socket, handler));
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
  } finally {
    process.umask(mask);
  }
  return server;
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

  #advance(): void {
    if (this.#isBusy) return;
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
    try {
      const text = Buffer.concat(this.#parts).toString('utf8');
      this.#write(200, await this.#handler(head.method, head.target, parseBody(text)), head.closes);
    } catch (thrown) {
      const error = toLotseError(thrown);
      const { code, message, hint, retriable, details } = error;
      this.#write(describeErrorCode(code).status, { code, message, hint, retriable, details }, head.closes);
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
    const body = Buffer.from(isText ? value : JSON.stringify(value ?? {}));
    const type = isText ? 'text/plain; version=0.0.4' : status < 400 ? 'application/json' : 'application/problem+json';
    this.#socket.write(
      `HTTP/1.1 ${status} ${status < 400 ? 'OK' : 'Error'}\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n` +
        `${closes ? 'connection: close\r\n' : ''}\r\n`,
    );
    this.#socket.write(body);
    if (closes) this.#socket.end();
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
