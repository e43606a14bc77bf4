import type net from 'node:net';
import { randomBytes } from 'node:crypto';
import type { AddressStatus, RoutedCertificate, RoutingDocument } from '../core/routing-document.ts';
import { AccessLog } from './access-log/access-log.ts';
import type { LogReport } from './access-log/access-log.ts';
import { ownAnswerLine } from './access-log/access-log-line.ts';
import { ClientConnection } from './client-connection.ts';
import type { RequestHead } from './framing/request-head.ts';
import { HeldRequests } from './held-requests.ts';
import type { ProxyLimits } from './limits.ts';
import { OutputBuffer } from './output-buffer.ts';
import { ownAnswer, renderAnswer } from './own-answers.ts';
import type { OwnAnswer } from './own-answers.ts';
import type { ConnectionOrigin, DetachedConnection, PlaneConnection } from './plane-connection.ts';
import { Peer } from './origin/peer.ts';
import { ProxyHeaderWait } from './origin/proxy-header-wait.ts';
import type { RequestSource } from './request-source.ts';
import { routeRequest } from './routing/route-request.ts';
import type { Decision } from './routing/route-request.ts';
import { compileRoutes, emptyTable } from './routing/route-table.ts';
import type { RouteTable } from './routing/route-table.ts';
import { TrafficCounters } from './counting/traffic-counters.ts';
import type { EpochReport } from './counting/traffic-counters.ts';
import { drainWithin, StreamBudget } from './streams/stream-budget.ts';
import type { Upstream } from './upstream/upstream.ts';
import { Upstreams } from './upstream/upstreams.ts';

const fastTickMs = 100;
const slowTickMs = 1000;
/** Held requests that are routed again before the event loop goes round. */
const releasedAtOnce = 64;
const defaultGraceMs = 30_000;

/** What serves TLS: `TlsFront`, which is not loaded where no document asks for it. */
export interface SecureFront {
  apply(certificates: readonly RoutedCertificate[]): void;
  accept(socket: net.Socket, port: number, peer: Peer): void;
}

export interface DataPlaneStatus {
  readonly pid: number;
  readonly connections: number;
  readonly heldRequests: number;
  /** TLS handshakes that came to nothing, since this worker started. */
  readonly failedHandshakes: number;
  readonly addresses: readonly AddressStatus[];
}

/** Everything inside one proxy worker: its connections, routes, upstreams, counters, and one clock for all of them. */
export class DataPlane {
  readonly limits: ProxyLimits;
  readonly output = new OutputBuffer();
  isDraining = false;
  /** Requests open on HTTP/2 connections. */
  streams = 0;
  failedHandshakes = 0;
  readonly accessLog: AccessLog;
  #secureFront: SecureFront | null = null;
  #table: RouteTable = emptyTable;
  readonly #upstreams: Upstreams;
  readonly #counters: TrafficCounters;
  readonly #connections = new Set<PlaneConnection>();
  readonly #held = new HeldRequests();
  /** Held requests are bounded per proxy: each worker holds its part. */
  #workerCount = 1;
  readonly #idPrefix = randomBytes(6).toString('hex');
  #requestNumber = 0;
  #turn = 0;
  /** Of this worker, when it leaves. */
  readonly #streams = new StreamBudget();
  #timer: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;
  #release: NodeJS.Immediate | null = null;
  #timerMs = 0;

  constructor(
    limits: ProxyLimits,
    onFinalEpoch: (report: EpochReport) => void,
    onLogged: (report: LogReport) => void = () => {},
  ) {
    this.limits = limits;
    this.accessLog = new AccessLog(onLogged);
    this.#upstreams = new Upstreams(limits);
    this.#counters = new TrafficCounters(limits.epochLingerMs, onFinalEpoch);
  }

  /** Monotonic clock in milliseconds. */
  nowMs(): number {
    return performance.now();
  }

  nextTurn(): number {
    this.#turn = (this.#turn + 1) & 0x3fffffff;
    return this.#turn;
  }

  nextRequestId(): string {
    return `${this.#idPrefix}-${(++this.#requestNumber).toString(36)}`;
  }

  /** Takes a new document into force at once. Requests in flight end where they are; held ones are routed again. */
  apply(document: RoutingDocument, workerCount: number, parts: Readonly<Record<string, number>>): void {
    const nowMs = this.nowMs();
    this.#counters.setParts(parts);
    this.#workerCount = workerCount;
    this.#upstreams.divideBy(workerCount);
    this.accessLog.sample(document.accessLogPermille);
    this.#table = compileRoutes(document, this.#upstreams, this.#counters, nowMs);
    this.#counters.keepOnly(this.#table.scopes, nowMs);
    this.#upstreams.setNamed(this.#table.named, nowMs);
    this.#secureFront?.apply(document.tls?.certificates ?? []);
    this.#held.endHold();
    this.#releaseHeld();
    // Streams may have got less time than until the next slow look.
    this.wakeFast();
  }

  /**
   * A few at a time, so that the first are answered while the last still wait, and connections to instances can be used
   * again instead of thousands being opened at once.
   */
  #releaseHeld(): void {
    const due = this.#held.takeDue(releasedAtOnce);
    for (const held of due) held.client.release(held.head);
    if (due.length < releasedAtOnce || this.#release !== null) return;
    this.#release = setImmediate(() => {
      this.#release = null;
      this.#releaseHeld();
    });
  }

  /** What takes connections of TLS ports; needed before the first document that has one. */
  secureBy(front: SecureFront): void {
    this.#secureFront = front;
  }

  get isSecured(): boolean {
    return this.#secureFront !== null;
  }

  accept(socket: net.Socket, port: number): void {
    if (this.isFull) return this.#isSecure(port) ? void socket.destroy() : refuseConnection(socket);
    this.wake();
    const route = this.#table.ports.get(port);
    const address = addressOf(socket);
    if (route?.kind === 'pinned' || route?.kind === 'internal') {
      const isInside = route.network?.has(address) ?? true;
      return isInside ? this.#open(socket, port, Peer.service(address)) : void socket.destroy();
    }
    // An environment's own port is what its verification asks from this machine: no proxy sends to that one.
    if (route?.kind !== 'front' || this.#table.trusted.protocolOf(address) !== 'proxy-v2')
      return this.#welcome(socket, port, null);
    const wait = new ProxyHeaderWait(socket, this.nowMs() + this.limits.proxyHeaderMs, (header) => {
      this.#connections.delete(wait);
      if (header !== null) this.#welcome(socket, port, header.client ?? { address, isSecure: false });
    });
    this.#connections.add(wait);
  }

  #welcome(socket: net.Socket, port: number, named: ConnectionOrigin['client']): void {
    this.#open(socket, port, Peer.client(addressOf(socket), named, this.#table.trusted));
  }

  /** `socket` may be paused: nothing was taken of the bytes that are the client's own. */
  #open(socket: net.Socket, port: number, peer: Peer): void {
    if (!this.#isSecure(port)) this.admit(new ClientConnection(this, socket, port, peer));
    else if (this.#secureFront === null) socket.destroy();
    else this.#secureFront.accept(socket, port, peer);
  }

  #isSecure(port: number): boolean {
    const route = this.#table.ports.get(port);
    return route?.kind === 'front' && route.isSecure;
  }

  /** Looks after a connection until it is forgotten. */
  admit(connection: PlaneConnection): void {
    this.#connections.add(connection);
    if (this.isDraining) connection.drain();
    this.wake();
  }

  forget(connection: PlaneConnection): void {
    this.#connections.delete(connection);
  }

  /** The client of a held request has gone. */
  unhold(source: RequestSource): void {
    this.#held.remove(source);
  }

  route(client: RequestSource, head: RequestHead): Decision {
    const decision = routeRequest(this.#table, client, head);
    if (decision.kind === 'answer') this.#logOwn(client, head, decision.answer);
    if (decision.kind !== 'hold') return decision;
    const bounds = { maxHeld: Math.ceil(decision.maxHeld / this.#workerCount), maxHoldMs: decision.maxHoldMs };
    this.wakeFast();
    if (this.#held.add(decision.environment.scope, client, head, bounds, this.nowMs())) return decision;
    this.#logOwn(client, head, stillPaused);
    return { kind: 'answer', answer: stillPaused };
  }

  /** What is answered here goes to no instance, and is shown all the same. */
  #logOwn(client: RequestSource, head: RequestHead, { status, reason }: OwnAnswer): void {
    if (this.accessLog.wants(status >= 500, this.nowMs()))
      this.accessLog.write(ownAnswerLine(client, head, status, reason));
  }

  setUnhealthy(addressKeys: readonly string[]): void {
    this.#upstreams.setUnhealthy(new Set(addressKeys));
  }

  status(): DataPlaneStatus {
    return {
      pid: process.pid,
      connections: this.#connections.size,
      failedHandshakes: this.failedHandshakes,
      heldRequests: this.#held.count,
      addresses: this.#upstreams.status(this.nowMs()),
    };
  }

  counters(): readonly EpochReport[] {
    this.#counters.checkLinger(this.nowMs());
    return this.#counters.report();
  }

  /**
   * The worker leaves: from now on connections end when what is open on them is done. WebSockets and event streams stay
   * until shortly before `graceMs` are over. Called again, its time begins anew.
   */
  drain(graceMs = defaultGraceMs): void {
    this.#streams.clear();
    this.#streams.begin(this.nowMs(), drainWithin(graceMs));
    this.wakeFast();
    if (this.isDraining) return;
    this.isDraining = true;
    for (const connection of this.#connections) connection.drain();
  }

  /**
   * For how long a WebSocket or event stream at this address should have been closed, in milliseconds; below 0: so long
   * it may stay. `turn`: from 0 to 1, its own random place among those that are closed together.
   */
  streamOverdueMs(upstream: Upstream, turn: number, nowMs: number): number {
    const overdueMs = Math.max(upstream.streams.overdueMs(turn, nowMs), this.#streams.overdueMs(turn, nowMs));
    if (overdueMs > -slowTickMs) this.wakeFast();
    return overdueMs;
  }

  /** Leaves at most `count` connections that only wait for a request to another worker, which takes them by `adopt`. */
  detachIdle(count: number): readonly DetachedConnection[] {
    const detached: DetachedConnection[] = [];
    for (const connection of this.#connections) {
      if (detached.length === count) break;
      const left = connection.isIdle ? connection.detach() : null;
      if (left !== null) detached.push(left);
    }
    return detached;
  }

  /** Goes on with a connection that another worker has detached, or this one itself. */
  adopt({ socket, port, client }: DetachedConnection): void {
    if (client === null) return this.accept(socket, port);
    this.wake();
    this.#welcome(socket, port, client);
  }

  /** Closes connections that wait for a request. */
  closeIdle(): void {
    for (const connection of this.#connections) if (connection.isIdle) connection.destroy();
  }

  /** An HTTP/2 stream takes as much as a connection of HTTP/1.1. */
  get isFull(): boolean {
    return this.#connections.size + this.streams >= this.limits.connections;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Ends every connection and all counting, for a worker that leaves. */
  destroy(): void {
    for (const connection of this.#connections) connection.destroy();
    this.#counters.endAll(this.nowMs());
    if (this.#release !== null) clearImmediate(this.#release);
    this.#stopTimer();
  }

  /** Makes sure that the clock runs while anything is open. */
  wake(): void {
    if (this.#timer === null) this.#startTimer(slowTickMs);
  }

  /** The same, finely, while a request is open. */
  wakeFast(): void {
    if (this.#timer !== null && this.#timerMs === fastTickMs) return;
    this.#stopTimer();
    this.#startTimer(fastTickMs);
  }

  #startTimer(afterMs: number): void {
    this.#timerMs = afterMs;
    // What has come by now is read first, so that a late look does not take it for silence.
    const look = () => (this.#immediate = setImmediate(() => this.#tick()));
    this.#timer = setTimeout(look, afterMs);
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#timer = null;
    this.#immediate = null;
  }

  #tick(): void {
    const nowMs = this.nowMs();
    this.#stopTimer();
    let isBusy = false;
    for (const connection of this.#connections) {
      connection.check(nowMs);
      if (connection.isBusy) isBusy = true;
    }
    for (const held of this.#held.takeExpired(nowMs)) {
      this.#logOwn(held.client, held.head, stillPaused);
      held.client.answer(stillPaused, held.head, false);
    }
    const hasIdle = this.#upstreams.prune(nowMs);
    const hasEnded = this.#counters.checkLinger(nowMs);
    if (isBusy) this.wakeFast();
    else if (this.#connections.size > 0 || hasIdle || hasEnded) this.wake();
  }
}

const stillPaused = ownAnswer(503, 'paused', 'One moment', 'The application is being exchanged. Please try again.', 2);

function addressOf(socket: net.Socket): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
}

function refuseConnection(socket: net.Socket): void {
  socket.on('error', () => socket.destroy());
  socket.end(
    renderAnswer(
      ownAnswer(503, 'too-many-connections', 'Service Unavailable', 'Too many connections.', 1),
      '',
      false,
      true,
    ),
  );
  socket.destroySoon();
}
