import type { Route } from '../../api/route.ts';
import type { Builds } from './builds.ts';
import type { ReleasesContext } from './releases-context.ts';
import { checklistRoutes } from './routes-checklists.ts';
import { environmentRoutes } from './routes-environments.ts';
import { routesOfEvidence } from './routes-evidence.ts';
import { jobRoutes } from './routes-jobs.ts';
import { journalRoutes, type JournalVerdict } from './routes-journal.ts';
import { previewRoutes } from './routes-previews.ts';
import { releaseRoutesOf } from './routes-releases.ts';
import { rolloutRoutes } from './routes-rollouts.ts';
import { seriesRoutes } from './routes-series.ts';
import { serverRoutes } from './routes-servers.ts';
import { sessionRoutesOf } from './routes-sessions.ts';

export interface ReleaseRoutesParts {
  readonly context: ReleasesContext;
  readonly builds: Builds;
  readonly checkJournal: () => Promise<JournalVerdict>;
}

/** All routes of the capability; shapes in releases-api.ts. */
export function routesOfReleases({ context, builds, checkJournal }: ReleaseRoutesParts): readonly Route[] {
  return [
    ...releaseRoutesOf(context, builds),
    ...environmentRoutes(context),
    ...routesOfEvidence(context),
    ...checklistRoutes(context),
    ...previewRoutes(context),
    ...rolloutRoutes(context),
    ...seriesRoutes(context),
    ...jobRoutes(context),
    ...sessionRoutesOf(context),
    ...journalRoutes(context, checkJournal),
    ...serverRoutes(context),
  ];
}
