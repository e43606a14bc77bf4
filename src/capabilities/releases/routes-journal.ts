import { z } from 'zod';
import { route, type Route } from '../../api/route.ts';
import { chainOf, scopeOf } from '../../core/ids.ts';
import { buildPlace } from '../../manifest/names.ts';
import type { PositionedEvent } from '../../database/journal-rows.ts';
import { listScopes } from './environment-rows.ts';
import * as shapes from './releases-api.ts';
import type { JournalEventView } from './releases-api.ts';
import type { ReleasesContext } from './releases-context.ts';

const routes = shapes.releaseRoutes;

/** What a check of all chains found. */
export type JournalVerdict = z.input<typeof shapes.journalCheck>;

export function journalRoutes(context: ReleasesContext, check: () => Promise<JournalVerdict>): readonly Route[] {
  return [
    route({
      at: routes.journal,
      summary: 'Events of the app, oldest first',
      role: 'viewer',
      binding: 'by-handler',
      query: shapes.journalQuery,
      answer: z.array(shapes.journalEvent),
      async handle({ params, query, sees }) {
        const builds = { app: params.app, environment: buildPlace };
        const scopes = [...(await listScopes(context.database.db, params.app)), builds].filter(sees);
        const named = scopes.filter(
          (scope) => query.environment === undefined || scope.environment === query.environment,
        );
        const events = await Promise.all(named.map((scope) => readEvents(context, chainOf(scope), query)));
        const all = events.flat().toSorted((a, b) => a.position - b.position);
        return (query.latest === 'true' ? all.slice(-query.limit) : all.slice(0, query.limit)).map(eventView);
      },
    }),
    route({
      at: routes.checkJournal,
      summary: 'Verifies every chain of the journal',
      role: 'viewer',
      binding: 'by-handler',
      answer: shapes.journalCheck,
      async handle({ sees }) {
        const verdict = await check();
        return {
          ...verdict,
          chains: verdict.chains.filter(({ chain }) => sees(scopeOf(chain) ?? { app: null, environment: null })),
        };
      },
    }),
  ];
}

async function readEvents(
  context: ReleasesContext,
  chain: ReturnType<typeof chainOf>,
  query: z.output<typeof shapes.journalQuery>,
): Promise<readonly PositionedEvent[]> {
  if (query.latest === 'false') {
    return await context.journal.readAll({ afterPosition: query.after, limit: query.limit, chain });
  }
  const head = (await context.journal.heads())[chain];
  const after = Math.max(0, (head?.sequence ?? 0) - query.limit);
  return await context.journal.read(chain, { after, limit: query.limit, correlationId: null });
}

function eventView(event: PositionedEvent): JournalEventView {
  const { position, chain, sequence, id, type, at, actor, reason, correlationId, payload } = event;
  return { position, chain, sequence, id, type, at, actor: actor.id, reason, correlationId, payload };
}
