import type { AppManifest, ConfigDeclaration, EnvironmentDefinition } from '../app-manifest.ts';
import { nearestOf } from '../nearest.ts';
import type { Path } from '../problem.ts';
import type { Context } from './context.ts';
import { reportMeaning, reportUnknownName } from './context.ts';
import { checkConfigValue } from './normalize-config.ts';

/** No two environments may answer to one name. */
export function checkDomains(environments: readonly EnvironmentDefinition[], context: Context): void {
  const owners = new Map<string, string>();
  for (const { environment, domains } of environments) {
    for (const [index, domain] of domains.entries()) {
      const owner = owners.get(domain);
      owners.set(domain, owner ?? environment);
      if (owner === undefined) continue;
      const message = owner === environment ? `${domain} stands here twice` : `${domain} belongs to ${owner} already`;
      reportMeaning(context, ['environments', environment, 'domains', index], message);
    }
  }
}

/** Environments give values of names that are declared, and of their type. */
export function checkConfig(manifest: AppManifest, context: Context): void {
  const services = Object.values(manifest.services);
  const everywhere = [manifest.config, ...services.map((service) => service.config)];
  for (const environment of manifest.environments) {
    const path = ['environments', environment.environment];
    checkValues(environment.config, everywhere, [...path, 'config'], context);
    for (const [name, override] of Object.entries(environment.services)) {
      const own = manifest.services[name]?.config;
      if (own === undefined) continue;
      const layers = [{ ...manifest.config, ...own }];
      checkValues(override.config ?? {}, layers, [...path, 'services', name, 'config'], context);
    }
  }
}

function checkValues(
  values: Readonly<Record<string, string>>,
  declared: readonly Readonly<Record<string, ConfigDeclaration>>[],
  path: Path,
  context: Context,
): void {
  for (const [variable, value] of Object.entries(values)) {
    const place = [...path, variable];
    const declarations = declared.flatMap((layer) => (Object.hasOwn(layer, variable) ? [layer[variable]] : []));
    if (declarations.length === 0) {
      const known = [...new Set(declared.flatMap((layer) => Object.keys(layer)))];
      const names = { written: variable, known, nearest: nearestOf(variable, known) };
      reportUnknownName(context, place, 'declared config value', names, 'key');
    }
    const kinds = new Map(declarations.map((each) => [JSON.stringify([each?.type, each?.values]), each]));
    for (const kind of kinds.values()) checkConfigValue(kind ?? { type: 'string' }, value, place, context);
  }
}
