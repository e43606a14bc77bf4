import { z } from 'zod';
import { route, type Route } from '../../api/route.ts';
import { namesOfActors } from '../../database/names-of-actors.ts';
import { checkSettings } from './change-config.ts';
import { compareConfig } from './compare-config.ts';
import * as api from './config-api.ts';
import { configViewOf, mostVersions, versionView } from './config-view.ts';
import type { ConfigWorld } from './config-world.ts';
import { settingsHistory, writeSettings } from './settings-rows.ts';

const routes = api.configRoutes;

export function routesOfConfig(world: ConfigWorld): readonly Route[] {
  return [
    route({
      at: routes.getConfig,
      summary: 'The config of an environment: each value, where it comes from, and what runs',
      role: 'viewer',
      answer: api.configView,
      handle: async ({ params }) => await configViewOf(world, params),
    }),
    route({
      at: routes.changeConfig,
      summary: 'Sets or unsets config values of an environment; the next rollout brings them',
      role: 'developer',
      body: api.configChange,
      answer: api.configChanged,
      async handle({ params, body, actor }) {
        await checkSettings(world, params, body.set, body.ahead);
        const changed = await writeSettings(world, params, body, actor, body.reason);
        const names = await namesOfActors(world.database.db);
        return {
          changed: changed === null ? null : versionView(changed, names),
          config: await configViewOf(world, params),
        };
      },
    }),
    route({
      at: routes.configHistory,
      summary: 'Every change of what is set for an environment, the newest first',
      role: 'viewer',
      answer: z.array(api.settingsVersion),
      async handle({ params }) {
        const names = await namesOfActors(world.database.db);
        const versions = await settingsHistory(world.database.db, params, mostVersions);
        return versions.map((version) => versionView(version, names));
      },
    }),
    route({
      at: routes.compareConfig,
      summary: 'Compares the config of two environments, versions or revisions',
      role: 'viewer',
      binding: 'by-handler',
      query: api.configDiffQuery,
      answer: api.configDiff,
      handle: async ({ params, query, refuseOutside }) =>
        await compareConfig(world, params.app, query, (scope) => refuseOutside(scope)),
    }),
  ];
}
