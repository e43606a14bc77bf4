import type { AddressStatus } from '../../core/routing-document.ts';
import { addressKey } from '../upstream/upstream.ts';

/** What all workers together have to do with each address. */
export function sumAddresses(parts: readonly AddressStatus[]): readonly AddressStatus[] {
  const sums = new Map<string, AddressStatus>();
  for (const part of parts) {
    const key = addressKey(part.address);
    const sum = sums.get(key);
    sums.set(key, {
      address: part.address,
      activeRequests: part.activeRequests + (sum?.activeRequests ?? 0),
      upgradedConnections: part.upgradedConnections + (sum?.upgradedConnections ?? 0),
      eventStreams: (part.eventStreams ?? 0) + (sum?.eventStreams ?? 0),
      ejected: part.ejected || (sum?.ejected ?? false),
      problem: part.problem ?? sum?.problem ?? null,
    });
  }
  return [...sums.values()];
}
