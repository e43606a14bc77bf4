import net from 'node:net';
import { once } from 'node:events';
import { readRequestsStrictly } from './strict-request-reader.ts';

/** What an instance says to a request for `/case`. */
export interface Script {
  readonly pieces: readonly Buffer[];
  readonly ends: boolean;
}

export const nextAnswer = 'the next answer';

/** An instance that answers `/case` by a script, piece by piece, and everything else properly. */
export class ScriptedUpstream {
  #script: Script = { pieces: [], ends: false };
  #markSaid: () => void = () => {};
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  private constructor() {
    this.#server = net.createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  static async start(): Promise<ScriptedUpstream> {
    const upstream = new ScriptedUpstream();
    upstream.#server.listen(0, '127.0.0.1');
    await once(upstream.#server, 'listening');
    return upstream;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Takes what to say next; the result is done when it has been said for the first time, or could not be. */
  prepare(script: Script): Promise<void> {
    this.#script = script;
    return new Promise((resolve) => (this.#markSaid = resolve));
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
      for (const { target } of reading.messages) {
        if (target === '/case') void this.#say(socket).then(this.#markSaid);
        else socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${nextAnswer.length}\r\n\r\n${nextAnswer}`);
      }
    });
  }

  async #say(socket: net.Socket): Promise<void> {
    const { pieces, ends } = this.#script;
    for (const piece of pieces) {
      if (!socket.writable) return;
      socket.write(piece);
      await turns(3);
    }
    if (ends) socket.end();
    await turns(10);
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

/** Lets all sockets of this process be read. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
