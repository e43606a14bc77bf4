import { z } from 'zod';
import { route, type Route } from '../../api/route.ts';
import { parseServerAddress } from '../../core/server-address.ts';
import * as shapes from './releases-api.ts';
import type { ReleasesContext } from './releases-context.ts';

/** How the machines of `servers:` look from here: it is this machine whose keys and certificates open them. */
export function serverRoutes(context: ReleasesContext): readonly Route[] {
  return [
    route({
      at: shapes.releaseRoutes.lookAtServers,
      summary: 'Asks the Docker engines of these machines, and of those that environments run on; changes nothing',
      role: 'developer',
      body: shapes.serversRequest,
      answer: z.array(shapes.serverLook),
      async handle({ body }) {
        for (const server of body.servers) parseServerAddress(server);
        return [...(await context.lookAtServers(body.servers))];
      },
    }),
  ];
}
