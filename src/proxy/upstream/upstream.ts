import type { Address } from '../../core/routing-document.ts';
import type { ProxyLimits } from '../limits.ts';
import { StreamBudget } from '../streams/stream-budget.ts';
import { UpstreamConnection } from './upstream-connection.ts';
import type { UpstreamUser } from './upstream-connection.ts';

/** One instance address: what is in flight there, its idle connections, and whether it is ejected. */
export class Upstream {
  readonly address: Address;
  readonly key: string;
  /** Requests and upgraded connections in flight. */
  active = 0;
  upgraded = 0;
  /** Event streams among them. */
  eventStreams = 0;
  /** How long its WebSockets and event streams may stay. */
  readonly streams = new StreamBudget();
  /** Does the document in force name this address? */
  isNamed = false;
  /** Clock (ms) until which it gets nothing because it refused connections; 0: not ejected. */
  ejectedUntilMs = 0;
  /** The parent's probes say that it is not well. */
  isUnhealthy = false;
  readonly #limits: ProxyLimits;
  readonly #readBuffer: Buffer;
  readonly #idle: UpstreamConnection[] = [];
  #refusals = 0;
  /** Requests that are still to come before it is warm. */
  #coldRequests: number;

  constructor(address: Address, limits: ProxyLimits, readBuffer: Buffer) {
    this.address = address;
    this.key = addressKey(address);
    this.#limits = limits;
    this.#readBuffer = readBuffer;
    this.#coldRequests = limits.warmUpRequests;
  }

  get idleCount(): number {
    return this.#idle.length;
  }

  isEjected(nowMs: number): boolean {
    return this.isUnhealthy || this.ejectedUntilMs > nowMs;
  }

  /** One more request. Returns true while the instance is warming up: code that runs for the first time is slow in any release. */
  begin(): boolean {
    this.active++;
    if (this.#coldRequests === 0) return false;
    this.#coldRequests--;
    return true;
  }

  connect(user: UpstreamUser): UpstreamConnection {
    return new UpstreamConnection(this, user, this.#readBuffer);
  }

  /** The most recently used idle connection that was idle for less than `maxIdleMs` and will not be closed under us. */
  take(user: UpstreamUser, nowMs: number, maxIdleMs: number): UpstreamConnection | null {
    for (;;) {
      const connection = this.#idle.at(-1);
      if (connection === undefined || nowMs - connection.idleSinceMs > maxIdleMs) return null;
      this.#idle.pop();
      if (connection.isDead) continue;
      if (connection.usableUntilMs <= nowMs) {
        connection.destroy();
        continue;
      }
      connection.user = user;
      return connection;
    }
  }

  /** Gives a connection back after a complete exchange. `keepAliveS`: what the upstream announced, -1 when nothing. */
  release(connection: UpstreamConnection, nowMs: number, keepAliveS: number): void {
    if (connection.isDead || !this.isNamed || this.#idle.length >= this.#limits.idlePerUpstream)
      return connection.destroy();
    const announcedMs = keepAliveS < 0 ? Number.POSITIVE_INFINITY : keepAliveS * 1000;
    // A second of margin: our next request must not meet the upstream's close on its way.
    const usableMs = Math.min(this.#limits.upstreamIdleMs, announcedMs > 2000 ? announcedMs - 1000 : announcedMs / 2);
    connection.user = null;
    connection.idleSinceMs = nowMs;
    connection.usableUntilMs = nowMs + usableMs;
    this.#idle.push(connection);
  }

  forget(connection: UpstreamConnection): void {
    if (connection.user !== null) return;
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  /** Closes idle connections whose time is over; all of them when the address is no longer named. */
  prune(nowMs: number): void {
    for (const connection of [...this.#idle]) {
      if (!this.isNamed || connection.usableUntilMs <= nowMs) connection.destroy();
    }
  }

  noteConnected(): void {
    this.#refusals = 0;
    this.ejectedUntilMs = 0;
  }

  /**
   * A connection could not be opened: nothing is sent there for a time that doubles with each refusal. What answers there
   * later has started anew.
   */
  noteRefused(nowMs: number): void {
    this.#coldRequests = this.#limits.warmUpRequests;
    const forMs = Math.min(this.#limits.ejectMaxMs, this.#limits.ejectFirstMs * 2 ** this.#refusals);
    this.#refusals = Math.min(this.#refusals + 1, 16);
    this.ejectedUntilMs = nowMs + forMs;
  }
}

export function addressKey(address: Address): string {
  return `${address.host} ${address.port}`;
}
