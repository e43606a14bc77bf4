import type { RoutedEnvironment } from '../../../core/routing-document.ts';
import type { Scope } from '../../../core/ids.ts';
import { isSame } from './routes-by-server.ts';

/** What a server is yet to be told. */
export interface Missed {
  readonly routed: readonly RoutedEnvironment[];
  /** Environments that are not there any more. */
  readonly left: readonly Scope[];
}

/** What servers were not told while they were away: of each environment the last word, for when they are back. */
export class MissedRoutes {
  readonly #missed = new Map<string, Missed>();

  /** Void is what was missed before of the same environments. */
  add(server: string, routed: readonly RoutedEnvironment[], left: readonly Scope[]): void {
    this.forget(server, [...routed, ...left]);
    const before = this.#missed.get(server) ?? nothing;
    if (routed.length + left.length === 0) return;
    this.#missed.set(server, { routed: [...before.routed, ...routed], left: [...before.left, ...left] });
  }

  forget(server: string, scopes: readonly Scope[]): void {
    const before = this.#missed.get(server);
    if (before === undefined) return;
    const isKept = (each: Scope): boolean => !scopes.some((scope) => isSame(scope, each));
    const [routed, left] = [before.routed.filter(isKept), before.left.filter(isKept)];
    if (routed.length + left.length === 0) this.#missed.delete(server);
    else this.#missed.set(server, { routed, left });
  }

  /** Null: nothing. */
  take(server: string): Missed | null {
    const missed = this.#missed.get(server) ?? null;
    this.#missed.delete(server);
    return missed;
  }
}

const nothing: Missed = { routed: [], left: [] };
