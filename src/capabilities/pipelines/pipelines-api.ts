import { z } from 'zod';

/** Shapes of the routes about pipelines. Times are Unix milliseconds. */

export const pipelineJob = z
  .object({
    job: z.string(),
    needs: z.array(z.string()),
    state: z.enum(['waiting', 'running', 'passed', 'failed', 'cancelled', 'skipped']).meta({
      description: 'skipped: a job that it needs has not passed',
    }),
    attempt: z.number().int().meta({ description: '2: nobody knows how the first one ended' }),
    startedAt: z.number().nullable(),
    endedAt: z.number().nullable(),
    exitCode: z.number().int().nullable(),
    cache: z.enum(['hit', 'miss']).nullable().meta({ description: 'Null: it keeps none, or did not begin' }),
    hasArtifacts: z.boolean().meta({ description: 'Files of it are kept' }),
    note: z.string().nullable().meta({ description: 'What Lotse says about its end' }),
  })
  .meta({ id: 'PipelineJob' });

export const pipeline = z
  .object({
    id: z.string(),
    app: z.string(),
    release: z.string(),
    commit: z.string(),
    branch: z.string().nullable(),
    state: z.enum(['queued', 'running', 'passed', 'failed', 'cancelled']),
    isCancelled: z
      .boolean()
      .meta({ description: 'It is ending, or has ended, because somebody or a newer run said so' }),
    by: z.string(),
    createdAt: z.number(),
    startedAt: z.number().nullable(),
    endedAt: z.number().nullable(),
    note: z.string().nullable().meta({ description: 'Why it has not passed' }),
    hasFiles: z.boolean().meta({ description: 'Its source, logs and artifacts are kept' }),
    jobs: z.array(pipelineJob),
  })
  .meta({ id: 'Pipeline', description: 'A run of what is done with a release before it is deployed' });

export const pipelineQuery = z.object({
  release: z.string().optional().meta({ description: 'Runs for this release alone' }),
  limit: z.coerce.number().int().min(1).max(200).default(30),
});

export const pipelineRequest = z.object({
  release: z.string().optional().meta({ description: 'Left out: the newest one' }),
});

export const pipelineCancellation = z.object({ reason: z.string().max(2000).optional() });

export const pipelineLogQuery = z.object({
  job: z.string(),
  last: z.coerce.number().int().min(0).max(10_000).default(1000),
  follow: z.enum(['true', 'false']).default('false').meta({ description: 'Until the job is over' }),
});

/** One line of `application/x-ndjson`. */
export const pipelineLogLine = z
  .object({ at: z.number(), job: z.string(), stream: z.enum(['out', 'err']), text: z.string() })
  .meta({ id: 'PipelineLogLine' });

export type PipelineView = z.infer<typeof pipeline>;
export type PipelineJobView = z.infer<typeof pipelineJob>;
export type PipelineLogLineView = z.infer<typeof pipelineLogLine>;

export const pipelineRoutes = {
  listPipelines: 'GET /apps/:app/pipelines',
  runPipeline: 'POST /apps/:app/pipelines',
  getPipeline: 'GET /apps/:app/pipelines/:pipeline',
  cancelPipeline: 'POST /apps/:app/pipelines/:pipeline/cancel',
  pipelineLogs: 'GET /apps/:app/pipelines/:pipeline/logs',
} as const;
