import type { Scope, ServiceName, UnixMs } from '../../core/ids.ts';
import { namesOfActors } from '../../database/names-of-actors.ts';
import { environmentConfig } from '../../manifest/environment-config.ts';
import type { ReleasePart } from '../../ports/release-part/release-part.ts';
import type { Variables } from '../../ports/targets/targets.ts';
import type { Revision } from '../../rollout/release.ts';
import { sayValueSource } from './config-api.ts';
import { configPart, configValues, type SourcesOfRevision } from './config-part.ts';
import { mostVersions, sourcesOf } from './config-view.ts';
import { manifestOf, type ConfigWorld } from './config-world.ts';
import { routesOfConfig } from './routes.ts';
import { settingsChangedAt, settingsHistory } from './settings-rows.ts';

/** What the rest of the control plane has of config. */
export interface Config {
  readonly part: ReleasePart;
  /** Of a service (null: of jobs); null when the frozen version is gone. */
  values(revision: Revision, service: ServiceName | null): Promise<Variables | null>;
  /** When what is set was changed last before that moment; null: never. */
  changedAt(scope: Scope, before: UnixMs): Promise<UnixMs | null>;
  readonly routes: ReturnType<typeof routesOfConfig>;
}

export function openConfig(world: ConfigWorld): Config {
  const { db } = world.database;
  return {
    part: configPart(db, world.now, sourcesOfRevision(world)),
    values: (revision, service) => configValues(db, revision, revision.configVersion, service),
    changedAt: (scope, before) => settingsChangedAt(db, scope, before),
    routes: routesOfConfig(world),
  };
}

/** A value that is not what would be given now comes from the revision itself: it was frozen before. */
function sourcesOfRevision(world: ConfigWorld): SourcesOfRevision {
  return async (revision) => {
    const release = await world.releases.release(revision.app, revision.release);
    const manifest = manifestOf(release);
    const definition = manifest.environments.find((each) => each.environment === revision.environment);
    const history = await settingsHistory(world.database.db, revision, mostVersions);
    const settings = history[0]?.settings ?? [];
    const sourceOf = sourcesOf(release, settings, history, await namesOfActors(world.database.db));
    return (variable, service, value) => {
      const now = definition === undefined ? [] : environmentConfig(manifest, definition, service, settings);
      const given = now.find((each) => each.variable === variable);
      return given?.value === value ? sayValueSource(sourceOf(given, service)) : `frozen in ${revision.id}`;
    };
  };
}
