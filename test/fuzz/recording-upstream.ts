import net from 'node:net';
import { once } from 'node:events';
import { readRequestsStrictly } from './strict-request-reader.ts';
import type { StrictRequest } from './strict-request-reader.ts';

/** What a passage has brought to the instance. */
export interface Recording {
  /** Whole requests in the order in which they ended; the answer to each names its place here. */
  readonly requests: readonly StrictRequest[];
  /** What arrived and no strict server would take. */
  readonly malformed: readonly string[];
}

/** Field of an answer that says which request it answers. */
export const seenField = 'x-seen';

/** An instance that reads with no tolerance, notes what it was sent, and answers each request with its number. */
export class RecordingUpstream {
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #requests: StrictRequest[] = [];
  #malformed: string[] = [];

  private constructor() {
    this.#server = net.createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  static async start(): Promise<RecordingUpstream> {
    const upstream = new RecordingUpstream();
    upstream.#server.listen(0, '127.0.0.1');
    await once(upstream.#server, 'listening');
    return upstream;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  #serve(socket: net.Socket): void {
    this.#sockets.add(socket);
    let received = '';
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
      const reading = readRequestsStrictly(received);
      received = received.slice(reading.length);
      for (const request of reading.messages) socket.write(answerTo(request, this.#requests.push(request) - 1));
      if (reading.malformed === null) return;
      this.#malformed.push(reading.malformed);
      socket.destroy();
    });
  }

  /** What came since the last time. */
  take(): Recording {
    const recording = { requests: this.#requests, malformed: this.#malformed };
    this.#requests = [];
    this.#malformed = [];
    return recording;
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

function answerTo(request: StrictRequest, number: number): string {
  const body = `${number} ${request.method} ${request.target}`.slice(0, 100);
  const head = `HTTP/1.1 200 OK\r\n${seenField}: ${number}\r\ncontent-length: ${body.length}\r\n\r\n`;
  return request.method === 'HEAD' ? head : head + body;
}
