import type { ReleaseId } from '../core/ids.ts';
import type { Address } from '../core/routing-document.ts';
import type { Before, Plan } from './plan.ts';

/**
 * What served before Lotse: an address that is routed to, and never started or stopped. It has no artifact, no
 * instances, and one revision, by whose name the proxies answer probes and count its requests.
 */
export const releaseZero = { revision: 'adopted', release: 'r0' } as const satisfies Plan['to'];

export function isReleaseZero({ revision }: Plan['to']): boolean {
  return revision === releaseZero.revision;
}

/** `http://127.0.0.1:3000`, `http://[::1]:3000`. */
export function upstreamUrl({ host, port }: Address): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The release that is returned to; null: the maintenance page. */
export function releaseBefore(before: Before): ReleaseId | null {
  switch (before.kind) {
    case 'revision':
      return before.release;
    case 'adopted':
      return releaseZero.release;
    case 'maintenance':
      return null;
  }
}
