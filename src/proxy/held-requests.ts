import type { RequestHead } from './framing/request-head.ts';
import type { RequestSource } from './request-source.ts';

interface Held {
  readonly client: RequestSource;
  readonly head: RequestHead;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Requests that wait while their environment is paused, in the order in which they came. */
export class HeldRequests {
  readonly #byScope = new Map<string, Held[]>();
  /** Those that are to be routed again, in the order in which they came. */
  #due: Held[] = [];
  /** When a request began to wait, so that being held again does not start its time anew. */
  readonly #since = new WeakMap<RequestHead, number>();

  get count(): number {
    let count = this.#due.length;
    for (const held of this.#byScope.values()) count += held.length;
    return count;
  }

  /** Returns false when the environment already holds `maxHeld` requests or this one has waited `maxHoldMs` before. */
  add(
    scope: string,
    client: RequestSource,
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

  remove(client: object): void {
    this.#due = this.#due.filter((entry) => entry.client !== client);
    for (const [scope, held] of this.#byScope) {
      const rest = held.filter((entry) => entry.client !== client);
      if (rest.length === 0) this.#byScope.delete(scope);
      else if (rest.length < held.length) this.#byScope.set(scope, rest);
    }
  }

  /** All are to be routed again. */
  endHold(): void {
    this.#due.push(...[...this.#byScope.values()].flat());
    this.#byScope.clear();
  }

  /** Takes out the next of those that are to be routed again. */
  takeDue(count: number): readonly Held[] {
    return this.#due.splice(0, count);
  }

  /** Takes out those whose time is over. */
  takeExpired(nowMs: number): readonly Held[] {
    const expired = [...this.#due, ...[...this.#byScope.values()].flat()].filter((entry) => entry.untilMs <= nowMs);
    for (const entry of expired) this.remove(entry.client);
    return expired;
  }
}
