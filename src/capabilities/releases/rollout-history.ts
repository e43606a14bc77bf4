import { chainOf, type RolloutId, type Scope } from '../../core/ids.ts';
import type { RolloutState } from '../../rollout/rollout-state.ts';
import { foldRollout } from '../../rollout/evolve.ts';
import { rolloutEventTypes, type WrittenEvent } from '../../rollout/rollout-events.ts';
import type { JournalEvent } from '../../core/events.ts';
import type { ReleasesContext } from './releases-context.ts';

/** A rollout writes far fewer events than this. */
const eventsOfRollout = 2_000;

/** How many rollouts the environment has had: the journal is the one place that knows. */
export async function countRollouts(context: ReleasesContext, scope: Scope): Promise<number> {
  return (await plannedRollouts(context, scope, null)).length;
}

/** The latest rollouts of an environment, newest first, folded from the journal. */
export async function latestRollouts(
  context: ReleasesContext,
  scope: Scope,
  limit: number,
): Promise<readonly RolloutState[]> {
  const ids = await plannedRollouts(context, scope, limit);
  const states = await Promise.all(ids.map((id) => readRollout(context, scope, id)));
  return states.filter((state) => state !== null);
}

/** Null when there was never one of that id. */
export async function readRollout(context: ReleasesContext, scope: Scope, id: RolloutId): Promise<RolloutState | null> {
  return foldRollout(await rolloutEvents(context, scope, id));
}

export async function rolloutEvents(
  context: ReleasesContext,
  scope: Scope,
  id: RolloutId,
): Promise<readonly (JournalEvent & WrittenEvent)[]> {
  const query = { after: 0, limit: eventsOfRollout, correlationId: id };
  return (await context.journal.read(chainOf(scope), query)).filter(isRolloutEvent);
}

export function isRolloutEvent<Event extends JournalEvent>(event: Event): event is Event & WrittenEvent {
  return rolloutEventTypes.some((type) => type === event.type);
}

async function plannedRollouts(
  context: ReleasesContext,
  scope: Scope,
  limit: number | null,
): Promise<readonly RolloutId[]> {
  let query = context.database.db
    .selectFrom('journal')
    .select('correlation_id')
    .where('chain', '=', chainOf(scope))
    .where('type', '=', 'rollout-planned')
    .orderBy('position', 'desc');
  if (limit !== null) query = query.limit(limit);
  return (await query.execute()).flatMap((row) => (row.correlation_id === null ? [] : [row.correlation_id]));
}
