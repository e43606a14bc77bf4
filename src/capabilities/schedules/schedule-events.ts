import { systemActor, type EventDraft } from '../../core/events.ts';
import type { RevisionId, UnixMs } from '../../core/ids.ts';

/** What the journal keeps about schedules, in the chain of their environment. */
export interface ScheduleEventPayloads {
  /** From now on it is looked after; also when it was changed. */
  readonly 'schedule-begun': { readonly job: string; readonly cron: string; readonly timezone: string };
  /** The intent: written before the job is started. */
  readonly 'scheduled-run-started': Run & { readonly revision: RevisionId };
  /** Known to be under way longer than its `within` and a while more: nobody could end it, or see its end. */
  readonly 'scheduled-run-overdue': Run & { readonly withinMs: number };
  readonly 'scheduled-run-ended': Run & {
    readonly state: 'succeeded' | 'failed' | 'lost' | 'not-started';
    readonly exitCode: number | null;
    readonly signal: string | null;
    /** What Lotse says about its end. */
    readonly note: string | null;
  };
  /** `running`: key of the run that was still under way. */
  readonly 'scheduled-run-skipped': { readonly job: string; readonly dueAt: UnixMs; readonly running: string };
  readonly 'scheduled-runs-missed': {
    readonly job: string;
    readonly count: number;
    readonly first: UnixMs;
    readonly last: UnixMs;
  };
}

interface Run {
  readonly key: string;
  readonly job: string;
  readonly dueAt: UnixMs;
}

export function scheduleEvent<Type extends keyof ScheduleEventPayloads>(
  type: Type,
  payload: ScheduleEventPayloads[Type],
): EventDraft {
  const correlationId = 'key' in payload ? payload.key : null;
  return { type, version: 1, actor: systemActor, reason: null, correlationId, payload };
}
