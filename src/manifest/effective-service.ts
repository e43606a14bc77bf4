import { LotseError } from '../core/errors.ts';
import type { AppManifest, EnvironmentDefinition, ServiceDefinition } from './app-manifest.ts';
import { nearestOf } from './nearest.ts';

/** An environment of the manifest by name. Throws LotseError `not-found` that names the ones there are. */
export function findEnvironment(manifest: AppManifest, environment: string): EnvironmentDefinition {
  const found = manifest.environments.find((each) => each.environment === environment);
  if (found !== undefined) return found;
  const names = manifest.environments.map((each) => each.environment);
  throw notThere(`${manifest.app} has no environment ${JSON.stringify(environment)}`, environment, names);
}

/**
 * A service as it runs in one environment. The definition of the environment is the one last accepted, which may be older
 * than the manifest's. Throws LotseError `not-found`.
 */
export function effectiveService(
  manifest: AppManifest,
  environment: EnvironmentDefinition,
  service: string,
): ServiceDefinition {
  const definition = findService(manifest, service);
  const { config: _config, ...override } = Object.hasOwn(environment.services, service)
    ? (environment.services[service] ?? {})
    : {};
  const effective = { ...definition, ...override };
  // Names lead to all machines in turns, so each has somebody who answers.
  const least = effective.kind === 'web' ? environment.servers.length : 0;
  return effective.instances < least ? { ...effective, instances: least } : effective;
}

export function findService(manifest: AppManifest, service: string): ServiceDefinition {
  const definition = Object.hasOwn(manifest.services, service) ? manifest.services[service] : undefined;
  if (definition !== undefined) return definition;
  throw notThere(`${manifest.app} has no service ${JSON.stringify(service)}`, service, Object.keys(manifest.services));
}

function notThere(message: string, written: string, names: readonly string[]): LotseError {
  const nearest = nearestOf(written, names);
  const hint = nearest === null ? `There are ${names.join(', ')}.` : `Did you mean ${nearest}?`;
  return new LotseError('not-found', message, { hint });
}
