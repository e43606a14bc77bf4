import type { ClientConnection } from './client-connection.ts';
import type { DataPlane } from './data-plane.ts';
import type { UpstreamConnection, UpstreamUser } from './upstream/upstream-connection.ts';

/** An upgraded connection: bytes both ways, until one side ends. It stays with its instance as long as that lives. */
export class Tunnel implements UpstreamUser {
  readonly #plane: DataPlane;
  readonly #client: ClientConnection;
  readonly #connection: UpstreamConnection;
  #lastByteMs: number;
  #isOver = false;

  constructor(plane: DataPlane, client: ClientConnection, connection: UpstreamConnection) {
    this.#plane = plane;
    this.#client = client;
    this.#connection = connection;
    this.#lastByteMs = plane.nowMs();
  }

  /** `early`: what the instance sent right behind its answer. */
  start(early: Buffer): void {
    this.#connection.user = this;
    this.#connection.upstream.upgraded++;
    this.#connection.socket.setKeepAlive(true, 60_000);
    this.#client.socket.setKeepAlive(true, 60_000);
    this.#client.becomeTunnel(this);
    if (early.length > 0) this.upstreamBytes(early, early.length);
  }

  upstreamConnected(): void {}

  upstreamBytes(bytes: Buffer, length: number): void {
    this.#lastByteMs = this.#plane.nowMs();
    if (!this.#client.write(Buffer.from(bytes.subarray(0, length)))) this.#connection.socket.pause();
  }

  clientDrained(): void {
    this.#connection.socket.resume();
  }

  fromClient(bytes: Buffer): void {
    this.#lastByteMs = this.#plane.nowMs();
    if (!this.#connection.socket.write(bytes)) this.#client.socket.pause();
  }

  upstreamDrained(): void {
    this.#client.socket.resume();
  }

  upstreamClosed(): void {
    this.#leave();
    this.#connection.socket.destroy();
    this.#client.socket.destroySoon();
  }

  clientEnded(): void {
    this.#connection.socket.end();
  }

  clientGone(): void {
    this.#leave();
    this.#connection.destroy();
  }

  #leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#connection.upstream.upgraded--;
    this.#connection.upstream.active--;
  }

  check(nowMs: number): void {
    if (nowMs - this.#lastByteMs > this.#plane.limits.streamIdleMs) this.#client.destroy();
  }
}
