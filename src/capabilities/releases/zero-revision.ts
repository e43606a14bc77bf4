import { LotseError } from '../../core/errors.ts';
import type { Scope } from '../../core/ids.ts';
import type { Address } from '../../core/routing-document.ts';
import { releaseZero, upstreamUrl } from '../../rollout/release-zero.ts';
import type { Revision } from '../../rollout/release.ts';
import { askUpstream } from './ask-upstream.ts';

/** Release 0 as plans see it: nothing of it is built, started or configured. */
export function zeroRevision(scope: Scope): Revision {
  return {
    ...scope,
    id: releaseZero.revision,
    release: releaseZero.release,
    number: 0,
    artifact: '',
    target: 'process',
    plannedAt: 0,
    services: [],
    jobs: [],
    verification: null,
    stores: [],
    secretNames: [],
    configVersion: '',
  };
}

/** What Lotse never starts must be there when users are sent back to it. Errors: `not-proven`. */
export async function refuseSilentUpstream({ environment }: Scope, upstream: Address): Promise<void> {
  const answer = await askUpstream(upstream);
  if (answer.kind === 'answered') return;
  const url = upstreamUrl(upstream);
  throw new LotseError('not-proven', `${environment} cannot go back to ${releaseZero.release}: ${url}: ${answer.why}`, {
    hint: 'Lotse never starts what was adopted. Start it, then roll back.',
  });
}
