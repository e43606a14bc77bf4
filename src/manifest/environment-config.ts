import type { AppManifest, ConfigDeclaration, EnvironmentDefinition } from './app-manifest.ts';
import { findService } from './effective-service.ts';

/**
 * Later layers win: the app's values, the service's own, the environment's, the environment's for this service; then
 * what a person has set, for the environment and for this service of it.
 */
export type ConfigLayer = 'app' | 'service' | 'environment' | 'set';

/** What a person has set for an environment, beside the file. */
export interface ConfigOverride {
  readonly variable: string;
  readonly value: string;
  /** Null: for every service and for jobs. */
  readonly service: string | null;
}

export interface ConfigValue {
  readonly variable: string;
  readonly value: string;
  readonly layer: ConfigLayer;
  /** Where in the file it stands, `environments.production.config.LOG_LEVEL`; where it is declared, for what was set. */
  readonly from: string;
  readonly declaration: ConfigDeclaration;
}

export interface MissingConfig {
  readonly variable: string;
  readonly type: ConfigDeclaration['type'];
  /** Where in the file it is declared. */
  readonly from: string;
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
  overrides: readonly ConfigOverride[] = [],
): readonly ConfigValue[] {
  return declarationsFor(manifest, service).flatMap(({ variable, declaration, layer, from }): ConfigValue[] => {
    const set = overrideOf(overrides, service, variable);
    if (set !== null) return [{ variable, value: set.value, layer: 'set', from, declaration }];
    const given = givenBy(environment, service, variable);
    if (given !== null) return [{ variable, ...given, layer: 'environment', declaration }];
    return declaration.value === null ? [] : [{ variable, value: declaration.value, layer, from, declaration }];
  });
}

/** What was set for a variable of a service (null: of jobs); what was set for the service wins over what holds for all. */
export function overrideOf<Override extends ConfigOverride>(
  overrides: readonly Override[],
  service: string | null,
  variable: string,
): Override | null {
  const named = overrides.filter((each) => each.variable === variable);
  const own = service === null ? undefined : named.find((each) => each.service === service);
  return own ?? named.find((each) => each.service === null) ?? null;
}

/** Declarations of a variable: the app's and those of services, with the place in the file. */
export function declarationsOf(
  manifest: AppManifest,
  variable: string,
): readonly { readonly service: string | null; readonly from: string; readonly declaration: ConfigDeclaration }[] {
  return [null, ...Object.keys(manifest.services)].flatMap((service) => {
    const own = service === null ? manifest.config : findService(manifest, service).config;
    const declaration = ownValue(own, variable);
    const place = service === null ? 'config' : `services.${service}.config`;
    return declaration === undefined ? [] : [{ service, from: `${place}.${variable}`, declaration }];
  });
}

/** Every variable that the app or one of its services declares. */
export function declaredVariables(manifest: AppManifest): readonly string[] {
  const services = Object.values(manifest.services).flatMap(({ config }) => Object.keys(config));
  return [...new Set([...Object.keys(manifest.config), ...services])];
}

/** The values that an environment must still give before anything can start there. */
export function missingConfig(
  manifest: AppManifest,
  environment: EnvironmentDefinition,
  overrides: readonly ConfigOverride[] = [],
): readonly MissingConfig[] {
  const missing = new Map<string, MissingConfig>();
  for (const service of [null, ...Object.keys(manifest.services)]) {
    for (const { variable, declaration, from } of declarationsFor(manifest, service)) {
      if (!declaration.required || declaration.value !== null) continue;
      if (givenBy(environment, service, variable) !== null) continue;
      if (overrideOf(overrides, service, variable) !== null) continue;
      const services = missing.get(variable)?.services ?? [];
      const all = service === null ? services : [...services, service];
      missing.set(variable, { variable, type: declaration.type, from, services: all });
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

function givenBy(environment: EnvironmentDefinition, service: string | null, variable: string) {
  const place = `environments.${environment.environment}`;
  const override = service === null ? undefined : ownValue(environment.services, service)?.config;
  const own = ownValue(override ?? {}, variable);
  if (own !== undefined) return { value: own, from: `${place}.services.${service}.config.${variable}` };
  const value = ownValue(environment.config, variable);
  return value === undefined ? null : { value, from: `${place}.config.${variable}` };
}

function ownValue<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
