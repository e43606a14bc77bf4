import { route, type Route } from '../../api/route.ts';
import * as api from './checklist-api.ts';
import { checklistsOf } from './checklists.ts';
import { requireEnvironment } from './release-operations.ts';
import type { ReleasesContext } from './releases-context.ts';
import { releaseInQuestion } from './sign-gates.ts';

export function checklistRoutes(context: ReleasesContext): readonly Route[] {
  return [
    route({
      at: api.checklistRoutes.getChecklists,
      summary: 'Lines of the checklists of a release, and who has signed which',
      role: 'viewer',
      query: api.checklistQuery,
      answer: api.checklist,
      async handle({ params, query }) {
        await requireEnvironment(context, params);
        const release = await releaseInQuestion(context, params, query.release ?? null);
        return await checklistsOf(context, params, release);
      },
    }),
  ];
}
