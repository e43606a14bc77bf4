import type {
  EpochCounters,
  InnerNetwork,
  ProxyStatus,
  RoutedEnvironment,
  RoutedInstance,
  RoutedRevision,
  RoutedService,
} from '../../../core/routing-document.ts';
import type { Scope } from '../../../core/ids.ts';

/** What one server has, or had when it was last asked. */
export interface OfServer<What> {
  readonly server: string;
  readonly what: What;
}

export function isSame(one: Scope, other: Scope): boolean {
  return one.app === other.app && one.environment === other.environment;
}

/** The servers that an environment's instances are on. */
export function serversIn({ revisions }: RoutedEnvironment): readonly string[] {
  const instances = revisions.flatMap(({ services }) => services.flatMap((service) => service.instances));
  return [...new Set(instances.map(({ address }) => address.server).filter((server) => server !== undefined))];
}

/**
 * What the proxy of one server is told of an environment: its own instances, and where they reach it. Null: this machine.
 */
export function partOf(
  environment: RoutedEnvironment,
  server: string | null,
  inner: InnerNetwork | null,
): RoutedEnvironment {
  const isHere = ({ address }: RoutedInstance): boolean => (address.server ?? null) === server;
  const plain = (instance: RoutedInstance): RoutedInstance => {
    const { host, port } = instance.address;
    return { ...instance, address: { host, port } };
  };
  const revisions = environment.revisions.map((revision): RoutedRevision => {
    const services = revision.services.map((service) => {
      return { ...service, instances: service.instances.filter(isHere).map(plain) };
    });
    const door = revision.inner === undefined || inner === null ? {} : { inner: { ...revision.inner, ...inner } };
    return { ...revision, ...door, services };
  });
  return { ...environment, revisions };
}

/**
 * Environments as they were published, from the parts that servers have in force. Where these differ, because one could not
 * be told the latest, shares and mode are those of the newest epoch.
 */
export function mergeEnvironments(
  parts: readonly OfServer<readonly RoutedEnvironment[]>[],
): readonly RoutedEnvironment[] {
  const merged: RoutedEnvironment[] = [];
  for (const { server, what } of parts) {
    for (const part of what.map((environment) => named(environment, server))) {
      const at = merged.findIndex((known) => isSame(known, part));
      const known = merged[at];
      if (known === undefined) merged.push(part);
      else merged[at] = mergeTwo(known, part);
    }
  }
  return merged;
}

function named(environment: RoutedEnvironment, server: string): RoutedEnvironment {
  const inService = (service: RoutedService): RoutedService => ({
    ...service,
    instances: service.instances.map((each) => ({ ...each, address: { ...each.address, server } })),
  });
  const inRevision = (each: RoutedRevision): RoutedRevision => ({ ...each, services: each.services.map(inService) });
  return { ...environment, revisions: environment.revisions.map(inRevision) };
}

function mergeTwo(one: RoutedEnvironment, other: RoutedEnvironment): RoutedEnvironment {
  const newer = other.epoch > one.epoch ? other : one;
  const older = newer === one ? other : one;
  const revisions = newer.revisions.map((revision) => {
    const same = older.revisions.find((each) => each.revision === revision.revision);
    return same === undefined ? revision : { ...revision, services: mergeServices(revision.services, same.services) };
  });
  const gone = older.revisions.filter((each) => !newer.revisions.some(({ revision }) => revision === each.revision));
  return { ...newer, revisions: [...gone, ...revisions] };
}

function mergeServices(one: readonly RoutedService[], other: readonly RoutedService[]): readonly RoutedService[] {
  return one.map((service) => {
    const more = other.find((each) => each.service === service.service)?.instances ?? [];
    return { ...service, instances: [...service.instances, ...more].toSorted((a, b) => a.slot - b.slot) };
  });
}

/**
 * What all proxies have counted. Each proxy start counts for itself. Those that count at the same time for one epoch count
 * as opened at the same time, or the judge would take one of them for the successor of the other.
 */
export function mergeCounters(parts: readonly OfServer<readonly EpochCounters[]>[]): readonly EpochCounters[] {
  const openedAt = new Map<string, number>();
  const nameOf = ({ app, environment, epoch }: EpochCounters): string => `${app}/${environment}/${epoch}`;
  for (const counted of parts.flatMap(({ what }) => what)) {
    openedAt.set(nameOf(counted), Math.max(counted.openedAtMs, openedAt.get(nameOf(counted)) ?? 0));
  }
  return parts.flatMap(({ what }) => {
    const isNewest = (each: EpochCounters): boolean =>
      !what.some((other) => nameOf(other) === nameOf(each) && other.openedAtMs > each.openedAtMs);
    return what.map((each) => {
      return isNewest(each) ? { ...each, openedAtMs: openedAt.get(nameOf(each)) ?? each.openedAtMs } : each;
    });
  });
}

/** `own` is this machine's; it stands for all where only one can be told. */
export function mergeStatus(own: ProxyStatus, parts: readonly OfServer<ProxyStatus>[]): ProxyStatus {
  const sum = (count: (status: ProxyStatus) => number): number =>
    parts.reduce((total, { what }) => total + count(what), count(own));
  return {
    ...own,
    fence: Math.max(own.fence, ...parts.map(({ what }) => what.fence)),
    confirmed: own.confirmed && parts.every(({ what }) => what.confirmed),
    workers: [...own.workers, ...parts.flatMap(({ what }) => what.workers)],
    drainingWorkers: sum((status) => status.drainingWorkers),
    heldRequests: sum((status) => status.heldRequests),
    addresses: [
      ...own.addresses,
      ...parts.flatMap(({ server, what }) =>
        what.addresses.map((each) => ({ ...each, address: { ...each.address, server } })),
      ),
    ],
    overrides: [...own.overrides, ...parts.flatMap(({ what }) => what.overrides)],
    problems: [
      ...own.problems,
      ...parts.flatMap(({ server, what }) => what.problems.map((problem) => `${server}: ${problem}`)),
    ],
  };
}
