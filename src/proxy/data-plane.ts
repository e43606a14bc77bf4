import type net from 'node:net';
import { randomBytes } from 'node:crypto';
import type { AddressStatus, RoutingDocument } from '../core/routing-document.ts';
import { ClientConnection } from './client-connection.ts';
import type { RequestHead } from './framing/request-head.ts';
import { HeldRequests } from './held-requests.ts';
import type { ProxyLimits } from './limits.ts';
import { OutputBuffer } from './output-buffer.ts';
import { ownAnswer, renderAnswer } from './own-answers.ts';
import { routeRequest } from './routing/route-request.ts';
import type { Decision } from './routing/route-request.ts';
import { compileRoutes, emptyTable } from './routing/route-table.ts';
import type { RouteTable } from './routing/route-table.ts';
import { TrafficCounters } from './traffic-counters.ts';
import type { EpochReport } from './traffic-counters.ts';
import { Upstreams } from './upstream/upstreams.ts';

const fastTickMs = 100;
const slowTickMs = 1000;

export interface DataPlaneStatus {
  readonly connections: number;
  readonly heldRequests: number;
  readonly addresses: readonly AddressStatus[];
}

/** Everything inside one proxy worker: its connections, routes, upstreams, counters, and one clock for all of them. */
export class DataPlane {
  readonly limits: ProxyLimits;
  readonly output = new OutputBuffer();
  isDraining = false;
  #table: RouteTable = emptyTable;
  readonly #upstreams: Upstreams;
  readonly #counters: TrafficCounters;
  readonly #connections = new Set<ClientConnection>();
  readonly #held = new HeldRequests();
  /** Held requests are bounded per proxy: each worker holds its part. */
  #workerCount = 1;
  readonly #idPrefix = randomBytes(6).toString('hex');
  #requestNumber = 0;
  #turn = 0;
  #timer: NodeJS.Timeout | null = null;
  #timerMs = 0;

  constructor(limits: ProxyLimits, onFinalEpoch: (report: EpochReport) => void) {
    this.limits = limits;
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
  apply(document: RoutingDocument, workerCount: number): void {
    const nowMs = this.nowMs();
    this.#workerCount = workerCount;
    this.#table = compileRoutes(document, this.#upstreams, this.#counters, nowMs);
    this.#counters.keepOnly(this.#table.scopes, nowMs);
    this.#upstreams.setNamed(this.#table.named, nowMs);
    for (const held of this.#held.takeAll()) held.client.release(held.head);
    this.wake();
  }

  accept(socket: net.Socket, port: number): void {
    if (this.#connections.size >= this.limits.connections) return refuseConnection(socket);
    const kind = this.#table.ports.get(port)?.kind;
    this.#connections.add(new ClientConnection(this, socket, port, kind === 'pinned' || kind === 'internal'));
    this.wake();
  }

  forget(client: ClientConnection): void {
    this.#connections.delete(client);
    this.#held.remove(client);
  }

  route(client: ClientConnection, head: RequestHead): Decision {
    const decision = routeRequest(this.#table, client.port, head);
    if (decision.kind !== 'hold') return decision;
    const bounds = { maxHeld: Math.ceil(decision.maxHeld / this.#workerCount), maxHoldMs: decision.maxHoldMs };
    this.wakeFast();
    return this.#held.add(decision.environment.scope, client, head, bounds, this.nowMs())
      ? decision
      : { kind: 'answer', answer: stillPaused };
  }

  status(): DataPlaneStatus {
    return {
      connections: this.#connections.size,
      heldRequests: this.#held.count,
      addresses: this.#upstreams.status(this.nowMs()),
    };
  }

  counters(): readonly EpochReport[] {
    this.#counters.checkLinger(this.nowMs());
    return this.#counters.report();
  }

  /** Every answer from now on closes its connection; `drained` is true when none is left. */
  drain(): void {
    this.isDraining = true;
    this.wake();
  }

  /** Closes connections that wait for a request. */
  closeIdle(): void {
    for (const connection of this.#connections) if (connection.isIdle) connection.destroy();
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Ends every connection and all counting, for a worker that leaves. */
  destroy(): void {
    for (const connection of this.#connections) connection.destroy();
    this.#counters.endAll(this.nowMs());
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Makes sure that the clock runs while anything is open. */
  wake(): void {
    if (this.#timer === null) this.#startTimer(slowTickMs);
  }

  /** The same, finely, while a request is open. */
  wakeFast(): void {
    if (this.#timer !== null && this.#timerMs === fastTickMs) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#startTimer(fastTickMs);
  }

  #startTimer(afterMs: number): void {
    this.#timerMs = afterMs;
    this.#timer = setTimeout(() => this.#tick(), afterMs);
  }

  #tick(): void {
    const nowMs = this.nowMs();
    this.#timer = null;
    let isBusy = false;
    for (const connection of this.#connections) {
      connection.check(nowMs);
      if (connection.isBusy) isBusy = true;
    }
    for (const held of this.#held.takeExpired(nowMs)) held.client.answer(stillPaused, held.head, false);
    const hasIdle = this.#upstreams.prune(nowMs);
    const hasEnded = this.#counters.checkLinger(nowMs);
    if (isBusy) this.wakeFast();
    else if (this.#connections.size > 0 || hasIdle || hasEnded) this.wake();
  }
}

const stillPaused = ownAnswer(503, 'paused', 'One moment', 'The application is being exchanged. Please try again.', 2);

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
