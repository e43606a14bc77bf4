import type { EpochCounters, RoutingDocument } from '../../core/routing-document.ts';
import type { DataPlaneStatus } from '../data-plane.ts';
import type { JournalHeads } from '../durable-heads.ts';
import type { PassedConnection } from '../workers/worker-messages.ts';

/**
 * What two proxies say to each other while one hands over to the other, which it has forked. They may be of different
 * builds: a message that is changed gets a new name, and `protocol` a new number. What a document or counters of an earlier
 * build look like, the receiver knows (`inPresentForm`); a successor that cannot read a later document fails, and the
 * predecessor goes on.
 *
 * started → (prepare → ready)+ → socket* → take-over → confirmed; from then on the successor asks and the predecessor
 * answers, passes connections, and says `finished` last.
 */
export const handOverProtocol = 1;

export type ToSuccessor =
  /** Start workers that have this document, or go over to it. They accept nothing yet. */
  | { readonly kind: 'prepare'; readonly document: RoutingDocument | null }
  /** Comes with the handle of a bound socket. */
  | { readonly kind: 'socket'; readonly host: string; readonly port: number }
  /** All sockets were sent, nothing changes any more: accept, take the control socket, and confirm. */
  | ({ readonly kind: 'take-over' } & Legacy)
  /** Comes with the handle of a connection that waits for a request. */
  | PassedConnection
  | { readonly kind: 'applied'; readonly id: number }
  | { readonly kind: 'status'; readonly id: number; readonly status: RetiredStatus }
  | { readonly kind: 'counters'; readonly id: number; readonly epochs: readonly EpochCounters[] }
  /** The last message: its workers have finished. Everything it has counted and was not told to forget before it left. */
  | { readonly kind: 'finished'; readonly epochs: readonly EpochCounters[] };

export type FromSuccessor =
  | { readonly kind: 'started'; readonly protocol: number; readonly proxyStart: string; readonly build: string }
  | { readonly kind: 'ready' }
  /** The successor serves, and owns everything. */
  | { readonly kind: 'confirmed' }
  /** For the workers that still have something open; answered by `applied`. */
  | { readonly kind: 'document'; readonly id: number; readonly document: RoutingDocument }
  | { readonly kind: 'ask-status'; readonly id: number }
  | { readonly kind: 'ask-counters'; readonly id: number }
  /** Finish within this time. */
  | { readonly kind: 'stop'; readonly graceMs: number };

/** What a successor inherits beside sockets and document. */
export interface Legacy {
  /** Is the document on disk? */
  readonly isOnDisk: boolean;
  readonly journalHeads: JournalHeads;
  readonly epochs: readonly EpochCounters[];
}

/** What still goes on in a proxy that has handed over. */
export interface RetiredStatus {
  readonly drainingWorkers: number;
  readonly parts: readonly DataPlaneStatus[];
}
