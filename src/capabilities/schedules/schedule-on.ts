import type { RevisionId } from '../../core/ids.ts';
import type { EnvironmentView } from '../../engine/engine.ts';
import { isReleaseZero } from '../../rollout/release-zero.ts';

/** Whose schedules hold in an environment. */
export type ScheduleOn =
  | { readonly kind: 'revision'; readonly revision: RevisionId }
  /** Old and new change places and neither serves: what is due waits. */
  | { readonly kind: 'hold' }
  /** Nothing of Lotse's serves: nothing runs, and nothing is missed. */
  | { readonly kind: 'nothing' };

/** Those of the old revision until the rollout is live, then those of the new one; after a return those of the old again. */
export function scheduleOn({ environment, rollout }: EnvironmentView): ScheduleOn {
  if (rollout !== null && rollout.end === null) {
    const { plan, direction, liveAt } = rollout;
    const isNew = direction === 'forward' && liveAt !== null;
    const revision = isNew ? plan.to.revision : plan.before.kind === 'revision' ? plan.before.revision : null;
    if (revision === null || isReleaseZero({ ...plan.to, revision })) return { kind: 'nothing' };
    return environment.level.kind === 'shares' ? { kind: 'revision', revision } : { kind: 'hold' };
  }
  if (environment.level.kind !== 'shares') return { kind: 'nothing' };
  const most = environment.level.shares.toSorted((a, b) => b.permille - a.permille)[0];
  const revision = environment.serving?.revision ?? most?.revision;
  return revision === undefined ? { kind: 'nothing' } : { kind: 'revision', revision };
}
