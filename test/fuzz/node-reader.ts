import http from 'node:http';
import net from 'node:net';
import { once } from 'node:events';

/** A request as `node:http` reads it. */
export interface NodeRequest {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

export interface NodeReading {
  readonly requests: readonly NodeRequest[];
  /** Code of the error with which it refused the rest; null: it did not. */
  readonly refusal: string | null;
}

interface Notes {
  requests: NodeRequest[];
  refusal: string | null;
}

/** A server of `node:http` in strict mode that notes what it reads, and answers at once. */
export class NodeServer {
  readonly #server = http.createServer({ insecureHTTPParser: false, keepAliveTimeout: 100 });
  readonly #notes = new Map<number, Notes>();

  static async start(): Promise<NodeServer> {
    const reader = new NodeServer();
    const note = (message: http.IncomingMessage, response: http.ServerResponse) => reader.#note(message, response);
    reader.#server.on('request', note).on('checkContinue', note).on('checkExpectation', note);
    reader.#server.on('clientError', (error: Error, socket) => {
      const notes = 'remotePort' in socket ? reader.#notes.get(Number(socket.remotePort)) : undefined;
      if (notes !== undefined) notes.refusal ??= 'code' in error ? String(error.code) : error.message;
      socket.destroy();
    });
    reader.#server.listen(0, '127.0.0.1');
    await once(reader.#server, 'listening');
    return reader;
  }

  #note(message: http.IncomingMessage, response: http.ServerResponse): void {
    const parts: string[] = [];
    const notes = this.#notes.get(message.socket.remotePort ?? 0);
    message.setEncoding('latin1').on('data', (text: string) => parts.push(text));
    message.on('end', () => {
      const { method = '', url = '', rawHeaders } = message;
      const fields = pairs(rawHeaders).map(([name, value]) => [name.toLowerCase(), value] as const);
      notes?.requests.push({ method, target: url, fields, body: parts.join('') });
      response.end();
    });
  }

  /** Sends a stream in one piece and ends it. */
  async read(text: string): Promise<NodeReading> {
    const address = this.#server.address();
    const socket = net.connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    const port = socket.localPort ?? 0;
    const notes: Notes = { requests: [], refusal: null };
    this.#notes.set(port, notes);
    socket.resume();
    socket.end(Buffer.from(text, 'latin1'));
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    this.#notes.delete(port);
    return notes;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function pairs(list: readonly string[]): readonly (readonly [string, string])[] {
  return Array.from({ length: list.length / 2 }, (_, i) => [list[2 * i] ?? '', list[2 * i + 1] ?? '']);
}

/** An answer as the client of `node:http` reads it, or the code of the error with which it refuses it. */
export type NodeAnswer =
  | { readonly kind: 'read'; readonly status: number; readonly body: string }
  | { readonly kind: 'refused'; readonly code: string };

export function askWithNode(port: number, method: string, path: string): Promise<NodeAnswer> {
  return new Promise((resolve) => {
    const refuse = (error: Error) =>
      resolve({ kind: 'refused', code: 'code' in error ? String(error.code) : error.message });
    const options = { port, host: '127.0.0.1', method, path, agent: false, insecureHTTPParser: false, timeout: 5_000 };
    const request = http.request(options, (response) => {
      const parts: string[] = [];
      response.setEncoding('latin1').on('data', (text: string) => parts.push(text));
      response.on('error', refuse);
      response.on('end', () => resolve({ kind: 'read', status: response.statusCode ?? 0, body: parts.join('') }));
    });
    request.on('error', refuse);
    // A switch of protocols that nobody asked for ends it without a word.
    request.on('close', () => setImmediate(() => refuse(new Error('closed'))));
    request.on('timeout', () => request.destroy(new Error('timeout')));
    request.end();
  });
}
