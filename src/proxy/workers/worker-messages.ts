import type { RoutingDocument } from '../../core/routing-document.ts';
import type { LogReport } from '../access-log/access-log.ts';
import type { DataPlaneStatus } from '../data-plane.ts';
import type { ConnectionOrigin } from '../plane-connection.ts';
import type { TicketSecret } from '../tls/ticket-keys.ts';
import type { EpochReport } from '../counting/traffic-counters.ts';
import type { LeaveTerms } from './worker-leave.ts';

/** What the proxy's parent tells a worker, over the channel that `fork` makes. */
export type ToWorker =
  /** Comes with the handle of the listening socket. */
  | { readonly kind: 'listen'; readonly port: number }
  | { readonly kind: 'unlisten'; readonly port: number }
  | {
      readonly kind: 'document';
      readonly sequence: number;
      readonly document: RoutingDocument;
      /** By `<app>/<environment>`: how often people have changed at the proxy what is in force. */
      readonly parts: Readonly<Record<string, number>>;
      readonly workerCount: number;
      /** From which all workers make the same keys for session tickets; null: no TLS. */
      readonly tickets: TicketSecret | null;
    }
  /** Addresses (`addressKey`) whose instances are not well; it replaces what was said before. */
  | { readonly kind: 'health'; readonly unhealthy: readonly string[] }
  /** Lines of the access log are appended to this file. */
  | { readonly kind: 'log-to'; readonly path: string }
  | { readonly kind: 'ask-status'; readonly id: number }
  | { readonly kind: 'ask-counters'; readonly id: number }
  /** Comes with the handle of a connection that another worker has left. */
  | PassedConnection
  /** Accept no more, finish what there is, then exit. May come again, with other terms. */
  | ({ readonly kind: 'drain' } & LeaveTerms);

export type PassedConnection = { readonly kind: 'connection' } & ConnectionOrigin;

export type FromWorker =
  | { readonly kind: 'started' }
  /** `error`: name of the system error when the socket could not be listened on. */
  | { readonly kind: 'listening'; readonly port: number; readonly error: string | null }
  | { readonly kind: 'applied'; readonly sequence: number; readonly version: number }
  | { readonly kind: 'status'; readonly id: number; readonly status: DataPlaneStatus }
  | { readonly kind: 'counters'; readonly id: number; readonly reports: readonly EpochReport[] }
  | { readonly kind: 'epoch-final'; readonly report: EpochReport }
  /** Lines were written to the access log, or could not be. */
  | { readonly kind: 'logged'; readonly report: LogReport }
  /** Comes with the handle of a connection that waits for a request, for another worker. */
  | PassedConnection
  /** The last message of a worker that has drained. */
  | { readonly kind: 'leaving' };
