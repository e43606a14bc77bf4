import { route, type Route } from '../../api/route.ts';
import { addEvidence } from './add-evidence.ts';
import { evidenceRequest, evidenceRoutes } from './evidence-api.ts';
import { evidenceView } from './release-view.ts';
import { evidence } from './releases-api.ts';
import type { ReleasesContext } from './releases-context.ts';

export function routesOfEvidence(context: ReleasesContext): readonly Route[] {
  return [
    route({
      at: evidenceRoutes.addEvidence,
      summary: 'Records what a report of tests or of a scan says about a release',
      role: 'developer',
      body: evidenceRequest,
      status: 201,
      answer: evidence,
      handle: async ({ params, body, actor }) => evidenceView(await addEvidence(context, params, body, actor)),
    }),
  ];
}
