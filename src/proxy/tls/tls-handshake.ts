import type net from 'node:net';
import type { Peer } from '../origin/peer.ts';
import type { PlaneConnection } from '../plane-connection.ts';

/** A connection whose TLS handshake is under way. */
export class TlsHandshake implements PlaneConnection {
  readonly isBusy = false;
  /** Nothing was asked yet. */
  readonly isIdle = true;
  readonly socket: net.Socket;
  readonly port: number;
  readonly peer: Peer;
  /** The clock (ms) by which it must be complete. */
  readonly untilMs: number;

  constructor(socket: net.Socket, port: number, peer: Peer, untilMs: number) {
    this.socket = socket;
    this.port = port;
    this.peer = peer;
    this.untilMs = untilMs;
  }

  check(nowMs: number): void {
    if (nowMs > this.untilMs) this.destroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  drain(): void {}

  detach(): null {
    return null;
  }
}
