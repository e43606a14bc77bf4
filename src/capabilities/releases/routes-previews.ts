import { route, type Route } from '../../api/route.ts';
import { previewRelease } from './preview-release.ts';
import * as shapes from './releases-api.ts';
import type { ReleasesContext } from './releases-context.ts';

export function previewRoutes(context: ReleasesContext): readonly Route[] {
  return [
    route({
      at: shapes.releaseRoutes.preview,
      summary: 'Says where a release can be seen before users see it',
      role: 'developer',
      body: shapes.previewRequest,
      answer: shapes.preview,
      handle: async ({ params, body }) => await previewRelease(context, params, body.release ?? null, body.forMs),
    }),
  ];
}
