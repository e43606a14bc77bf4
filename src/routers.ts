import type { FrontDoors, InnerNetwork } from './core/routing-document.ts';
import type { RevisionId, Scope } from './core/ids.ts';
import type { Machine } from './machine.ts';
import type { ProxyRouterOptions } from './ports/traffic/proxy/proxy-router.ts';
import { ProxyRouter } from './ports/traffic/proxy/proxy-router.ts';
import { RouterByNeed } from './ports/traffic/servers/router-by-need.ts';
import type { TrafficRouter } from './ports/traffic/traffic.ts';

interface RoutersOptions extends Omit<ProxyRouterOptions, 'inside'> {
  readonly servers: Machine['servers'];
  /** As of a `ServersRouter`. */
  readonly serversOf: (scope: Scope, revisions: readonly RevisionId[]) => Promise<readonly string[]>;
  /** For what servers were told last. */
  readonly folder: string;
}

interface Routers {
  /** All of them as one. */
  readonly traffic: TrafficRouter;
  readonly signPreview: ProxyRouter['signPreview'];
}

const connectMs = 5_000;

/**
 * The part of the composition root that names traffic routers: this machine's proxy, and from the first server on one for
 * the proxy of each. Until then nothing of that is loaded.
 */
export function openRouters(options: RoutersOptions): Routers {
  const local = new ProxyRouter(options);
  const { servers } = options;
  const traffic = new RouterByNeed(
    local,
    () => servers.opened.length > 0,
    () => openServersRouter(local, options),
  );
  return { traffic, signPreview: local.signPreview };
}

async function openServersRouter(local: ProxyRouter, options: RoutersOptions): Promise<TrafficRouter> {
  const { ServersRouter } = await import('./ports/traffic/servers/servers-router.ts');
  const { servers, serversOf, folder } = options;
  const known = new Map<string, ProxyRouter>();
  return new ServersRouter({
    ...{ local, serversOf, folder },
    server: (name) => {
      const router = known.get(name) ?? routerOf(name, options);
      known.set(name, router);
      return router;
    },
    all: () => servers.opened.map(({ name }) => name),
    innerNetwork: (server, scope) => innerNetwork(servers, server, scope),
  });
}

/** Its own proxy is what answers users there, so it listens on all of its addresses. */
function routerOf(name: string, { servers, doors, ...common }: RoutersOptions): ProxyRouter {
  return new ProxyRouter({
    ...common,
    proxy: async () => await (await servers.of(name)).server.proxy(),
    inside: async (port) => {
      const { link } = (await servers.of(name)).server;
      return await link.connect({ host: '127.0.0.1', port }, { timeoutMs: connectMs });
    },
    doors: (): FrontDoors => {
      // Flags are evaluated on this machine, which that one cannot reach.
      const { flags: _flags, ...others } = doors();
      return { ...others, frontHost: '0.0.0.0' };
    },
  });
}

async function innerNetwork(servers: Machine['servers'], server: string, scope: Scope): Promise<InnerNetwork | null> {
  return await servers.target.innerNetworkOn(server, { ...scope, target: 'docker', servers: [server] });
}
