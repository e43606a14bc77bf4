import { LotseError } from '../../core/errors.ts';
import type { Scope } from '../../core/ids.ts';
import type { Before } from '../../rollout/plan.ts';
import type { Revision } from '../../rollout/release.ts';

type Placed = Pick<Revision, 'servers'>;

/**
 * Names lead to machines, and it is people who point them: a rollout adds machines and leaves some, and where all are other
 * ones nobody would be served by what it brings. Errors: `conflict`.
 */
export function refuseMove({ environment }: Scope, before: Before, from: Placed | null, to: Placed): void {
  if (before.kind === 'maintenance') return;
  const [old, next] = [from?.servers ?? [], to.servers ?? []];
  const isHere = old.length === 0 && next.length === 0;
  if (isHere || next.some((server) => old.includes(server))) return;
  throw new LotseError('conflict', `${environment} runs on ${nameOf(old)}, and would run on ${nameOf(next)}`, {
    hint: `Its names lead there. Keep one of its machines for a rollout, or bring it to an environment of another name, let the names lead there, and then \`lotse down ${environment}\`.`,
  });
}

/** What is adopted answers at an address of this machine, which means something else on another one. Errors: `conflict`. */
export function refuseAdoptionElsewhere({ environment }: Scope, { servers }: Placed): void {
  if (servers === undefined || servers.length === 0) return;
  throw new LotseError(
    'conflict',
    `${environment} runs on ${nameOf(servers)}, and what is adopted is on this machine`,
    {
      hint: 'Adopt it on the machine where it runs, with a Lotse of its own, or leave `servers` out.',
    },
  );
}

function nameOf(servers: readonly string[]): string {
  return servers.length === 0 ? 'the machine of Lotse' : servers.join(', ');
}
