import type { EpochCounters, ProxyStatus, RoutedEnvironment } from '../../core/routing-document.ts';
import type { ObservedAnswers } from '../../rollout/facts.ts';
import type { RevisionId, Scope } from '../../core/ids.ts';

/**
 * The traffic router: who gets which share of requests. One control plane writes to it, above a fence; a lower one is
 * refused with `fenced-off`. Errors: `unreachable` (retriable), `port-taken`, `fenced-off`.
 */
export interface TrafficRouter {
  /**
   * Replaces what is known of these environments, keeps the others, and resolves when every proxy worker has confirmed
   * it. Publishing the same again is harmless.
   */
  publish(environments: readonly RoutedEnvironment[]): Promise<void>;

  /** Forgets an environment: its names answer 404 and its ports close. */
  withdraw(scope: Scope): Promise<void>;

  /** What the proxy has on disk and in force; the way to learn it after a restart. */
  status(): Promise<ProxyStatus>;
  environments(): Promise<readonly RoutedEnvironment[]>;

  counters(): Promise<readonly EpochCounters[]>;
  acknowledge(
    epochs: readonly { readonly scope: Scope; readonly epoch: number; readonly proxyStart: string }[],
  ): Promise<void>;

  /**
   * Asks the environment's first public address with signed probes, each on a fresh connection, `times` times or until
   * one names another revision. A failed connection is an answer too (`inARow` 0 and a problem), not an error.
   */
  prove(question: LiveQuestion, signal: AbortSignal): Promise<ObservedAnswers>;

  /** The journal's heads, kept beside the routing document: a cut tail of the journal is seen by them. */
  keepJournalHeads(
    heads: Readonly<Record<string, { readonly sequence: number; readonly hash: string }>>,
  ): Promise<void>;
}

export interface LiveQuestion extends Scope {
  readonly revision: RevisionId;
  readonly times: number;
  /** A bucket of the share in question; null: any. */
  readonly bucket: number | null;
}
