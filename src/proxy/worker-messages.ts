import type { RoutingDocument } from '../core/routing-document.ts';
import type { DataPlaneStatus } from './data-plane.ts';
import type { EpochReport } from './traffic-counters.ts';

/** What the proxy's parent tells a worker, over the channel that `fork` makes. */
export type ToWorker =
  /** Comes with the handle of the listening socket. */
  | { readonly kind: 'listen'; readonly port: number }
  | { readonly kind: 'unlisten'; readonly port: number }
  | {
      readonly kind: 'document';
      readonly sequence: number;
      readonly document: RoutingDocument;
      readonly workerCount: number;
    }
  | { readonly kind: 'ask-status'; readonly id: number }
  | { readonly kind: 'ask-counters'; readonly id: number }
  /** Accept no more, finish what there is within this time, then exit. */
  | { readonly kind: 'drain'; readonly graceMs: number };

export type FromWorker =
  | { readonly kind: 'started' }
  /** `error`: name of the system error when the socket could not be listened on. */
  | { readonly kind: 'listening'; readonly port: number; readonly error: string | null }
  | { readonly kind: 'applied'; readonly sequence: number; readonly version: number }
  | { readonly kind: 'status'; readonly id: number; readonly status: DataPlaneStatus }
  | { readonly kind: 'counters'; readonly id: number; readonly reports: readonly EpochReport[] }
  | { readonly kind: 'epoch-final'; readonly report: EpochReport }
  /** The last message of a worker that has drained. */
  | { readonly kind: 'leaving' };
