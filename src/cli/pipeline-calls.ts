import { z } from 'zod';
import * as api from '../capabilities/pipelines/pipelines-api.ts';
import type { ControlPlane } from './control-plane.ts';

const routes = api.pipelineRoutes;

export type PipelineLogQuery = z.input<typeof api.pipelineLogQuery>;

/** The routes about pipelines, as calls. */
export function pipelineCalls({ client, app }: ControlPlane) {
  return {
    list: (query: { readonly release?: string; readonly limit?: number }) =>
      client.call(routes.listPipelines, z.array(api.pipeline), { path: { app }, query }),
    show: (pipeline: string) => client.call(routes.getPipeline, api.pipeline, { path: { app, pipeline } }),
    run: (release: string | undefined) =>
      client.call(routes.runPipeline, api.pipeline, { path: { app }, json: release === undefined ? {} : { release } }),
    cancel: (pipeline: string, reason: string | undefined) =>
      client.call(routes.cancelPipeline, api.pipeline, {
        path: { app, pipeline },
        json: reason === undefined ? {} : { reason },
      }),
    logs: (pipeline: string, query: PipelineLogQuery, signal: AbortSignal) =>
      client.lines(routes.pipelineLogs, api.pipelineLogLine, {
        path: { app, pipeline },
        query: { ...query, last: query.last === undefined ? undefined : Number(query.last) },
        signal,
      }),
  };
}
