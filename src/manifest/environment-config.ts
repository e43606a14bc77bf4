import type { AppManifest, ConfigDeclaration, EnvironmentDefinition } from './app-manifest.ts';
import { findService } from './effective-service.ts';

/** Later layers win: the app's values, the service's own, the environment's, the environment's for this service. */
export type ConfigLayer = 'app' | 'service' | 'environment';

export interface ConfigValue {
  readonly variable: string;
  readonly value: string;
  readonly layer: ConfigLayer;
  /** Where in the file it stands: `environments.production.config.LOG_LEVEL`. */
  readonly from: string;
}

export interface MissingConfig {
  readonly variable: string;
  readonly type: ConfigDeclaration['type'];
  /** The services that cannot start without it; empty when only jobs need it. */
  readonly services: readonly string[];
}

/**
 * The config that a service is given in an environment, by variable; with null for the service: what jobs and the
 * verification are given. Variables without a value are not in it. Throws LotseError `not-found` for an unknown service.
 */
export function environmentConfig(
  manifest: AppManifest,
  environment: EnvironmentDefinition,
  service: string | null,
): readonly ConfigValue[] {
  return declarationsFor(manifest, service).flatMap(({ variable, declaration, layer, from }) => {
    const given = givenBy(environment, service, variable);
    if (given !== null) return [given];
    return declaration.value === null ? [] : [{ variable, value: declaration.value, layer, from }];
  });
}

/** The values that an environment must still give before anything can start there. */
export function missingConfig(manifest: AppManifest, environment: EnvironmentDefinition): readonly MissingConfig[] {
  const missing = new Map<string, MissingConfig>();
  for (const service of [null, ...Object.keys(manifest.services)]) {
    for (const { variable, declaration } of declarationsFor(manifest, service)) {
      if (!declaration.required || declaration.value !== null) continue;
      if (givenBy(environment, service, variable) !== null) continue;
      const services = missing.get(variable)?.services ?? [];
      const all = service === null ? services : [...services, service];
      missing.set(variable, { variable, type: declaration.type, services: all });
    }
  }
  return [...missing.values()];
}

interface Declared {
  readonly variable: string;
  readonly declaration: ConfigDeclaration;
  readonly layer: 'app' | 'service';
  readonly from: string;
}

/** A service's declaration replaces the app's of the same name as a whole. */
function declarationsFor(manifest: AppManifest, service: string | null): readonly Declared[] {
  const own = service === null ? {} : findService(manifest, service).config;
  const ofApp = Object.entries(manifest.config).filter(([variable]) => !Object.hasOwn(own, variable));
  return [
    ...ofApp.map(([variable, declaration]) => declared(variable, declaration, 'app', 'config')),
    ...Object.entries(own).map(([variable, declaration]) =>
      declared(variable, declaration, 'service', `services.${service}.config`),
    ),
  ];
}

function declared(variable: string, declaration: ConfigDeclaration, layer: Declared['layer'], place: string): Declared {
  return { variable, declaration, layer, from: `${place}.${variable}` };
}

function givenBy(environment: EnvironmentDefinition, service: string | null, variable: string): ConfigValue | null {
  const place = `environments.${environment.environment}`;
  const override = service === null ? undefined : ownValue(environment.services, service)?.config;
  const own = ownValue(override ?? {}, variable);
  if (own !== undefined) {
    return { variable, value: own, layer: 'environment', from: `${place}.services.${service}.config.${variable}` };
  }
  const value = ownValue(environment.config, variable);
  return value === undefined ? null : { variable, value, layer: 'environment', from: `${place}.config.${variable}` };
}

function ownValue<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
