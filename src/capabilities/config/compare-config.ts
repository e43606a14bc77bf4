import { LotseError } from '../../core/errors.ts';
import type { AppName, Scope } from '../../core/ids.ts';
import { compareDocuments, documentFor, type ConfigDocument } from './config-document.ts';
import type { ConfigDiffView } from './config-api.ts';
import { readConfig } from './config-part.ts';
import { manifestOf, subjectOf, type ConfigWorld } from './config-world.ts';
import { settingsVersion } from './settings-rows.ts';

/** Refuses a credential that may not see an environment. */
export type RefuseOutside = (scope: Scope) => void;

/**
 * Compares two sides: an environment as it would be given now (`production`), with the settings of a version of it
 * (`production@3`; 0: with none), or a revision as it was frozen (`production-7`). Errors: `not-found`, `bad-input`.
 */
export async function compareConfig(
  world: ConfigWorld,
  app: AppName,
  sides: { readonly from: string; readonly to: string },
  refuseOutside: RefuseOutside,
): Promise<ConfigDiffView> {
  const from = await documentOf(world, app, sides.from, refuseOutside);
  const to = await documentOf(world, app, sides.to, refuseOutside);
  return { ...sides, lines: [...compareDocuments(from, to)] };
}

async function documentOf(
  world: ConfigWorld,
  app: AppName,
  named: string,
  refuseOutside: RefuseOutside,
): Promise<ConfigDocument> {
  const [, environment = '', number] = /^([a-z0-9-]+)(?:@(\d{1,9}))?$/.exec(named) ?? [];
  if (environment === '') {
    throw new LotseError('bad-input', `${JSON.stringify(named)} names no config`, {
      hint: 'An environment (production), a version of what is set (production@3), or a revision (production-7).',
    });
  }
  const revision = number === undefined ? await world.releases.revision(app, named) : null;
  if (revision !== null) {
    refuseOutside({ app, environment: revision.environment });
    const frozen = await readConfig(world.database.db, revision, revision.configVersion);
    if (frozen !== null) return frozen;
    throw new LotseError('not-found', `the config version of ${revision.id} is gone`);
  }
  const scope = { app, environment };
  refuseOutside(scope);
  return await givenNow(world, scope, number === undefined ? null : Number(number));
}

async function givenNow(world: ConfigWorld, scope: Scope, version: number | null): Promise<ConfigDocument> {
  const { release } = await subjectOf(world, scope);
  const manifest = release === null ? null : manifestOf(release);
  const definition = manifest?.environments.find((each) => each.environment === scope.environment);
  if (manifest === null || definition === undefined) {
    throw new LotseError('not-found', `${scope.app} has no environment or revision ${scope.environment}`);
  }
  const found = version === 0 ? null : await settingsVersion(world.database.db, scope, version ?? undefined);
  if (found === null && version !== null && version !== 0) {
    throw new LotseError('not-found', `${scope.environment} has no version ${version} of its settings`, {
      hint: `\`lotse config history ${scope.environment}\` lists them.`,
    });
  }
  return documentFor(manifest, definition, found?.settings ?? []);
}
