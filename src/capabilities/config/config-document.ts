import { z } from 'zod';
import type { AppManifest, EnvironmentDefinition } from '../../manifest/app-manifest.ts';
import { environmentConfig, type ConfigOverride } from '../../manifest/environment-config.ts';

/** Values by service; the empty name holds what jobs and the verification are given. */
export const configDocument = z.record(z.string(), z.record(z.string(), z.string()));
export type ConfigDocument = z.infer<typeof configDocument>;

/** What every service and the jobs would be given. */
export function documentFor(
  manifest: AppManifest,
  definition: EnvironmentDefinition,
  settings: readonly ConfigOverride[],
): ConfigDocument {
  const valuesFor = (service: string | null) =>
    Object.fromEntries(
      environmentConfig(manifest, definition, service, settings).map(({ variable, value }) => [variable, value]),
    );
  const services = Object.keys(manifest.services).map((service) => [service, valuesFor(service)] as const);
  return Object.fromEntries([['', valuesFor(null)] as const, ...services]);
}

export interface DocumentDifference {
  readonly variable: string;
  /** Null: of every service that is given it, and of jobs. */
  readonly service: string | null;
  readonly from: string | null;
  readonly to: string | null;
}

/** What differs, by variable. A service has a line of its own only where it differs in another way than the jobs. */
export function compareDocuments(from: ConfigDocument, to: ConfigDocument): readonly DocumentDifference[] {
  const services = Object.keys({ ...from, ...to }).toSorted();
  const variables = new Set(services.flatMap((service) => Object.keys({ ...from[service], ...to[service] })));
  return [...variables].toSorted().flatMap((variable) => {
    const sides = (service: string) => ({
      from: from[service]?.[variable] ?? null,
      to: to[service]?.[variable] ?? null,
    });
    const all = sides('');
    const isAsAll = (service: string) => {
      const own = sides(service);
      return own.from === all.from && own.to === all.to;
    };
    const own = services.filter((service) => service !== '' && !isAsAll(service));
    return [
      ...(all.from === all.to ? [] : [{ variable, service: null, ...all }]),
      ...own.flatMap((service) => {
        const one = sides(service);
        return one.from === one.to ? [] : [{ variable, service, ...one }];
      }),
    ];
  });
}
