import { z } from 'zod';
import type { JournalEvent } from '../../core/events.ts';
import type { Standing } from '../../ports/forges/forges.ts';
import type { Plan } from '../../rollout/plan.ts';
import { isRolloutEvent, type WrittenEvent } from '../../rollout/rollout-events.ts';

/** What an event says about a commit. */
export interface Told {
  /** The rollout, or the delivery of a push that never became one. */
  readonly subject: string;
  readonly isRollout: boolean;
  readonly standing: Standing;
  readonly note: string;
  /** Null: the commit of the rollout's release. */
  readonly commit: string | null;
}

/** What of a rollout's plan is told. */
export type ReportedPlan = Pick<Plan, 'to' | 'environment'>;

const pushFailed = z.object({
  delivery: z.string(),
  commit: z.string(),
  code: z.string(),
  rollout: z.string().nullable(),
});

/** Null: nothing, as most do. `planOf` answers the plan of a rollout, null when it is not known. */
export async function reportOf(
  event: JournalEvent,
  planOf: (rollout: string) => Promise<ReportedPlan | null>,
): Promise<(Told & { readonly plan: ReportedPlan | null }) | null> {
  if (event.erased) return null;
  if (event.type === 'push-failed') {
    const { delivery, commit, code, rollout } = pushFailed.parse(event.payload);
    // What a rollout has come to is told by its own events.
    if (rollout !== null || commit === '') return null;
    return {
      subject: delivery,
      isRollout: false,
      standing: 'failed',
      note: `not deployed: ${code}`,
      commit,
      plan: null,
    };
  }
  if (!isRolloutEvent(event) || event.correlationId === null) return null;
  const said = sayRollout(event);
  if (said === null) return null;
  const plan = await planOf(event.correlationId);
  if (plan === null) return null;
  const words = `${plan.to.release} ${said.words} ${plan.environment}`;
  const note = said.more === '' ? words : `${words}: ${said.more}`;
  return { subject: event.correlationId, isRollout: true, standing: said.standing, note, commit: null, plan };
}

function sayRollout(
  event: WrittenEvent,
): { readonly standing: Standing; readonly words: string; readonly more: string } | null {
  switch (event.type) {
    case 'rollout-planned':
    case 'gates-passed':
      return { standing: 'running', words: 'is on its way to', more: '' };
    case 'gates-waiting': {
      const asked = event.payload.results.filter(({ state }) => state.kind === 'waiting');
      return { standing: 'waiting', words: 'waits before', more: asked.map(({ title }) => title).join(', ') };
    }
    case 'rollout-live':
      return { standing: 'live', words: 'is live in', more: '' };
    case 'rollout-ended': {
      const { end, cause } = event.payload;
      if (end === 'settled') return { standing: 'live', words: 'has settled in', more: '' };
      if (end === 'returned' && cause?.kind === 'aborted' && cause.message.startsWith('superseded by'))
        return { standing: 'superseded', words: 'gave way to a newer release in', more: '' };
      const words = end === 'returned' ? 'was taken back in' : 'is stranded in';
      return { standing: end, words, more: cause?.message ?? '' };
    }
    default:
      return null;
  }
}
