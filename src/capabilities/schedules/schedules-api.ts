import { z } from 'zod';

/** Shapes of the routes about jobs that run by themselves. Times are Unix milliseconds. */

export const scheduledRun = z
  .object({
    key: z.string().meta({ description: 'By it its logs are asked for' }),
    revision: z.string(),
    dueAt: z.number(),
    startedAt: z.number(),
    endedAt: z.number().nullable(),
    state: z
      .enum(['running', 'succeeded', 'failed', 'lost', 'not-started'])
      .meta({ description: 'lost: nobody knows how it ended; not-started: it could not be started in time' }),
    exitCode: z.number().int().nullable(),
    note: z.string().nullable().meta({ description: 'What Lotse says about its end' }),
    isOverdue: z.boolean().meta({ description: 'It is or was under way longer than it may' }),
  })
  .meta({ id: 'ScheduledRun' });

export const knownJob = z
  .object({
    job: z.string(),
    cron: z.string().nullable().meta({ description: 'Null: it is started by hand' }),
    timezone: z.string().nullable(),
    withinMs: z.number(),
    nextAt: z.number().nullable(),
    runs: z.array(scheduledRun).meta({ description: 'By schedule, the latest first; at most 30 are kept' }),
  })
  .meta({ id: 'KnownJob', description: 'A job of what serves in an environment' });

export type ScheduledRunView = z.infer<typeof scheduledRun>;
export type KnownJobView = z.infer<typeof knownJob>;

export const scheduleRoutes = {
  listJobs: 'GET /apps/:app/environments/:environment/jobs',
} as const;
