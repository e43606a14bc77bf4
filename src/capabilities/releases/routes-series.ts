import { route, type Route } from '../../api/route.ts';
import { requireEnvironment } from './release-operations.ts';
import { releaseRoutes } from './releases-api.ts';
import type { ReleasesContext } from './releases-context.ts';
import * as shapes from './series-api.ts';

export function seriesRoutes(context: ReleasesContext): readonly Route[] {
  return [
    route({
      at: releaseRoutes.series,
      summary: 'Requests, failures and durations of the last two hours, by service and revision',
      role: 'viewer',
      query: shapes.seriesQuery,
      answer: shapes.trafficSeries,
      async handle({ params, query }) {
        await requireEnvironment(context, params);
        const since = context.now() - query.forMs;
        const { series, ...history } = context.engine.series(params, { service: query.service ?? null, since });
        return {
          ...history,
          series: series.map(({ service, revision, requests, failed, medianMs, p95Ms }) => ({
            ...{ service, revision, requests: [...requests], failed: [...failed] },
            ...{ medianMs: [...medianMs], p95Ms: [...p95Ms] },
          })),
        };
      },
    }),
  ];
}
