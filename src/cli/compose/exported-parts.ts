import { variableOf } from '../../core/variable-names.ts';
import type {
  AppManifest,
  EnvironmentDefinition,
  JobDefinition,
  ServiceDefinition,
  TargetName,
} from '../../manifest/app-manifest.ts';
import { effectiveService } from '../../manifest/effective-service.ts';
import { environmentConfig, missingConfig, type ConfigOverride } from '../../manifest/environment-config.ts';
import type { ExportWorld } from './export-compose.ts';
import { looksSecret } from './looks-secret.ts';

/** A service or job as Compose has it. */
export interface ExportedPart {
  readonly name: string;
  readonly image: ExportedImage;
  readonly argv: readonly string[];
  /** Its image starts a program of its own, which `command` would only be handed to. */
  readonly hasEntrypoint: boolean;
  /** Absolute; null: as the image says. */
  readonly workingDir: string | null;
  /** Values as they are; null: asked of `.env`. */
  readonly environment: readonly (readonly [name: string, value: string | null])[];
  /** Names that `.env` has to give. */
  readonly asked: readonly string[];
  readonly mounts: readonly string[];
  /** Null for a job. */
  readonly service: ServiceDefinition | null;
  /** Port of this machine; null for what has none. */
  readonly publishedPort: number | null;
}

export type ExportedImage =
  | { readonly kind: 'build'; readonly context: string; readonly isNode: boolean }
  /** Described in the compose file itself. */
  | { readonly kind: 'inline'; readonly isNode: boolean };

/** Services first, then jobs. */
export function exportedParts(
  manifest: AppManifest,
  environment: EnvironmentDefinition,
  world: ExportWorld,
): readonly ExportedPart[] {
  const services = Object.keys(manifest.services).map((name) => effectiveService(manifest, environment, name));
  const published = publishedPorts(services);
  const given = [
    ...services.flatMap(({ service, port }) =>
      port === null ? [] : [[variableOf(service, 'URL'), `http://${service}:${port}`] as const],
    ),
    ...Object.values(manifest.stores).map(({ store, variable }) => [variable, mountPoint(store)] as const),
  ];
  const mounts = Object.keys(manifest.stores).map((store) => `${store}:${mountPoint(store)}`);
  const partOf = (
    name: string,
    from: ServiceDefinition | JobDefinition,
    service: ServiceDefinition | null,
  ): ExportedPart => {
    const config = configOf(manifest, environment, service?.service ?? null, world.set);
    const port = service?.port == null ? [] : [['PORT', `${service.port}`] as const];
    return {
      ...{
        name,
        service,
        mounts,
        argv: from.argv,
        asked: config.flatMap(([each, value]) => (value === null ? [each] : [])),
      },
      ...imageOf(from.root, manifest.target, world),
      environment: [...port, ...given, ...config],
      publishedPort: published.get(name) ?? null,
    };
  };
  return [
    ...services.map((service) => partOf(service.service, service, service)),
    ...Object.values(manifest.jobs).map((job) => partOf(job.job, job, null)),
  ];
}

function mountPoint(store: string): string {
  return `/stores/${store}`;
}

function configOf(
  manifest: AppManifest,
  environment: EnvironmentDefinition,
  service: string | null,
  set: readonly ConfigOverride[],
): readonly (readonly [string, string | null])[] {
  const values = environmentConfig(manifest, environment, service, set).map(({ variable, value }) => {
    return [variable, looksSecret(variable, value) ? null : value] as const;
  });
  const missing = missingConfig(manifest, environment, set)
    .filter(({ services }) => service === null || services.includes(service))
    .filter(({ variable }) => service !== null || Object.hasOwn(manifest.config, variable));
  const names = [...missing.map(({ variable }) => variable), ...manifest.secrets];
  return [...values, ...names.map((name) => [name, null] as const)];
}

/**
 * The Dockerfile of its own folder, else the app's, else one that is described in the compose file. Containers of Lotse
 * have one image for the whole app, and `run` is what its ENTRYPOINT is given.
 */
function imageOf(
  root: string,
  target: TargetName,
  world: ExportWorld,
): Pick<ExportedPart, 'image' | 'workingDir' | 'hasEntrypoint'> {
  const isContainer = target === 'docker';
  const own = isContainer && root !== '.' ? null : world.dockerfileIn(root);
  const dockerfile = own ?? world.dockerfileIn('.');
  const inside = (workdir: string | null): string | null =>
    own !== null || root === '.' || workdir === null ? null : `${workdir === '/' ? '' : workdir}/${root}`;
  if (dockerfile === null) {
    const isNode = world.packageFile !== null;
    return { image: { kind: 'inline', isNode }, workingDir: inside('/app'), hasEntrypoint: false };
  }
  const isNode = /^(?:[\w.-]+\/)*node(?:[:@]|$)/.test(dockerfile.image ?? '');
  const context = own === null || root === '.' ? '.' : `./${root}`;
  return {
    image: { kind: 'build', context, isNode },
    workingDir: inside(dockerfile.workdir),
    hasEntrypoint: !isContainer && dockerfile.entrypoint !== null,
  };
}

/** Each web service its own port of the machine, the one that it names where that is free; one for each copy. */
function publishedPorts(services: readonly ServiceDefinition[]): ReadonlyMap<string, number> {
  const taken = new Set<number>();
  const ports = new Map<string, number>();
  for (const { service, port, instances } of services) {
    if (port === null) continue;
    const copies = Array.from({ length: instances }, (_, index) => index);
    let first = port;
    while (copies.some((copy) => taken.has(first + copy))) first += 1;
    for (const copy of copies) taken.add(first + copy);
    ports.set(service, first);
  }
  return ports;
}
