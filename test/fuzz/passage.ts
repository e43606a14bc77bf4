import net from 'node:net';
import { once } from 'node:events';
import type { DataPlane } from '../../src/proxy/data-plane.ts';
import { document, environment, instance, revision, service } from '../../src/proxy/fixtures/documents.ts';
import { InProcessProxy } from '../../src/proxy/fixtures/in-process-proxy.ts';
import type { ProxyLimits } from '../../src/proxy/limits.ts';

/** What a client got for its bytes. */
export interface Passed {
  /** latin1. */
  readonly received: string;
  /** How it ended: by the proxy, with an error, or not within the time. */
  readonly end: 'closed' | 'reset' | 'hung';
}

export interface Passing {
  /** The client ends its sending side behind the last piece. */
  readonly halfCloses?: boolean;
  readonly withinMs?: number;
  /** Waited for before the last piece is sent. */
  readonly beforeLast?: () => Promise<unknown>;
}

/** A proxy worker's inside on real sockets, that sends bytes in pieces which the proxy really reads one by one. */
export class PassageWay {
  readonly #proxy: InProcessProxy;
  readonly #server: net.Server;
  /** The proxy's end of each connection, by the client's port. */
  readonly #accepted = new Map<number, net.Socket>();

  private constructor(limits: Partial<ProxyLimits>) {
    this.#proxy = new InProcessProxy(limits);
    this.#server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const port = socket.remotePort ?? 0;
      this.#accepted.set(port, socket);
      socket.on('close', () => this.#accepted.delete(port));
      this.plane.accept(socket, this.port);
    });
  }

  static async to(upstreamPort: number, limits: Partial<ProxyLimits> = {}): Promise<PassageWay> {
    const way = new PassageWay(limits);
    way.#server.listen(0, '127.0.0.1', 2048);
    await once(way.#server, 'listening');
    const { port } = way;
    way.#proxy.apply(document([environment([revision('one', [service([instance(upstreamPort)])])], { port })]));
    return way;
  }

  get plane(): DataPlane {
    return this.#proxy.plane;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Sends the pieces and waits until the proxy has closed the connection. */
  async pass(
    pieces: readonly Buffer[],
    { halfCloses = false, withinMs = 5_000, beforeLast }: Passing = {},
  ): Promise<Passed> {
    const socket = net.connect({ port: this.port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    let received = '';
    let end: Passed['end'] | null = null;
    const ended = new Promise<void>((resolve) => {
      const finish = (how: Passed['end']) => {
        end ??= how;
        // A reset leaves no port behind that waits for late packets.
        socket.resetAndDestroy();
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => finish('hung'), withinMs);
      socket.on('data', (bytes) => (received += bytes.toString('latin1')));
      socket.on('end', () => finish('closed'));
      socket.on('error', () => finish('reset'));
    });
    await Promise.race([once(socket, 'connect'), ended]);
    let sent = 0;
    for (const piece of pieces) {
      if (piece === pieces.at(-1)) await beforeLast?.();
      if (end !== null) break;
      socket.write(piece);
      sent += piece.length;
      if (piece !== pieces.at(-1)) await this.#untilRead(socket.localPort ?? 0, sent);
    }
    if (halfCloses && end === null) socket.end();
    await ended;
    return { received, end: end ?? 'hung' };
  }

  /** Until the proxy has read so many bytes of this client, or does not want to. */
  async #untilRead(port: number, bytes: number): Promise<void> {
    for (let i = 0; i < 50; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      const socket = this.#accepted.get(port);
      if (i > 2 && (socket === undefined || socket.isPaused())) return;
      if ((socket?.bytesRead ?? 0) >= bytes) return;
    }
  }

  stop(): void {
    this.#server.close();
    this.#proxy.stop();
  }
}
