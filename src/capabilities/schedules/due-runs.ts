import type { UnixMs } from '../../core/ids.ts';
import { runAfter, type JobSchedule } from '../../manifest/job-schedule.ts';

/** A run that nobody could start in time is still started up to so much later, in milliseconds. */
const latestStartMs = 10 * 60_000;
/** More missed runs than this are not counted one by one. */
const mostCounted = 1_000;
/** A schedule that was looked at so much later than now was looked at by a clock that was wrong, in milliseconds. */
const clockWasWrongMs = 24 * 3_600_000;

export interface MissedRuns {
  /** At most 1000: then there may be more. */
  readonly count: number;
  readonly first: UnixMs;
  readonly last: UnixMs;
}

/** What is due of one schedule, and what is not any more. */
export interface DueRuns {
  readonly due: UnixMs | null;
  readonly missed: MissedRuns | null;
}

/** The runs after one moment and up to another one, oldest first, at most `most`. */
export function runsBetween(schedule: JobSchedule, after: UnixMs, until: UnixMs, most: number): readonly UnixMs[] {
  const runs: UnixMs[] = [];
  for (let at = after; runs.length < most;) {
    const next = runAfter(schedule, at);
    if (next === null || next > until) break;
    runs.push(next);
    at = next;
  }
  return runs;
}

/** How late a run may still start, in milliseconds: ten minutes, or half the time until the next one where that is less. */
export function lateStartMs(schedule: JobSchedule, dueAt: UnixMs): number {
  const next = runAfter(schedule, dueAt);
  return next === null ? latestStartMs : Math.min(latestStartMs, (next - dueAt) / 2);
}

/**
 * What follows from the time that has passed since a schedule was looked at last. Of several runs only the latest is due,
 * and only while it may still start; the others are missed, and never made up for.
 */
export function dueRuns(schedule: JobSchedule, lookedAt: UnixMs, now: UnixMs): DueRuns {
  const recent = runsBetween(schedule, Math.max(lookedAt, now - latestStartMs - 1), now, mostCounted);
  const latest = recent.at(-1);
  const due = latest !== undefined && now - latest <= lateStartMs(schedule, latest) ? latest : null;
  const passed = runsBetween(schedule, lookedAt, now, mostCounted).filter((run) => run !== due);
  const [first] = passed;
  if (first === undefined) return { due, missed: null };
  const last = recent.findLast((run) => run !== due) ?? passed.at(-1) ?? first;
  return { due, missed: { count: passed.length, first, last } };
}

/** The clock was set back so far that the schedule would stand still for a long time. */
export function isLookedAtInFuture(lookedAt: UnixMs, now: UnixMs): boolean {
  return lookedAt - now > clockWasWrongMs;
}
