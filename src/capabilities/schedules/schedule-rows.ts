import { chainOf, type Scope, type UnixMs } from '../../core/ids.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { Database } from '../../database/open-database.ts';
import type { ScheduledRunsTable } from '../../database/schedule-tables.ts';
import type { LotseDb, Transaction } from '../../database/schema.ts';
import type { JobSchedule } from '../../manifest/job-schedule.ts';
import type { MissedRuns } from './due-runs.ts';
import { scheduleEvent } from './schedule-events.ts';

interface ScheduleRowParts {
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly fence: () => number;
}

export interface ScheduleName extends Scope {
  readonly job: string;
}

/** A schedule that is looked after. */
export interface KnownSchedule extends ScheduleName, JobSchedule {
  readonly lookedAt: UnixMs;
}

export interface ScheduledRun extends ScheduleName {
  readonly dueAt: UnixMs;
  readonly key: string;
  readonly revision: string;
  readonly state: 'running' | 'succeeded' | 'failed' | 'lost' | 'not-started';
  readonly startedAt: UnixMs;
  readonly endedAt: UnixMs | null;
  readonly exitCode: number | null;
  readonly note: string | null;
  readonly isOverdue: boolean;
}

export interface RunEnd extends Pick<ScheduledRun, 'exitCode' | 'note'> {
  readonly state: Exclude<ScheduledRun['state'], 'running'>;
  readonly signal: string | null;
  readonly endedAt: UnixMs;
}

/** Of each schedule so many runs are kept, with their logs. */
const runsKept = 30;

/** Schedules and their runs in the control plane's database, each change with its event in one transaction. */
export class ScheduleBook {
  readonly #parts: ScheduleRowParts;

  constructor(parts: ScheduleRowParts) {
    this.#parts = parts;
  }

  get #db(): LotseDb {
    return this.#parts.database.db;
  }

  async schedules(): Promise<readonly KnownSchedule[]> {
    const rows = await this.#db.selectFrom('schedules').selectAll().execute();
    return rows.map(({ looked_at: lookedAt, ...row }) => ({ ...row, lookedAt }));
  }

  async running(): Promise<readonly ScheduledRun[]> {
    const rows = await this.#db.selectFrom('scheduled_runs').selectAll().where('state', '=', 'running').execute();
    return rows.map(runOf);
  }

  /** The latest first. */
  async runs({ app, environment, job }: ScheduleName): Promise<readonly ScheduledRun[]> {
    const rows = await this.#db
      .selectFrom('scheduled_runs')
      .selectAll()
      .where((row) => row.and({ app, environment, job }))
      .orderBy('due_at', 'desc')
      .execute();
    return rows.map(runOf);
  }

  async begin(schedule: KnownSchedule): Promise<void> {
    const { job, cron, timezone } = schedule;
    await this.#append(schedule, [scheduleEvent('schedule-begun', { job, cron, timezone })], async (trx) => {
      await lookedAt(trx, schedule);
    });
  }

  /** A clock that was wrong has seen this moment before: what ran then does not run again. */
  async hasRun({ app, environment, job }: ScheduleName, dueAt: UnixMs): Promise<boolean> {
    const row = await this.#db
      .selectFrom('scheduled_runs')
      .select('key')
      .where((row) => row.and({ app, environment, job, due_at: dueAt }))
      .executeTakeFirst();
    return row !== undefined;
  }

  /** It is not looked after any more; its runs stay. */
  async end({ app, environment, job }: ScheduleName): Promise<void> {
    await this.#db
      .deleteFrom('schedules')
      .where((row) => row.and({ app, environment, job }))
      .execute();
  }

  async miss(schedule: KnownSchedule, missed: MissedRuns): Promise<void> {
    const event = scheduleEvent('scheduled-runs-missed', { job: schedule.job, ...missed });
    await this.#append(schedule, [event], async (trx) => await lookedAt(trx, schedule));
  }

  async skip(schedule: KnownSchedule, dueAt: UnixMs, running: ScheduledRun): Promise<void> {
    const event = scheduleEvent('scheduled-run-skipped', { job: schedule.job, dueAt, running: running.key });
    await this.#append(schedule, [event], async (trx) => await lookedAt(trx, schedule));
  }

  /** Writes the intent. Resolves to keys of runs that are kept no longer. */
  async start(schedule: KnownSchedule, run: ScheduledRun): Promise<readonly string[]> {
    const { key, job, dueAt, revision } = run;
    const event = scheduleEvent('scheduled-run-started', { key, job, dueAt, revision });
    let forgotten: readonly string[] = [];
    await this.#append(schedule, [event], async (trx) => {
      await lookedAt(trx, schedule);
      await insertRun(trx, run);
      forgotten = await forgetOld(trx, run);
    });
    return forgotten;
  }

  async tellOverdue(run: ScheduledRun, withinMs: number): Promise<void> {
    const { key, job, dueAt } = run;
    await this.#append(run, [scheduleEvent('scheduled-run-overdue', { key, job, dueAt, withinMs })], async (trx) => {
      await trx.updateTable('scheduled_runs').set({ is_overdue: 1 }).where('key', '=', key).execute();
    });
  }

  async finish(run: ScheduledRun, end: RunEnd): Promise<void> {
    const { key, job, dueAt } = run;
    const { state, exitCode, signal, note, endedAt } = end;
    const event = scheduleEvent('scheduled-run-ended', { key, job, dueAt, state, exitCode, signal, note });
    await this.#append(run, [event], async (trx) => {
      const columns = { state, exit_code: exitCode, note, ended_at: endedAt };
      await trx.updateTable('scheduled_runs').set(columns).where('key', '=', key).execute();
    });
  }

  async #append(
    scope: Scope,
    drafts: readonly ReturnType<typeof scheduleEvent>[],
    write: (trx: Transaction) => Promise<void>,
  ): Promise<void> {
    await this.#parts.journal.appendWith(chainOf(scope), this.#parts.fence(), drafts, write);
  }
}

async function lookedAt(trx: Transaction, schedule: KnownSchedule): Promise<void> {
  const { app, environment, job, cron, timezone, lookedAt: looked_at } = schedule;
  await trx
    .insertInto('schedules')
    .values({ app, environment, job, cron, timezone, looked_at })
    .onConflict((conflict) =>
      conflict.columns(['app', 'environment', 'job']).doUpdateSet({ cron, timezone, looked_at }),
    )
    .execute();
}

async function insertRun(trx: Transaction, run: ScheduledRun): Promise<void> {
  const { app, environment, job, key, revision, state, note } = run;
  await trx
    .insertInto('scheduled_runs')
    .values({
      ...{ app, environment, job, key, revision, state, note },
      ...{
        due_at: run.dueAt,
        started_at: run.startedAt,
        ended_at: run.endedAt,
        exit_code: run.exitCode,
        is_overdue: 0,
      },
    })
    .execute();
}

async function forgetOld(trx: Transaction, { app, environment, job }: ScheduleName): Promise<readonly string[]> {
  const rows = await trx
    .selectFrom('scheduled_runs')
    .select(['key', 'state'])
    .where((row) => row.and({ app, environment, job }))
    .orderBy('due_at', 'desc')
    .execute();
  const old = rows.slice(runsKept).flatMap(({ key, state }) => (state === 'running' ? [] : [key]));
  if (old.length > 0) await trx.deleteFrom('scheduled_runs').where('key', 'in', old).execute();
  return old;
}

function runOf({ due_at, started_at, ended_at, exit_code, is_overdue, ...row }: ScheduledRunsTable): ScheduledRun {
  return {
    ...row,
    ...{ dueAt: due_at, startedAt: started_at, endedAt: ended_at, exitCode: exit_code },
    isOverdue: is_overdue === 1,
  };
}
