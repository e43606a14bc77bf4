import http2 from 'node:http2';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type tls from 'node:tls';
import type { DataPlane } from '../data-plane.ts';
import type { ProxyLimits } from '../limits.ts';
import type { Peer } from '../origin/peer.ts';
import type { PlaneConnection } from '../plane-connection.ts';
import { Http2Stream } from './http2-stream.ts';
import { NuisanceGuard } from './nuisance-guard.ts';

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_REFUSED_STREAM, NGHTTP2_FLAG_END_STREAM } = http2.constants;

/** How long a worker that leaves waits for a moment without requests, in milliseconds. */
const quietWaitMs = 2_000;
/** For all bodies of a connection together; each stream has its own window besides. */
const connectionWindowBytes = 1024 * 1024;

/** Where a connection came in. */
export interface Http2Origin {
  readonly port: number;
  readonly peer: Peer;
  readonly serverName: string;
}

/** One HTTP/2 connection from a client; its streams are the requests. */
export class Http2Connection implements PlaneConnection {
  readonly plane: DataPlane;
  readonly port: number;
  readonly peer: Peer;
  readonly serverName: string;
  readonly #session: ServerHttp2Session;
  readonly #streams = new Set<Http2Stream>();
  readonly #guard: NuisanceGuard;
  /** Clock (ms) since which no request is open. */
  #idleSinceMs: number;
  /** Clock (ms) since which the worker leaves; infinity: it stays. */
  #leavingSinceMs = Number.POSITIVE_INFINITY;
  /** Clock (ms) of the last word; 0: not said. */
  #closedAtMs = 0;

  constructor(plane: DataPlane, socket: tls.TLSSocket, { port, peer, serverName }: Http2Origin) {
    this.plane = plane;
    this.port = port;
    this.peer = peer;
    this.serverName = serverName;
    this.#idleSinceMs = plane.nowMs();
    this.#guard = new NuisanceGuard(plane.limits.http2NuisanceBurst, plane.limits.http2NuisancePerS, this.#idleSinceMs);
    this.#session = http2.performServerHandshake(socket, sessionOptions(plane.limits));
    this.#session.on('stream', (stream, _headers, flags, raw) => this.#open(stream, flags, raw));
    this.#session.on('ping', () => this.#nuisance());
    this.#session.on('remoteSettings', () => this.#nuisance());
    this.#session.on('error', () => {});
    this.#session.on('close', () => this.plane.forget(this));
    this.#session.setLocalWindowSize(connectionWindowBytes);
  }

  get isIdle(): boolean {
    return this.#streams.size === 0;
  }

  get isBusy(): boolean {
    for (const stream of this.#streams) if (stream.isBusy) return true;
    return false;
  }

  #open(stream: ServerHttp2Stream, flags: number, raw: readonly string[]): void {
    // What was reset in the same breath is not even begun; it counts as a nuisance all the same.
    stream.on('error', () => {});
    if (stream.destroyed || stream.closed) return this.#nuisance();
    if (this.plane.isFull) {
      stream.close(NGHTTP2_REFUSED_STREAM);
      return;
    }
    const request = new Http2Stream(this, stream, (flags & NGHTTP2_FLAG_END_STREAM) === 0);
    this.#streams.add(request);
    this.plane.streams++;
    request.begin(raw);
  }

  /** A stream is over. `isBrokenOff`: by a reset of either side. */
  closed(stream: Http2Stream, isBrokenOff: boolean): void {
    if (!this.#streams.delete(stream)) return;
    this.plane.streams--;
    if (this.#streams.size === 0) this.#idleSinceMs = this.plane.nowMs();
    if (isBrokenOff) this.#nuisance();
  }

  /** Resets, pings and settings cost the client nothing: one that sends too many is sent away (CVE-2023-44487, CVE-2019-9512). */
  #nuisance(): void {
    if (this.#session.destroyed || this.#guard.take(this.plane.nowMs())) return;
    this.#session.destroy(new Error('too many resets, pings or settings'), NGHTTP2_ENHANCE_YOUR_CALM);
  }

  /**
   * Requests that are on their way when the connection is closed are not begun, and GOAWAY tells the client so: it may
   * repeat them elsewhere, whatever they are. Node.js cannot announce a GOAWAY beforehand, so a quiet moment is awaited.
   */
  drain(): void {
    this.#leavingSinceMs = this.plane.nowMs();
  }

  #close(nowMs: number): void {
    this.#closedAtMs = nowMs;
    this.#session.close();
  }

  destroy(): void {
    // Not only with the session's own end, which comes later: what was open is counted at once.
    for (const stream of this.#streams) stream.destroy();
    this.#session.destroy();
  }

  /** TLS cannot move. */
  detach(): null {
    return null;
  }

  check(nowMs: number): void {
    if (this.#session.destroyed) return;
    for (const stream of this.#streams) stream.check(nowMs);
    const { limits } = this.plane;
    const idleMs = this.isIdle ? nowMs - this.#idleSinceMs : 0;
    if (this.#closedAtMs > 0) {
      if (this.isIdle && nowMs - this.#closedAtMs > limits.lingerMs) this.destroy();
      return;
    }
    const leavingMs = nowMs - this.#leavingSinceMs;
    const isLeaving = leavingMs >= 0 && (this.isIdle || leavingMs > quietWaitMs);
    if (isLeaving || idleMs > limits.clientIdleMs) this.#close(nowMs);
  }
}

function sessionOptions(limits: ProxyLimits): http2.ServerSessionOptions {
  return {
    settings: {
      maxConcurrentStreams: limits.http2Streams,
      initialWindowSize: limits.http2StreamWindowBytes,
      // Twice of what is allowed, so that somewhat more can be answered 431; beyond it the stream is reset.
      maxHeaderListSize: limits.headBytes * 2,
    },
    maxHeaderListPairs: limits.fieldCount * 2,
    // Megabytes. All streams together may hold as much as their windows allow, both ways.
    maxSessionMemory: 64,
    maxSessionInvalidFrames: limits.http2NuisanceBurst,
    // An instance may repeat fields that HTTP says come once; that is not for us to judge.
    strictSingleValueFields: false,
  };
}
