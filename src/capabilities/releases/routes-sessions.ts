import { channelRoute, type Route } from '../../api/route.ts';
import { holdOneOff } from './one-off-sessions.ts';
import { requireEnvironment } from './release-operations.ts';
import type { ReleasesContext } from './releases-context.ts';
import { sessionNews, sessionRoutes } from './session-api.ts';
import { holdSession } from './sessions.ts';

export function sessionRoutesOf(context: ReleasesContext): readonly Route[] {
  return [
    channelRoute({
      at: sessionRoutes.openSession,
      summary: 'Runs a program in an instance that serves, with a terminal or pipes',
      role: 'operator',
      answer: sessionNews,
      async handle({ params, actor }) {
        const { app, environment, service } = params;
        await requireEnvironment(context, { app, environment });
        const request = { scope: { app, environment }, service, by: actor };
        return async (channel) => await holdSession(context, request, channel);
      },
    }),
    channelRoute({
      at: sessionRoutes.runOnce,
      summary: 'Runs a program as an instance of a service that serves would run, in a place of its own',
      role: 'operator',
      answer: sessionNews,
      async handle({ params, actor }) {
        const { app, environment, service } = params;
        await requireEnvironment(context, { app, environment });
        const request = { scope: { app, environment }, service, by: actor };
        return async (channel) => await holdOneOff(context, request, channel);
      },
    }),
  ];
}
