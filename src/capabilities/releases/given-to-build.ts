import type { BuildDefinition } from '../../manifest/app-manifest.ts';
import type { BuildOrder } from '../../ports/builders/builders.ts';
import type { IncomingSource } from './create-release.ts';
import type { ReleasesContext } from './releases-context.ts';

/**
 * Secrets that the manifest names for its build, and its logins at registries: a password is given to no step of the build
 * unless it is named there as well. Errors: as of `buildSecrets`.
 */
export async function givenToBuild(
  context: Pick<ReleasesContext, 'buildSecrets'>,
  { app, commit, by }: Pick<IncomingSource, 'app' | 'commit' | 'by'>,
  { secrets = [], registries = {} }: Pick<BuildDefinition, 'secrets' | 'registries'>,
): Promise<Pick<BuildOrder, 'secrets' | 'registries'>> {
  const logins = Object.entries(registries);
  const names = [...new Set([...secrets, ...logins.map(([, { password }]) => password)])];
  if (names.length === 0) return {};
  const values = new Map(Object.entries(await context.buildSecrets({ app, commit, names, by })));
  const given = secrets.flatMap((name) => {
    const value = values.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const open = logins.flatMap(([registry, { user, password }]) => {
    const value = values.get(password);
    return value === undefined ? [] : [[registry, { username: user, password: value }] as const];
  });
  return { secrets: Object.fromEntries(given), registries: Object.fromEntries(open) };
}
