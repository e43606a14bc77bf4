import net from 'node:net';
import type { Upstream } from './upstream.ts';

/** Who is using an upstream connection right now. `bytes` is a shared buffer: what is kept must be copied before returning. */
export interface UpstreamUser {
  upstreamConnected(): void;
  upstreamBytes(bytes: Buffer, length: number): void;
  /** The upstream closed its side, or (with an error code) the connection broke. Called once. */
  upstreamClosed(errorCode: string | null): void;
  upstreamDrained(): void;
}

/** One connection to an instance. While `user` is null it is idle in its upstream's pool. */
export class UpstreamConnection {
  readonly upstream: Upstream;
  readonly socket: net.Socket;
  user: UpstreamUser | null;
  isDead = false;
  /** Clock (ms) at which it became idle, and until when it may be used again. */
  idleSinceMs = 0;
  usableUntilMs = Number.POSITIVE_INFINITY;

  constructor(upstream: Upstream, user: UpstreamUser, readBuffer: Buffer) {
    this.upstream = upstream;
    this.user = user;
    this.socket = net.connect({
      host: upstream.address.host,
      port: upstream.address.port,
      noDelay: true,
      allowHalfOpen: true,
      onread: { buffer: readBuffer, callback: (length) => this.#read(readBuffer, length) },
    });
    this.socket.on('connect', () => this.user?.upstreamConnected());
    this.socket.on('drain', () => this.user?.upstreamDrained());
    this.socket.on('end', () => this.#close(null));
    this.socket.on('error', (error) =>
      this.#close('code' in error && typeof error.code === 'string' ? error.code : 'error'),
    );
    this.socket.on('close', () => this.#close('closed'));
  }

  #read(bytes: Buffer, length: number): boolean {
    if (this.user === null) this.destroy();
    else this.user.upstreamBytes(bytes, length);
    return true;
  }

  #close(errorCode: string | null): void {
    if (this.isDead) return;
    this.isDead = true;
    this.upstream.forget(this);
    const user = this.user;
    this.user = null;
    if (user === null || errorCode !== null) this.socket.destroy();
    user?.upstreamClosed(errorCode);
  }

  /** Ends the connection without telling its user. */
  destroy(): void {
    this.user = null;
    if (!this.isDead) {
      this.isDead = true;
      this.upstream.forget(this);
    }
    this.socket.destroy();
  }
}
