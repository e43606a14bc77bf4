import type { ProxyStatus, RoutingDocument } from '../core/routing-document.ts';
import type { DataPlaneStatus } from './data-plane.ts';
import { addressKey } from './upstream/upstream.ts';
import { sumAddresses } from './workers/sum-addresses.ts';
import type { WorkerProcess } from './workers/worker-process.ts';

/** What a proxy's status is made of. */
export interface StatusParts extends Pick<
  ProxyStatus,
  'proxyStart' | 'build' | 'drainingWorkers' | 'problems' | 'overrides' | 'journalHeads'
> {
  readonly document: RoutingDocument | null;
  readonly workers: readonly WorkerProcess[];
  readonly wantedWorkers: number;
  /** Of each worker, also of those that leave. */
  readonly parts: readonly DataPlaneStatus[];
  /** What the proxy's own probes found at an address. */
  readonly problemOf: (addressKey: string) => string | null;
}

export function describeProxy({ document, parts, wantedWorkers, problemOf, ...proxy }: StatusParts): ProxyStatus {
  const version = document?.version ?? 0;
  const workers = proxy.workers.map(({ pid, version: confirmed, generation }) => {
    return { pid, version: confirmed, generation };
  });
  const isEverywhere = workers.length === wantedWorkers && workers.every((worker) => worker.version === version);
  const addresses = sumAddresses(parts.flatMap((part) => part.addresses));
  return {
    ...proxy,
    ...{ pid: process.pid, controlProtocol: 1, fence: document?.fence ?? 0, version, workers },
    confirmed: document !== null && isEverywhere,
    heldRequests: parts.reduce((sum, part) => sum + part.heldRequests, 0),
    addresses: addresses.map((status) => ({
      ...status,
      problem: problemOf(addressKey(status.address)) ?? status.problem,
    })),
  };
}
