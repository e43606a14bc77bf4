import { z } from 'zod';
import { linesRoute, route, type Route } from '../../api/route.ts';
import { jobsByHand } from './jobs-by-hand.ts';
import { cancelJob, observeJob, startJob, startVerification } from './one-off-jobs.ts';
import { requireEnvironment } from './release-operations.ts';
import * as shapes from './releases-api.ts';
import type { ReleasesContext } from './releases-context.ts';

const routes = shapes.releaseRoutes;

export function jobRoutes(context: ReleasesContext): readonly Route[] {
  return [...startRoutes(context), ...jobStateRoutes(context), logsRoute(context)];
}

function startRoutes(context: ReleasesContext): readonly Route[] {
  return [
    route({
      at: routes.startJob,
      summary: 'Runs a job or a command in the surroundings of what serves now',
      role: 'operator',
      body: shapes.jobRequest,
      status: 202,
      answer: shapes.jobView,
      handle: async ({ params, body, actor }) => await startJob(context, params, body, actor),
    }),
    route({
      at: routes.verify,
      summary: "Runs the app's verification against what serves now",
      role: 'developer',
      status: 202,
      answer: shapes.jobView,
      handle: async ({ params, actor }) => await startVerification(context, params, actor),
    }),
  ];
}

function jobStateRoutes(context: ReleasesContext): readonly Route[] {
  return [
    route({
      at: routes.listJobsByHand,
      summary: 'The last jobs, commands and verifications that somebody has started, the newest first',
      role: 'viewer',
      answer: z.array(shapes.jobByHand),
      handle: async ({ params }) => await jobsByHand(context, params),
    }),
    route({
      at: routes.getJob,
      summary: 'How a job stands',
      role: 'viewer',
      answer: shapes.jobView,
      handle: async ({ params }) => await observeJob(context, params, params.job),
    }),
    route({
      at: routes.cancelJob,
      summary: 'Ends a job with everything that it started',
      role: 'operator',
      answer: z.void(),
      handle: async ({ params, actor }) => await cancelJob(context, params, params.job, actor),
    }),
  ];
}

function logsRoute(context: ReleasesContext): Route {
  return linesRoute({
    at: routes.logs,
    summary: 'Log lines of services or of a job, oldest first',
    role: 'viewer',
    query: shapes.logQuery,
    answer: shapes.logLine,
    async handle({ params, query, signal }) {
      await requireEnvironment(context, params);
      const { service = null, revision = null, job = null, last, follow } = query;
      const scope = { app: params.app, environment: params.environment };
      return context.target.logs({ ...scope, service, revision, job, last, follow: follow === 'true' }, signal);
    },
  });
}
