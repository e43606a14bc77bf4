import type { UnixMs } from '../core/ids.ts';
import type { Flag } from './column-types.ts';

/** Schedules that are looked after, and until when they were. */
export interface SchedulesTable {
  readonly app: string;
  readonly environment: string;
  readonly job: string;
  readonly cron: string;
  readonly timezone: string;
  readonly looked_at: UnixMs;
}

/** The latest runs of each schedule; at most one of a schedule is `running`. */
export interface ScheduledRunsTable {
  readonly app: string;
  readonly environment: string;
  readonly job: string;
  readonly due_at: UnixMs;
  readonly key: string;
  readonly revision: string;
  readonly state: 'running' | 'succeeded' | 'failed' | 'lost' | 'not-started';
  readonly started_at: UnixMs;
  readonly ended_at: UnixMs | null;
  readonly exit_code: number | null;
  readonly note: string | null;
  /** It was told that it takes longer than it may. */
  readonly is_overdue: Flag;
}
