import { z } from 'zod';
import { eventsRoute, route, uploadRoute, type Route, type ServerEvent } from '../../api/route.ts';
import { LotseError } from '../../core/errors.ts';
import type { Builds, BuildProgress } from './builds.ts';
import { listAppRows, listScopes } from './environment-rows.ts';
import { acceptSource } from './release-operations.ts';
import { findRelease, listReleases } from './release-rows.ts';
import { buildView, releaseView } from './release-view.ts';
import * as shapes from './releases-api.ts';
import type { ReleasesContext } from './releases-context.ts';

const routes = shapes.releaseRoutes;

export function releaseRoutesOf(context: ReleasesContext, builds: Builds): readonly Route[] {
  return [listApps(context), ...readRoutes(context), createRoute(context, builds), ...buildRoutes(context, builds)];
}

function listApps(context: ReleasesContext): Route {
  return route({
    at: routes.listApps,
    summary: 'Every app that is known',
    role: 'viewer',
    binding: 'by-handler',
    answer: z.array(shapes.app),
    async handle({ sees }) {
      const apps = (await listAppRows(context.database.db)).filter(({ app }) => sees({ app, environment: null }));
      const environments = await listScopes(context.database.db, null);
      return apps.map(({ app, createdAt }) => ({
        app,
        createdAt,
        environments: environments.flatMap((each) => (each.app === app ? [each.environment] : [])),
      }));
    },
  });
}

function readRoutes(context: ReleasesContext): readonly Route[] {
  const { db } = context.database;
  return [
    route({
      at: routes.listReleases,
      summary: 'Releases, the newest first',
      role: 'viewer',
      binding: 'by-handler',
      answer: z.array(shapes.release),
      handle: async ({ params }) =>
        await Promise.all((await listReleases(db, params.app, 50)).map((release) => releaseView(context, release))),
    }),
    route({
      at: routes.getRelease,
      summary: 'One release',
      role: 'viewer',
      binding: 'by-handler',
      answer: shapes.release,
      handle: async ({ params }) => await releaseView(context, await findRelease(db, params.app, params.release)),
    }),
  ];
}

function createRoute(context: ReleasesContext, builds: Builds): Route {
  return uploadRoute({
    at: routes.createRelease,
    summary: 'Builds a release from source; the same source again answers with the same release',
    role: 'developer',
    binding: 'by-handler',
    query: shapes.releaseQuery,
    status: 202,
    answer: shapes.build,
    async handle({ params, query, body, actor }) {
      const { commit, dirty, branch = null, subject = null } = query;
      const about = { app: params.app, commit, dirty: dirty === 'true', branch, subject };
      return await buildView(context, await acceptSource(context, builds, about, body, actor));
    },
  });
}

function buildRoutes(context: ReleasesContext, builds: Builds): readonly Route[] {
  return [
    route({
      at: routes.getBuild,
      summary: 'How a build stands',
      role: 'viewer',
      binding: 'by-handler',
      answer: shapes.build,
      handle: async ({ params }) => await buildView(context, requireBuild(builds, params.app, params.build)),
    }),
    eventsRoute({
      at: routes.buildProgress,
      summary: 'Lines of a build as they come, then its end',
      role: 'viewer',
      binding: 'by-handler',
      answer: z.union([shapes.buildLine, shapes.build]),
      handle({ params, signal }) {
        requireBuild(builds, params.app, params.build);
        return progressEvents(context, builds, params.build, signal);
      },
    }),
    route({
      at: routes.cancelBuild,
      summary: 'Ends a build',
      role: 'developer',
      binding: 'by-handler',
      answer: z.void(),
      handle({ params }) {
        requireBuild(builds, params.app, params.build);
        builds.cancel(params.build);
      },
    }),
  ];
}

async function* progressEvents(
  context: ReleasesContext,
  builds: Builds,
  id: string,
  signal: AbortSignal,
): AsyncIterable<ServerEvent> {
  for await (const text of builds.follow(id, signal)) yield { name: 'line', data: { text } };
  const build = builds.find(id);
  if (build !== null) yield { name: 'end', data: await buildView(context, build) };
}

function requireBuild(builds: Builds, app: string, id: string): BuildProgress {
  const build = builds.find(id);
  if (build !== null && build.app === app) return build;
  throw new LotseError('not-found', `${app} has no build ${JSON.stringify(id)}`, {
    hint: 'Builds are forgotten when Lotse starts again; send the source again.',
  });
}
