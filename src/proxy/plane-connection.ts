import type net from 'node:net';

/** What a worker asks of each connection from a client, whatever is spoken on it. */
export interface PlaneConnection {
  /** Is a request open? Then the clock runs finely. */
  readonly isBusy: boolean;
  /** Does it only wait for a request? Then it may be closed without harm. */
  readonly isIdle: boolean;
  /** Looks at the clock; called a few times per second. */
  check(nowMs: number): void;
  /** Gives up the connection at once. */
  destroy(): void;
  /**
   * The worker leaves: the connection ends when what is open on it is done, and says so as its protocol allows (HTTP/1.1:
   * `connection: close` with the next answer, for which `DataPlane.isDraining` is looked at; HTTP/2: GOAWAY). It closes
   * no sooner for being idle: a request may be on its way. Called once.
   */
  drain(): void;
  /**
   * Leaves its client to another worker: from then on it reads nothing, writes nothing and has left the data plane. Null,
   * and everything as before, when that is impossible: a request or a part of one is here, an answer is still on its way
   * out, or the connection has state that cannot move (TLS).
   */
  detach(): DetachedConnection | null;
}

/** A connection on its way to another worker. Nothing reads from its socket; bytes that come wait in the kernel. */
export interface DetachedConnection extends ConnectionOrigin {
  readonly socket: net.Socket;
}

/** All that a worker knows about a connection which waits for a request. */
export interface ConnectionOrigin {
  readonly port: number;
  /** The client as its PROXY protocol header named it; null: it is who its socket says. */
  readonly client: { readonly address: string; readonly isSecure: boolean } | null;
}
