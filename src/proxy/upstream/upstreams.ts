import type { Address, AddressStatus } from '../../core/routing-document.ts';
import type { ProxyLimits } from '../limits.ts';
import { addressKey, Upstream } from './upstream.ts';

/** Read at most this much at once; one buffer serves all connections because reads are handled one after another. */
const readBufferBytes = 128 * 1024;

/** All addresses that are named by the document or still have something in flight. */
export class Upstreams {
  readonly #limits: ProxyLimits;
  readonly #readBuffer = Buffer.allocUnsafeSlow(readBufferBytes);
  readonly #byKey = new Map<string, Upstream>();
  #unhealthy: ReadonlySet<string> = new Set();
  #ofEach: ProxyLimits;

  constructor(limits: ProxyLimits) {
    this.#limits = limits;
    this.#ofEach = limits;
  }

  /** So many workers share the requests of an instance, also those of its warm-up. */
  divideBy(workerCount: number): void {
    this.#ofEach = { ...this.#limits, warmUpRequests: Math.ceil(this.#limits.warmUpRequests / workerCount) };
  }

  get(address: Address): Upstream {
    const key = addressKey(address);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const upstream = new Upstream(address, this.#ofEach, this.#readBuffer);
    upstream.isUnhealthy = this.#unhealthy.has(key);
    this.#byKey.set(key, upstream);
    return upstream;
  }

  /** These addresses, and no others, get requests only when nothing else is left. */
  setUnhealthy(keys: ReadonlySet<string>): void {
    this.#unhealthy = keys;
    for (const upstream of this.#byKey.values()) upstream.isUnhealthy = keys.has(upstream.key);
  }

  /** Marks which addresses the document in force names; idle connections to others are closed, their streams at their time. */
  setNamed(named: ReadonlySet<Upstream>, nowMs: number): void {
    for (const upstream of this.#byKey.values()) {
      upstream.isNamed = named.has(upstream);
      if (!upstream.isNamed) upstream.streams.begin(nowMs);
    }
    this.prune(nowMs);
  }

  /** Returns true while there are idle connections to look after. */
  prune(nowMs: number): boolean {
    let hasIdle = false;
    for (const upstream of this.#byKey.values()) {
      upstream.prune(nowMs);
      if (upstream.idleCount > 0) hasIdle = true;
      if (!upstream.isNamed && upstream.active === 0) this.#byKey.delete(upstream.key);
    }
    return hasIdle;
  }

  status(nowMs: number): readonly AddressStatus[] {
    this.prune(nowMs);
    return [...this.#byKey.values()].map((upstream) => ({
      address: upstream.address,
      activeRequests: upstream.active,
      upgradedConnections: upstream.upgraded,
      eventStreams: upstream.eventStreams,
      ejected: upstream.isEjected(nowMs),
      problem: upstream.ejectedUntilMs > nowMs ? 'connections are refused' : null,
    }));
  }
}
