import { z } from 'zod';
import { route, type Route } from '../../api/route.ts';
import { LotseError } from '../../core/errors.ts';
import type { UnixMs } from '../../core/ids.ts';
import { namePattern } from '../../manifest/names.ts';
import type { Delivery, DeliveryRows } from './delivery-rows.ts';
import { hooksPath } from './hook-server.ts';
import type { ReportRows } from './report-rows.ts';
import { checkBranch, checkFolder, kindOf, parseAddress } from './source-address.ts';
import type { SourceRows } from './source-rows.ts';
import type { Source } from './source.ts';
import * as api from './sources-api.ts';

export interface SourceRouteParts {
  readonly sources: SourceRows;
  readonly deliveries: DeliveryRows;
  readonly reports: ReportRows;
  readonly now: () => UnixMs;
}

const routes = api.sourceRoutes;
const mostListed = 10;

export function routesOfSources(parts: SourceRouteParts): readonly Route[] {
  const { sources } = parts;
  return [
    route({
      at: routes.listSources,
      summary: 'Repositories whose pushes are deployed, what they sent last, and what they were told',
      role: 'viewer',
      binding: 'by-handler',
      answer: z.array(api.source),
      async handle({ params, sees }) {
        const seen = (await sources.list(params.app)).filter((source) => sees(source));
        return await Promise.all(seen.map((source) => viewOf(parts, source)));
      },
    }),
    route({
      at: routes.connectSource,
      summary: 'Sets the rule that a push to a branch goes to an environment',
      role: 'operator',
      binding: 'by-handler',
      body: api.sourceRequest,
      answer: api.connectedSource,
      async handle({ params, body, actor, refuseOutside }) {
        const source = sourceFrom(params, body, parts.now());
        refuseOutside(source);
        const before = await sources.find(params.app, params.source);
        if (before !== null) refuseOutside(before);
        const secret = await sources.put(source, body.newSecret, actor);
        return { source: await viewOf(parts, source), secret: secret?.reveal() ?? null };
      },
    }),
    route({
      at: routes.disconnectSource,
      summary: 'Ends the rule; what was deployed stays',
      role: 'operator',
      binding: 'by-handler',
      answer: z.void(),
      async handle({ params, actor, refuseOutside }) {
        const source = await sources.find(params.app, params.source);
        if (source === null) {
          const hint = '`lotse source list` shows them.';
          throw new LotseError('not-found', `${params.app} has no source ${JSON.stringify(params.source)}`, { hint });
        }
        refuseOutside(source);
        await sources.remove(source, actor);
      },
    }),
  ];
}

/** Errors: `bad-input`. */
function sourceFrom(
  named: { readonly app: string; readonly source: string },
  body: api.SourceRequest,
  now: UnixMs,
): Source {
  const { app, source: name } = named;
  if (!namePattern.test(app) || !namePattern.test(name))
    throw new LotseError('bad-input', `${app}/${name} cannot be an app and the name of a source`);
  const address = parseAddress(body.address);
  checkBranch(body.branch);
  checkFolder(body.folder);
  if (address.isOpen && body.token !== null) {
    const hint = 'Use https:// or ssh.';
    throw new LotseError('bad-input', 'a token over plain HTTP could be read by whoever is on the way', { hint });
  }
  const { branch, environment, folder, token, key, tells } = body;
  const kind = kindOf(address, body.kind);
  return { app, name, kind, address: body.address, branch, environment, folder, token, key, tells, connectedAt: now };
}

async function viewOf({ deliveries, reports }: SourceRouteParts, source: Source): Promise<api.SourceView> {
  const { app, name } = source;
  const told = await reports.list(app, name, mostListed);
  return {
    ...source,
    path: `${hooksPath}${app}/${name}`,
    deliveries: (await deliveries.list(app, name, mostListed)).map(deliveryView),
    reports: told.map(({ commit, environment, standing, state, problem }) => ({
      commit,
      environment,
      standing,
      state,
      problem,
    })),
  };
}

function deliveryView({ app: _app, source: _source, ...view }: Delivery): api.DeliveryView {
  return view;
}
