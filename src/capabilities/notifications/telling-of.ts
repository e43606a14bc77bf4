import { z } from 'zod';
import type { JournalEvent } from '../../core/events.ts';
import type { UnixMs } from '../../core/ids.ts';
import { isRolloutEvent, type WrittenEvent } from '../../rollout/rollout-events.ts';
import type { Plan } from '../../rollout/plan.ts';
import { releaseBefore } from '../../rollout/release-zero.ts';
import type { FactKind, Telling } from './notification.ts';

/** The plan of a rollout; null when it is not known. */
export type FindPlan = (rollout: string) => Promise<Plan | null>;

const endedRun = z.object({ job: z.string(), dueAt: z.number(), state: z.string(), exitCode: z.number().nullable() });
const overdueRun = z.object({ job: z.string(), dueAt: z.number() });
const missedRuns = z.object({ job: z.string(), count: z.number(), first: z.number() });
const changedFlag = z.object({ flag: z.string(), state: z.object({ switched: z.string().nullable() }) });
const expiringSecret = z.object({ name: z.string(), expiresAt: z.number(), days: z.number() });
const failedCertificate = z.object({ name: z.string(), message: z.string() });

/** What an event of the journal gives to tell; null: nothing, as most do. */
export async function tellingOf(event: JournalEvent, findPlan: FindPlan): Promise<Telling | null> {
  if (event.erased) return null;
  if (isRolloutEvent(event)) return await ofRollout(event, findPlan);
  switch (event.type) {
    case 'scheduled-run-ended': {
      const { job, dueAt, state, exitCode } = endedRun.parse(event.payload);
      if (state === 'succeeded') return null;
      const how = state === 'failed' ? `${exitCode ?? 'ended'}` : state;
      return telling(event, `job/${job}`, 'job-failed', { job, due: timeText(dueAt), how });
    }
    case 'scheduled-run-overdue': {
      const { job, dueAt } = overdueRun.parse(event.payload);
      return telling(event, `job/${job}`, 'job-overdue', { job, due: timeText(dueAt) });
    }
    case 'scheduled-runs-missed': {
      const { job, count, first } = missedRuns.parse(event.payload);
      return telling(event, `job/${job}`, 'jobs-missed', { job, count: `${count}`, first: timeText(first) });
    }
    case 'certificate-failed': {
      const { name, message } = failedCertificate.parse(event.payload);
      return telling(event, `certificate/${name}`, 'certificate-failed', { name, why: message });
    }
    case 'secret-expiring': {
      const { name, expiresAt, days } = expiringSecret.parse(event.payload);
      const day = new Date(expiresAt).toISOString().slice(0, 10);
      return telling(event, `secret/${name}`, 'secret-expiring', { name, day, isOver: days === 0 ? 'yes' : 'no' });
    }
    case 'flag-changed': {
      const { flag, state } = changedFlag.parse(event.payload);
      // What people turn off they know of.
      if (event.actor.kind !== 'system' || state.switched !== 'off') return null;
      return telling(event, `flag/${flag}`, 'flag-off', { flag, why: event.reason ?? '' });
    }
    default:
      return null;
  }
}

async function ofRollout(event: JournalEvent & WrittenEvent, findPlan: FindPlan): Promise<Telling | null> {
  const rollout = event.correlationId;
  if (rollout === null) return null;
  const story = `rollout/${rollout}`;
  switch (event.type) {
    case 'gates-waiting': {
      // What time alone opens waits for nobody.
      const asked = event.payload.results.filter(({ state }) => state.kind === 'waiting' && state.opensAt === null);
      if (asked.length === 0) return null;
      const what = asked.map(({ title }) => title).join(', ');
      return telling(event, story, 'waiting', { ...(await namesOf(rollout, findPlan)), what });
    }
    case 'rollout-live':
      return telling(event, story, 'live', await namesOf(rollout, findPlan));
    case 'rollout-ended': {
      const { end, cause } = event.payload;
      if (end === 'settled') return null;
      const why = cause?.message ?? '';
      return telling(event, story, end, { ...(await namesOf(rollout, findPlan)), why });
    }
    default:
      return null;
  }
}

async function namesOf(rollout: string, findPlan: FindPlan): Promise<Readonly<Record<string, string>>> {
  const plan = await findPlan(rollout);
  if (plan === null) return { release: rollout, before: '–', isBack: 'no' };
  return {
    release: plan.to.release,
    before: releaseBefore(plan.before) ?? '–',
    isBack: plan.kind === 'rollback' ? 'yes' : 'no',
  };
}

function telling(event: JournalEvent, story: string, kind: FactKind, data: Telling['fact']['data']): Telling {
  return { story, fact: { id: event.id, kind, at: event.at, data } };
}

/** `2026-03-29 01:00 UTC` */
function timeText(at: UnixMs): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
