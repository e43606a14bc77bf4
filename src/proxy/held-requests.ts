import type { ClientConnection } from './client-connection.ts';
import type { RequestHead } from './framing/request-head.ts';

interface Held {
  readonly client: ClientConnection;
  readonly head: RequestHead;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Requests that wait while their environment is paused, in the order in which they came. */
export class HeldRequests {
  readonly #byScope = new Map<string, Held[]>();
  /** When a request began to wait, so that being held again does not start its time anew. */
  readonly #since = new WeakMap<RequestHead, number>();

  get count(): number {
    let count = 0;
    for (const held of this.#byScope.values()) count += held.length;
    return count;
  }

  /** Returns false when the environment already holds `maxHeld` requests or this one has waited `maxHoldMs` before. */
  add(
    scope: string,
    client: ClientConnection,
    head: RequestHead,
    bounds: { maxHeld: number; maxHoldMs: number },
    nowMs: number,
  ): boolean {
    const held = this.#byScope.get(scope) ?? [];
    const sinceMs = this.#since.get(head) ?? nowMs;
    if (held.length >= bounds.maxHeld || nowMs - sinceMs >= bounds.maxHoldMs) return false;
    this.#since.set(head, sinceMs);
    held.push({ client, head, sinceMs, untilMs: sinceMs + bounds.maxHoldMs });
    this.#byScope.set(scope, held);
    return true;
  }

  remove(client: ClientConnection): void {
    for (const [scope, held] of this.#byScope) {
      const rest = held.filter((entry) => entry.client !== client);
      if (rest.length === 0) this.#byScope.delete(scope);
      else if (rest.length < held.length) this.#byScope.set(scope, rest);
    }
  }

  /** Takes out all held requests, in order, for being routed again. */
  takeAll(): readonly Held[] {
    const all = [...this.#byScope.values()].flat();
    this.#byScope.clear();
    return all;
  }

  /** Takes out those whose time is over. */
  takeExpired(nowMs: number): readonly Held[] {
    const expired = [...this.#byScope.values()].flat().filter((entry) => entry.untilMs <= nowMs);
    for (const entry of expired) this.remove(entry.client);
    return expired;
  }
}
