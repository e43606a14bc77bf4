import type {
  RoutedInstance,
  RoutingDocument,
  RoutedEnvironment,
  RoutedRevision,
  RoutingMode,
  Stickiness,
} from '../../core/routing-document.ts';
import { flagKeyHeader, flagsPath } from '../../core/routing-document.ts';
import { Network } from '../origin/network.ts';
import { TrustedProxies } from '../origin/trusted-proxies.ts';
import { CountTable } from '../counting/count-table.ts';
import type { Epoch, TrafficCounters } from '../counting/traffic-counters.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import { compileFrontDoor } from './front-door.ts';
import type { FrontDoor } from './front-door.ts';
import { saltHash } from './choose-share.ts';
import type { SaltedHash } from './choose-share.ts';

export interface InstanceRoute {
  readonly slot: number;
  readonly upstream: Upstream;
}

/** Files that belong to one release, and where else they may be. */
export interface AssetRoute {
  readonly prefix: string;
  /** The same service of the environment's other revisions, the newest first, where it has instances. */
  readonly elsewhere: readonly ServiceRoute[];
}

/** One web service of one revision, ready for use. */
export interface ServiceRoute {
  readonly service: string;
  readonly revision: string;
  readonly path: string;
  readonly stickiness: Stickiness;
  readonly assets: AssetRoute | null;
  /** Only those that accept requests. */
  readonly instances: readonly InstanceRoute[];
  readonly counts: CountTable;
  /** Field line that its requests get, with CRLF; empty: none. */
  readonly addedField: string;
}

export interface RevisionRoutes {
  readonly revision: string;
  readonly release: string;
  readonly permille: number;
  /** Longest path first. */
  readonly services: readonly ServiceRoute[];
}

export interface EnvironmentRoutes {
  /** `<app>/<environment>`. */
  readonly scope: string;
  readonly mode: RoutingMode;
  readonly https: RoutedEnvironment['https'];
  readonly adopted: ServiceRoute | null;
  /** Who answers below `flagsPath`; null: the app does. */
  readonly flags: ServiceRoute | null;
  readonly salted: SaltedHash;
  /** In the document's order, without empty shares. */
  readonly shares: readonly RevisionRoutes[];
  readonly revisions: ReadonlyMap<string, RevisionRoutes>;
  /** By release; of several revisions the newest that has instances. */
  readonly releases: ReadonlyMap<string, RevisionRoutes>;
}

/** What a listening port means. */
export type PortRoute =
  | { readonly kind: 'front'; readonly isSecure: boolean }
  | { readonly kind: 'environment'; readonly environment: EnvironmentRoutes }
  | (InnerPort & { readonly kind: 'pinned'; readonly revision: RevisionRoutes })
  | (InnerPort & { readonly kind: 'internal'; readonly service: ServiceRoute });

/** A port of one revision. */
interface InnerPort {
  readonly environment: EnvironmentRoutes;
  /** Who may use it; null: whoever reaches loopback. */
  readonly network: Network | null;
}

/** One routing document, compiled for looking up. Never changed; a new document makes a new table. */
export interface RouteTable {
  readonly probeKey: string;
  readonly trusted: TrustedProxies;
  readonly ports: ReadonlyMap<number, PortRoute>;
  readonly domains: ReadonlyMap<string, EnvironmentRoutes>;
  /** Names below which `<release>.<name>` previews a release. */
  readonly previews: ReadonlyMap<string, EnvironmentRoutes>;
  readonly scopes: ReadonlySet<string>;
  readonly named: ReadonlySet<Upstream>;
  readonly door: FrontDoor;
}

export const emptyTable: RouteTable = {
  probeKey: '',
  trusted: new TrustedProxies([]),
  ports: new Map(),
  domains: new Map(),
  previews: new Map(),
  scopes: new Set(),
  named: new Set(),
  door: compileFrontDoor(null, []),
};

interface Parts {
  readonly document: RoutingDocument;
  readonly upstreams: Upstreams;
  readonly counters: TrafficCounters;
  readonly named: Set<Upstream>;
  readonly nowMs: number;
}

export function compileRoutes(
  document: RoutingDocument,
  upstreams: Upstreams,
  counters: TrafficCounters,
  nowMs: number,
): RouteTable {
  const parts: Parts = { document, upstreams, counters, named: new Set(), nowMs };
  const ports = new Map<number, PortRoute>();
  const domains = new Map<string, EnvironmentRoutes>();
  const previews = new Map<string, EnvironmentRoutes>();
  const scopes = new Set<string>();
  if (document.frontPort !== null) ports.set(document.frontPort, { kind: 'front', isSecure: false });
  if (document.tls !== null) ports.set(document.tls.port, { kind: 'front', isSecure: true });
  for (const source of document.environments) {
    const scope = `${source.app}/${source.environment}`;
    const epoch = counters.epoch(scope, source.epoch, source.salt, nowMs);
    const environment = compileEnvironment(source, scope, epoch, parts);
    scopes.add(scope);
    for (const domain of source.domains) domains.set(domain, environment);
    for (const domain of source.previewDomains) previews.set(domain, environment);
    if (source.port !== null) ports.set(source.port, { kind: 'environment', environment });
    addInnerPorts(ports, source, environment, upstreams);
  }
  const trusted = new TrustedProxies(document.trustedProxies);
  const door = compileFrontDoor(document.tls, document.challenges);
  return { probeKey: document.probeKey, trusted, ports, domains, previews, scopes, named: parts.named, door };
}

function addInnerPorts(
  ports: Map<number, PortRoute>,
  source: RoutedEnvironment,
  environment: EnvironmentRoutes,
  upstreams: Upstreams,
): void {
  for (const routed of source.revisions) {
    const revision = environment.revisions.get(routed.revision);
    if (revision === undefined) continue;
    const publicPort = routed.inner?.publicPort ?? null;
    if (publicPort !== null) ports.set(publicPort, { kind: 'environment', environment });
    const network = routed.inner === undefined ? null : new Network(routed.inner.network);
    if (routed.pinnedPort !== null) ports.set(routed.pinnedPort, { kind: 'pinned', environment, network, revision });
    for (const { service: name, internalPort, instances } of routed.services) {
      const service = revision.services.find((candidate) => candidate.service === name);
      if (internalPort === null || service === undefined) continue;
      // A revision that drains as a whole needs its own services to finish what it has.
      const still = instances.map(({ slot, address }) => ({ slot, upstream: upstreams.get(address) }));
      const inner = service.instances.length > 0 ? service : { ...service, instances: still };
      ports.set(internalPort, { kind: 'internal', environment, network, service: inner });
    }
  }
}

function compileEnvironment(source: RoutedEnvironment, scope: string, epoch: Epoch, parts: Parts): EnvironmentRoutes {
  const permilles = new Map(source.shares.map((share) => [share.revision, share.permille]));
  const compiled = source.revisions.map((routed) =>
    compileRevision(routed, permilles.get(routed.revision) ?? 0, epoch, parts),
  );
  const revisions = new Map(withAssets(compiled).map((revision) => [revision.revision, revision]));
  const shares = source.shares.flatMap((share) => {
    const revision = revisions.get(share.revision);
    return revision === undefined || share.permille === 0 ? [] : [revision];
  });
  return {
    scope,
    mode: source.mode,
    https: source.https,
    adopted: compileAdopted(source.mode, epoch, parts),
    flags: compileFlags(source, epoch, parts),
    salted: saltHash(source.salt),
    shares,
    revisions,
    releases: releasesOf([...revisions.values()]),
  };
}

/** The document names the newest revision last. */
function withAssets(revisions: readonly RevisionRoutes[]): readonly RevisionRoutes[] {
  const newestFirst = revisions.toReversed();
  const elsewhere = (own: ServiceRoute) =>
    newestFirst.flatMap(({ revision, services }) =>
      services.filter(
        (other) => revision !== own.revision && other.service === own.service && other.instances.length > 0,
      ),
    );
  return revisions.map((revision) => ({
    ...revision,
    services: revision.services.map((service) =>
      service.assets === null ? service : { ...service, assets: { ...service.assets, elsewhere: elsewhere(service) } },
    ),
  }));
}

function releasesOf(revisions: readonly RevisionRoutes[]): ReadonlyMap<string, RevisionRoutes> {
  const releases = new Map<string, RevisionRoutes>();
  for (const revision of revisions) {
    const isUp = revision.services.some((service) => service.instances.length > 0);
    if (isUp || !releases.has(revision.release)) releases.set(revision.release, revision);
  }
  return releases;
}

function compileRevision(routed: RoutedRevision, permille: number, epoch: Epoch, parts: Parts): RevisionRoutes {
  const services = routed.services.map((service): ServiceRoute => {
    const instances = compileInstances(service.instances, parts);
    return {
      service: service.service,
      revision: routed.revision,
      path: service.path,
      stickiness: service.stickiness,
      assets: service.assets === null ? null : { prefix: service.assets, elsewhere: [] },
      instances,
      counts: epoch.table(service.service, routed.revision, service.lateAfterMs),
      addedField: '',
    };
  });
  const { revision, release } = routed;
  return { revision, release, permille, services: services.sort((a, b) => b.path.length - a.path.length) };
}

function compileInstances(instances: readonly RoutedInstance[], parts: Parts): readonly InstanceRoute[] {
  return instances.flatMap((instance) => {
    const upstream = parts.upstreams.get(instance.address);
    parts.named.add(upstream);
    if (instance.state === 'accepting') upstream.streams.clear(instance.drainMs);
    else upstream.streams.begin(parts.nowMs, instance.drainMs);
    return instance.state === 'accepting' ? [{ slot: instance.slot, upstream }] : [];
  });
}

/** An adopted upstream is counted as service and revision `adopted`, without buckets. */
function compileAdopted(mode: RoutingMode, epoch: Epoch, parts: Parts): ServiceRoute | null {
  if (mode.kind !== 'adopted') return null;
  const upstream = parts.upstreams.get(mode.address);
  parts.named.add(upstream);
  upstream.streams.clear();
  return {
    service: 'adopted',
    revision: 'adopted',
    path: '/',
    stickiness: { kind: 'none' },
    assets: null,
    instances: [{ slot: 0, upstream }],
    counts: epoch.table('adopted', 'adopted', []),
    addedField: '',
  };
}

/** What is asked about flags says nothing about the app, and is not counted. */
function compileFlags({ app, environment }: RoutedEnvironment, epoch: Epoch, parts: Parts): ServiceRoute | null {
  const { flags } = parts.document;
  const reader = flags?.environments.find((each) => each.app === app && each.environment === environment);
  if (flags === undefined || reader === undefined) return null;
  const upstream = parts.upstreams.get(flags.address);
  parts.named.add(upstream);
  upstream.streams.clear();
  return {
    ...{ service: 'lotse', revision: 'flags', path: flagsPath, stickiness: { kind: 'none' }, assets: null },
    instances: [{ slot: 0, upstream }],
    counts: new CountTable('lotse', 'flags', [], epoch),
    addedField: `${flagKeyHeader}: ${reader.key}\r\n`,
  };
}

/** The service whose path prefix fits best; a prefix ends at a segment border. `target` may carry a query. */
export function serviceAt(revision: RevisionRoutes, target: string): ServiceRoute | null {
  for (const service of revision.services) {
    if (isUnder(target, service.path)) return service;
  }
  return null;
}

/** Does the target's path begin with this prefix, up to a segment border? */
export function isUnder(target: string, path: string): boolean {
  if (path === '/') return true;
  const prefix = path.endsWith('/') ? path.slice(0, -1) : path;
  if (!target.startsWith(prefix)) return false;
  const next = target.charCodeAt(prefix.length);
  return target.length === prefix.length || next === 47 || next === 63;
}
