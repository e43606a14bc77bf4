import type { ClientConnection } from '../client-connection.ts';
import type { DataPlane } from '../data-plane.ts';
import type { UpstreamConnection, UpstreamUser } from '../upstream/upstream-connection.ts';
import { WebSocketClosing } from './websocket-closing.ts';
import type { TunnelEnds } from './websocket-closing.ts';

/** How long an app may go on with a WebSocket whose client has ended its side, in milliseconds. */
const halfOpenMs = 5_000;

/**
 * An upgraded connection: bytes both ways, until one side ends. It stays with its instance until that has drained; then
 * a WebSocket is closed as its protocol wants it, and anything else is told by FIN that nothing more comes.
 */
export class Tunnel implements UpstreamUser, TunnelEnds {
  readonly #plane: DataPlane;
  readonly #client: ClientConnection;
  readonly #connection: UpstreamConnection;
  readonly #webSocket: WebSocketClosing | null;
  /** Its random place among those that are closed together. */
  readonly #turn = Math.random();
  #lastByteMs: number;
  /** Clock (ms) at which the client ended its side; infinite: it has not. */
  #clientEndedMs = Number.POSITIVE_INFINITY;
  /** The address does not count it any more. */
  #hasLeft = false;
  /** Clock (ms) at which both sides were told that nothing more comes; infinite: they were not. */
  #endedMs = Number.POSITIVE_INFINITY;

  /** `protocol`: what the connection was upgraded to. */
  constructor(plane: DataPlane, client: ClientConnection, connection: UpstreamConnection, protocol: string) {
    this.#plane = plane;
    this.#client = client;
    this.#connection = connection;
    this.#lastByteMs = plane.nowMs();
    this.#webSocket = protocol.toLowerCase() === 'websocket' ? new WebSocketClosing(this, plane.nowMs()) : null;
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
    if (this.#hasEnded) return;
    this.#lastByteMs = this.#plane.nowMs();
    if (this.#webSocket === null) this.toClient(bytes.subarray(0, length));
    else this.#webSocket.fromApp(bytes, length, this.#lastByteMs);
  }

  toClient(bytes: Buffer): void {
    if (!this.#client.write(Buffer.from(bytes))) this.#connection.socket.pause();
  }

  clientDrained(): void {
    this.#connection.socket.resume();
  }

  fromClient(bytes: Buffer): void {
    if (this.#hasEnded) return;
    this.#lastByteMs = this.#plane.nowMs();
    if (this.#webSocket === null) this.toApp(bytes);
    else this.#webSocket.fromClient(bytes, this.#lastByteMs);
  }

  toApp(bytes: Buffer): void {
    if (bytes.length > 0 && !this.#connection.socket.write(bytes)) this.#client.socket.pause();
  }

  upstreamDrained(): void {
    this.#client.socket.resume();
  }

  upstreamClosed(): void {
    this.#leave();
    this.#connection.socket.destroy();
    if (this.#hasEnded) return this.#closeIfDone();
    if (this.#webSocket?.appEnded(this.#plane.nowMs()) === true) return;
    this.#client.socket.destroySoon();
  }

  clientEnded(): void {
    if (this.#hasEnded) return this.#closeIfDone();
    this.#clientEndedMs = this.#plane.nowMs();
    this.#connection.socket.end();
  }

  clientGone(): void {
    this.#leave();
    this.#connection.destroy();
  }

  finishApp(): void {
    this.#connection.socket.end();
    // It may have stood still for the app's sake; from now on only its Close is waited for.
    this.#client.socket.resume();
  }

  get #hasEnded(): boolean {
    return this.#endedMs !== Number.POSITIVE_INFINITY;
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#endedMs = this.#plane.nowMs();
    this.#leave();
    this.#connection.socket.end();
    this.#client.socket.end();
    // Both may have stood still for the other's sake; now only their ends are waited for.
    this.#connection.socket.resume();
    this.#client.socket.resume();
    this.#closeIfDone();
  }

  /** Each side has said that it has no more either. */
  #closeIfDone(): void {
    if (this.#client.hasEnded && this.#connection.isDead) this.#client.socket.destroySoon();
  }

  #leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#connection.upstream.upgraded--;
    this.#connection.upstream.active--;
  }

  /** Looks at the clock. */
  check(nowMs: number): void {
    const { lingerMs, streamIdleMs } = this.#plane.limits;
    if (this.#hasEnded) {
      this.#plane.wakeFast();
      if (nowMs - this.#endedMs > lingerMs && this.#client.socket.writableFinished) this.#client.destroy();
      return;
    }
    if (nowMs - this.#lastByteMs > streamIdleMs) return this.#client.destroy();
    // A WebSocket has no use for half a connection, but an app may not notice that its client has gone.
    if (this.#webSocket !== null && nowMs - this.#clientEndedMs > halfOpenMs) return this.end();
    const overdueMs = this.#plane.streamOverdueMs(this.#connection.upstream, this.#turn, nowMs);
    if (this.#webSocket === null) return overdueMs < 0 ? undefined : this.end();
    if (this.#webSocket.hasBegun) this.#plane.wakeFast();
    this.#webSocket.check(nowMs, overdueMs);
  }
}
