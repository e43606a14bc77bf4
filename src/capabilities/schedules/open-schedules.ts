import type { UnixMs } from '../../core/ids.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { Database } from '../../database/open-database.ts';
import { routesOfSchedules } from './routes.ts';
import { ScheduleBook } from './schedule-rows.ts';
import { Scheduler, type SchedulerParts } from './scheduler.ts';

interface SchedulesParts extends Omit<SchedulerParts, 'book'> {
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly fence: () => number;
  readonly now: () => UnixMs;
}

/** What the rest of the control plane has of schedules. */
export interface Schedules {
  readonly routes: ReturnType<typeof routesOfSchedules>;
  /** Begins to look at what is due, once the engine knows what serves. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Jobs by schedule, where an earlier control plane left them. */
export function openSchedules(parts: SchedulesParts): Schedules {
  const book = new ScheduleBook(parts);
  const scheduler = new Scheduler({ ...parts, book });
  const stopListening = parts.journal.onAppend((events) => {
    if (events.some(({ type }) => type === 'rollout-planned' || type === 'upstream-adopted')) scheduler.forgetScopes();
  });
  return {
    routes: routesOfSchedules({ book, scheduler, now: parts.now }),
    async start() {
      await scheduler.open();
      scheduler.start();
    },
    async close() {
      stopListening();
      await scheduler.close();
    },
  };
}
