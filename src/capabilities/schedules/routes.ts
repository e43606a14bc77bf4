import { z } from 'zod';
import { route, type Route } from '../../api/route.ts';
import type { Scope, UnixMs } from '../../core/ids.ts';
import { runAfter } from '../../manifest/job-schedule.ts';
import type { JobDefinition } from '../../rollout/release.ts';
import type { ScheduleBook, ScheduledRun } from './schedule-rows.ts';
import type { Scheduler } from './scheduler.ts';
import * as api from './schedules-api.ts';

export interface ScheduleRouteParts {
  readonly book: ScheduleBook;
  readonly scheduler: Scheduler;
  readonly now: () => UnixMs;
}

export function routesOfSchedules({ book, scheduler, now }: ScheduleRouteParts): readonly Route[] {
  return [
    route({
      at: api.scheduleRoutes.listJobs,
      summary: 'Jobs of what serves: when each runs next, and how its last runs ended',
      role: 'viewer',
      answer: z.array(api.knownJob),
      async handle({ params }) {
        const scope: Scope = { app: params.app, environment: params.environment };
        const jobs = (await scheduler.serving(scope))?.jobs ?? [];
        return await Promise.all(
          jobs.map(async (job) => view(job, await book.runs({ ...scope, job: job.job }), now())),
        );
      },
    }),
  ];
}

function view(
  { job, schedule, withinMs }: JobDefinition,
  runs: readonly ScheduledRun[],
  now: UnixMs,
): api.KnownJobView {
  return {
    ...{ job, withinMs, cron: schedule?.cron ?? null, timezone: schedule?.timezone ?? null },
    nextAt: schedule === undefined ? null : runAfter(schedule, now),
    runs: runs.map(({ app: _app, environment: _environment, job: _job, ...run }) => run),
  };
}
