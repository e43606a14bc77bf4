import { chainOf, type RolloutId, type Scope } from '../../core/ids.ts';
import { foldRollout } from '../../rollout/evolve.ts';
import { isRolloutEvent, type WrittenEvent } from '../../rollout/rollout-events.ts';
import type { RolloutState } from '../../rollout/rollout-state.ts';
import type { ReleasesContext } from './releases-context.ts';

/** A rollout writes far fewer events than this. */
const eventsOfRollout = 2_000;

/** A rollout as the journal tells it: where it stands, and everything that happened to it. */
export interface RolloutStory {
  readonly state: RolloutState;
  readonly events: readonly WrittenEvent[];
}

/** How many rollouts the environment has had: the journal is the one place that knows. */
export async function countRollouts(context: ReleasesContext, scope: Scope): Promise<number> {
  const row = await plannedEvents(context, scope)
    .select(({ fn }) => fn.countAll<number>().as('rollouts'))
    .executeTakeFirstOrThrow();
  return row.rollouts;
}

/** The latest rollouts of an environment, newest first. */
export async function latestRollouts(
  context: ReleasesContext,
  scope: Scope,
  limit: number,
): Promise<readonly RolloutStory[]> {
  const rows = await plannedEvents(context, scope)
    .select('correlation_id')
    .orderBy('position', 'desc')
    .limit(limit)
    .execute();
  const ids = rows.flatMap((row) => (row.correlation_id === null ? [] : [row.correlation_id]));
  const stories = await Promise.all(ids.map((id) => readRollout(context, scope, id)));
  return stories.filter((story) => story !== null);
}

/** Null when there was never one of that id. */
export async function readRollout(context: ReleasesContext, scope: Scope, id: RolloutId): Promise<RolloutStory | null> {
  const events = await rolloutEvents(context, scope, id);
  const state = foldRollout(events);
  return state === null ? null : { state, events };
}

export async function rolloutEvents(
  context: ReleasesContext,
  scope: Scope,
  id: RolloutId,
): Promise<readonly WrittenEvent[]> {
  const query = { after: 0, limit: eventsOfRollout, correlationId: id };
  return (await context.journal.read(chainOf(scope), query)).filter(isRolloutEvent);
}

function plannedEvents(context: ReleasesContext, scope: Scope) {
  return context.database.db
    .selectFrom('journal')
    .where('chain', '=', chainOf(scope))
    .where('type', '=', 'rollout-planned');
}
