import { promises as dns } from 'node:dns';

/** Looks names up in the DNS, as an authority would. */
export interface NameLookup {
  /** IPv4 and IPv6 addresses; none for a name that leads nowhere. */
  addresses(name: string): Promise<readonly string[]>;
}

/** How long one question may take, in milliseconds, and how often it is asked. */
const patience = { timeout: 2_000, tries: 2 } as const;

/** `server` (`192.0.2.7:53`) is asked instead of the DNS servers of this machine; null: those. */
export function nameLookup(server: string | null): NameLookup {
  return {
    async addresses(name) {
      const resolver = dnsResolver(server);
      const found = await Promise.all([
        resolver.resolve4(name).catch(() => []),
        resolver.resolve6(name).catch(() => []),
      ]);
      if (found.flat().length > 0 || server !== null) return found.flat();
      // Also what only this machine knows, e.g. from /etc/hosts: better than to say that it leads nowhere.
      return (await dns.lookup(name, { all: true }).catch(() => [])).map((each) => each.address);
    },
  };
}

export function dnsResolver(server: string | null): dns.Resolver {
  const resolver = new dns.Resolver(patience);
  if (server !== null) resolver.setServers([server]);
  return resolver;
}
