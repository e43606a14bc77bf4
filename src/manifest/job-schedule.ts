import { Cron } from 'croner';

/** When a job runs by itself. */
export interface JobSchedule {
  /** Minute, hour, day, month, weekday: `30 3 * * *`; or a name such as `@daily`. */
  readonly cron: string;
  /** IANA name. */
  readonly timezone: string;
}

/** Any moment: whether a pattern ever matches does not depend on when it is asked. */
const someDay = new Date(0);

/** What is wrong with a cron pattern; null: nothing. */
export function cronProblem(cron: string): string | null {
  try {
    const isNever = cronOf({ cron, timezone: 'UTC' }).nextRun(someDay) === null;
    return isNever ? 'there is no such day' : null;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return message.replace(/^CronPattern: /, '');
  }
}

/**
 * The first run after a moment; null: there is none. A time of day that a clock change leaves out runs when the clock has
 * changed; one that comes twice runs the first time. Schedules of every hour or minute follow the time that really passes.
 */
export function runAfter(schedule: JobSchedule, afterMs: number): number | null {
  return cronOf(schedule).nextRun(new Date(afterMs))?.getTime() ?? null;
}

/** Without a function it starts nothing by itself. */
function cronOf({ cron, timezone }: JobSchedule): Cron {
  return new Cron(cron, { timezone, mode: '5-part' });
}
