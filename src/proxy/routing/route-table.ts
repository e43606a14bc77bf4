import type {
  RoutedInstance,
  RoutingDocument,
  RoutedEnvironment,
  RoutedRevision,
  RoutingMode,
} from '../../core/routing-document.ts';
import type { CountTable, Epoch, TrafficCounters } from '../traffic-counters.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import { saltHash } from './choose-share.ts';
import type { SaltedHash } from './choose-share.ts';

export interface InstanceRoute {
  readonly slot: number;
  readonly upstream: Upstream;
}

/** One web service of one revision, ready for use. */
export interface ServiceRoute {
  readonly service: string;
  readonly revision: string;
  readonly path: string;
  readonly isSticky: boolean;
  readonly lateAfterMs: number | null;
  /** Only those that accept requests. */
  readonly instances: readonly InstanceRoute[];
  readonly counts: CountTable;
}

export interface RevisionRoutes {
  readonly revision: string;
  readonly permille: number;
  /** Longest path first. */
  readonly services: readonly ServiceRoute[];
}

export interface EnvironmentRoutes {
  /** `<app>/<environment>`. */
  readonly scope: string;
  readonly mode: RoutingMode;
  readonly adopted: ServiceRoute | null;
  readonly salted: SaltedHash;
  /** In the document's order, without empty shares. */
  readonly shares: readonly RevisionRoutes[];
  readonly revisions: ReadonlyMap<string, RevisionRoutes>;
}

/** What a listening port means. */
export type PortRoute =
  | { readonly kind: 'front' }
  | { readonly kind: 'environment'; readonly environment: EnvironmentRoutes }
  | { readonly kind: 'pinned'; readonly environment: EnvironmentRoutes; readonly revision: RevisionRoutes }
  | { readonly kind: 'internal'; readonly environment: EnvironmentRoutes; readonly service: ServiceRoute };

/** One routing document, compiled for looking up. Never changed; a new document makes a new table. */
export interface RouteTable {
  readonly probeKey: string;
  readonly ports: ReadonlyMap<number, PortRoute>;
  readonly domains: ReadonlyMap<string, EnvironmentRoutes>;
  readonly scopes: ReadonlySet<string>;
  readonly named: ReadonlySet<Upstream>;
}

export const emptyTable: RouteTable = {
  probeKey: '',
  ports: new Map(),
  domains: new Map(),
  scopes: new Set(),
  named: new Set(),
};

interface Parts {
  readonly upstreams: Upstreams;
  readonly counters: TrafficCounters;
  readonly named: Set<Upstream>;
}

export function compileRoutes(
  document: RoutingDocument,
  upstreams: Upstreams,
  counters: TrafficCounters,
  nowMs: number,
): RouteTable {
  const parts: Parts = { upstreams, counters, named: new Set() };
  const ports = new Map<number, PortRoute>();
  const domains = new Map<string, EnvironmentRoutes>();
  const scopes = new Set<string>();
  if (document.frontPort !== null) ports.set(document.frontPort, { kind: 'front' });
  for (const source of document.environments) {
    const scope = `${source.app}/${source.environment}`;
    const epoch = counters.epoch(scope, source.epoch, source.salt, nowMs);
    const environment = compileEnvironment(source, scope, epoch, parts);
    scopes.add(scope);
    for (const domain of source.domains) domains.set(domain, environment);
    if (source.port !== null) ports.set(source.port, { kind: 'environment', environment });
    addInnerPorts(ports, source, environment);
  }
  return { probeKey: document.probeKey, ports, domains, scopes, named: parts.named };
}

function addInnerPorts(ports: Map<number, PortRoute>, source: RoutedEnvironment, environment: EnvironmentRoutes): void {
  for (const routed of source.revisions) {
    const revision = environment.revisions.get(routed.revision);
    if (revision === undefined) continue;
    if (routed.pinnedPort !== null) ports.set(routed.pinnedPort, { kind: 'pinned', environment, revision });
    for (const { service: name, internalPort } of routed.services) {
      const service = revision.services.find((candidate) => candidate.service === name);
      if (internalPort !== null && service !== undefined)
        ports.set(internalPort, { kind: 'internal', environment, service });
    }
  }
}

function compileEnvironment(source: RoutedEnvironment, scope: string, epoch: Epoch, parts: Parts): EnvironmentRoutes {
  const permilles = new Map(source.shares.map((share) => [share.revision, share.permille]));
  const revisions = new Map(
    source.revisions.map((routed) => [
      routed.revision,
      compileRevision(routed, permilles.get(routed.revision) ?? 0, epoch, parts),
    ]),
  );
  const shares = source.shares.flatMap((share) => {
    const revision = revisions.get(share.revision);
    return revision === undefined || share.permille === 0 ? [] : [revision];
  });
  return {
    scope,
    mode: source.mode,
    adopted: compileAdopted(source.mode, epoch, parts),
    salted: saltHash(source.salt),
    shares,
    revisions,
  };
}

function compileRevision(routed: RoutedRevision, permille: number, epoch: Epoch, parts: Parts): RevisionRoutes {
  const services = routed.services.map((service): ServiceRoute => {
    const instances = compileInstances(service.instances, parts);
    return {
      service: service.service,
      revision: routed.revision,
      path: service.path,
      isSticky: service.stickiness === 'cookie',
      lateAfterMs: service.lateAfterMs,
      instances,
      counts: epoch.table(service.service, routed.revision),
    };
  });
  return { revision: routed.revision, permille, services: services.sort((a, b) => b.path.length - a.path.length) };
}

function compileInstances(instances: readonly RoutedInstance[], parts: Parts): readonly InstanceRoute[] {
  return instances.flatMap((instance) => {
    const upstream = parts.upstreams.get(instance.address);
    parts.named.add(upstream);
    return instance.state === 'accepting' ? [{ slot: instance.slot, upstream }] : [];
  });
}

/** An adopted upstream is counted as service and revision `adopted`, without buckets. */
function compileAdopted(mode: RoutingMode, epoch: Epoch, parts: Parts): ServiceRoute | null {
  if (mode.kind !== 'adopted') return null;
  const upstream = parts.upstreams.get(mode.address);
  parts.named.add(upstream);
  return {
    service: 'adopted',
    revision: 'adopted',
    path: '/',
    isSticky: false,
    lateAfterMs: null,
    instances: [{ slot: 0, upstream }],
    counts: epoch.table('adopted', 'adopted'),
  };
}

/** The service whose path prefix fits best; a prefix ends at a segment border. `target` may carry a query. */
export function serviceAt(revision: RevisionRoutes, target: string): ServiceRoute | null {
  for (const service of revision.services) {
    if (isUnder(target, service.path)) return service;
  }
  return null;
}

function isUnder(target: string, path: string): boolean {
  if (path === '/') return true;
  const prefix = path.endsWith('/') ? path.slice(0, -1) : path;
  if (!target.startsWith(prefix)) return false;
  const next = target.charCodeAt(prefix.length);
  return target.length === prefix.length || next === 47 || next === 63;
}
