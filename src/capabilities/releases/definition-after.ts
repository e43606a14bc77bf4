import { systemActor } from '../../core/events.ts';
import { chainOf, type ReleaseId, type Scope, type UnixMs } from '../../core/ids.ts';
import type { Plan } from '../../rollout/plan.ts';
import { releaseZero } from '../../rollout/release-zero.ts';
import { acceptDefinition, findEnvironmentRow } from './environment-rows.ts';
import type { ReleasesContext } from './releases-context.ts';

/** A rollout that has settled brings its definition with it, weaker gates and all. */
export async function definitionAfterSettling(
  context: ReleasesContext,
  scope: Scope,
  plan: Plan,
  at: UnixMs,
): Promise<void> {
  await acceptAfter(context, scope, plan, plan.to.release, at);
}

/** After a deploy that has returned, the definition holds again with which the environment serves. */
export async function definitionAfterReturn(
  context: ReleasesContext,
  scope: Scope,
  plan: Plan,
  at: UnixMs,
): Promise<void> {
  if (plan.kind !== 'deploy' || plan.before.kind === 'maintenance') return;
  const { release } = plan.before.kind === 'revision' ? plan.before : releaseZero;
  await acceptAfter(context, scope, plan, release, at);
}

/** What a newer rollout has brought meanwhile stays: the end of the one before may be heard late. */
async function acceptAfter(context: ReleasesContext, scope: Scope, plan: Plan, release: ReleaseId, at: UnixMs) {
  await context.journal.transact(async ({ trx, append }) => {
    const latest = context.engine.view(scope).rollout?.plan ?? plan;
    const accepted = await findEnvironmentRow(trx, scope);
    if (latest.rollout !== plan.rollout && accepted?.release === latest.to.release) return;
    if (accepted?.release === release) return;
    // Adopted where a definition was in force already: that one stays.
    if (release === releaseZero.release && accepted?.adopted === null) return;
    const payload = { environment: scope.environment, release };
    const draft = { type: 'definition-accepted', version: 1, actor: systemActor, reason: null, payload };
    await append(chainOf(scope), context.lock.fence, [{ ...draft, correlationId: plan.rollout }]);
    await acceptDefinition(trx, scope, release, systemActor, at);
  });
}
