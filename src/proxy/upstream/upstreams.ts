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

  constructor(limits: ProxyLimits) {
    this.#limits = limits;
  }

  get(address: Address): Upstream {
    const key = addressKey(address);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const upstream = new Upstream(address, this.#limits, this.#readBuffer);
    this.#byKey.set(key, upstream);
    return upstream;
  }

  /** Marks which addresses the document in force names; idle connections to others are closed. */
  setNamed(named: ReadonlySet<Upstream>, nowMs: number): void {
    for (const upstream of this.#byKey.values()) upstream.isNamed = named.has(upstream);
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
      ejected: upstream.isEjected(nowMs),
    }));
  }
}
