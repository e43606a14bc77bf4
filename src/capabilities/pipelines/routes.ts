import { z } from 'zod';
import { linesRoute, route, type Route } from '../../api/route.ts';
import { LotseError } from '../../core/errors.ts';
import type { Actor } from '../../core/events.ts';
import type { AppName, ReleaseId } from '../../core/ids.ts';
import type { Target } from '../../ports/targets/targets.ts';
import { nameOfRun, numberOfRun } from './pipeline.ts';
import { readJobLog } from './job-log.ts';
import type { KnownRun, PipelineBook } from './pipeline-rows.ts';
import * as api from './pipelines-api.ts';

export interface PipelineRouteParts {
  readonly book: PipelineBook;
  readonly target: Pick<Target, 'logs'>;
  readonly wake: () => void;
  /** A new run for a release (null: the newest one), or the one under way. Errors: `not-found`. */
  readonly runAgain: (app: AppName, release: ReleaseId | null, by: Actor) => Promise<KnownRun>;
}

const { pipelineRoutes: routes } = api;

export function routesOfPipelines(parts: PipelineRouteParts): readonly Route[] {
  return [...readRoutes(parts), ...changeRoutes(parts), logsRoute(parts)];
}

function readRoutes({ book }: PipelineRouteParts): readonly Route[] {
  return [
    route({
      at: routes.listPipelines,
      summary: 'Runs of pipelines, the latest first',
      role: 'viewer',
      binding: 'by-handler',
      query: api.pipelineQuery,
      answer: z.array(api.pipeline),
      async handle({ params, query }) {
        return (await book.list(params.app, query.release ?? null, query.limit)).map(view);
      },
    }),
    route({
      at: routes.getPipeline,
      summary: 'How a run stands, with its jobs',
      role: 'viewer',
      binding: 'by-handler',
      answer: api.pipeline,
      async handle({ params }) {
        return view(await requireRun(book, params.app, params.pipeline));
      },
    }),
  ];
}

function changeRoutes({ book, wake, runAgain }: PipelineRouteParts): readonly Route[] {
  return [
    route({
      at: routes.runPipeline,
      summary: 'Runs the pipeline of a release again; one under way is joined',
      role: 'developer',
      binding: 'by-handler',
      body: api.pipelineRequest,
      status: 202,
      answer: api.pipeline,
      async handle({ params, body, actor }) {
        return view(await runAgain(params.app, body.release ?? null, actor));
      },
    }),
    route({
      at: routes.cancelPipeline,
      summary: 'Ends a run, and every process of its jobs',
      role: 'developer',
      binding: 'by-handler',
      body: api.pipelineCancellation,
      answer: api.pipeline,
      async handle({ params, body, actor }) {
        const run = await requireRun(book, params.app, params.pipeline);
        if (run.endedAt !== null) throw new LotseError('conflict', `${params.pipeline} has ended`);
        const because = body.reason === undefined ? '' : `: ${body.reason}`;
        if (!run.isCancelled) {
          await book.cancel(run, `it was cancelled by ${actor.id}${because}`, null, actor, body.reason ?? null);
          wake();
        }
        return view(await requireRun(book, params.app, params.pipeline));
      },
    }),
  ];
}

function logsRoute({ book, target }: PipelineRouteParts): Route {
  return linesRoute({
    at: routes.pipelineLogs,
    summary: 'What a job of a run writes, oldest first',
    role: 'viewer',
    binding: 'by-handler',
    query: api.pipelineLogQuery,
    answer: api.pipelineLogLine,
    async handle({ params, query, signal }) {
      const run = await requireRun(book, params.app, params.pipeline);
      const job = run.jobs.find((each) => each.job === query.job);
      if (job !== undefined) return readJobLog({ book, target }, run, job, { ...query, signal });
      const hint = `It has ${run.jobs.map((each) => each.job).join(', ')}.`;
      throw new LotseError('not-found', `${params.pipeline} has no job ${JSON.stringify(query.job)}`, { hint });
    },
  });
}

async function requireRun(book: PipelineBook, app: AppName, name: string): Promise<KnownRun> {
  const number = numberOfRun(name);
  const found = number === null ? null : await book.find({ app, number });
  if (found !== null) return found;
  throw new LotseError('not-found', `${app} has no run ${JSON.stringify(name)}`, {
    hint: '`lotse pipeline list` shows them.',
  });
}

function view(run: KnownRun): api.PipelineView {
  const { app, release, commit, branch, state, isCancelled, by, createdAt, startedAt, endedAt, note, hasFiles } = run;
  return {
    ...{ id: nameOfRun(run), app, release, commit, branch, state, isCancelled, by: by.id },
    ...{ createdAt, startedAt, endedAt, note, hasFiles },
    jobs: run.jobs.map((job) => ({ ...job, needs: [...job.needs] })),
  };
}
