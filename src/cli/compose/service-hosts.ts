/** A name that means something between containers only. */
export interface Host {
  /** As other services write it. */
  readonly name: string;
  /** Where it is reached from this machine, by its own port; null where Compose publishes nothing. */
  readonly published: ReadonlyMap<number, number>;
  /** The variable that says where it is, for a web service of the app; null for what goes on running in Compose. */
  readonly variable: string | null;
}

/**
 * The value with names of containers replaced by this machine, where their port is published; null when it names a
 * service of the app, whose address only its variable tells. Says what was done. Never says the value.
 */
export function withoutHosts(
  name: string,
  value: string,
  hosts: readonly Host[],
  say: (message: string) => void,
): string | null {
  for (const host of hosts) {
    const place = findHost(name, value, host.name);
    if (place === null) continue;
    if (host.variable !== null) {
      say(`${name} names the service ${host.name}: read ${host.variable}, which Lotse gives`);
      return null;
    }
    const port = place.port === null ? onlyPort(host) : (host.published.get(place.port) ?? null);
    if (port === null) {
      say(`${name} names ${host.name}, which is reached inside of Compose only: publish a port of it on 127.0.0.1`);
      return value;
    }
    const isPortWritten = place.port !== null || place.isUrl;
    const machine = isPortWritten ? `127.0.0.1:${port}` : '127.0.0.1';
    say(`${name} names ${host.name}; from this machine that is 127.0.0.1:${port}`);
    return value.slice(0, place.start) + machine + value.slice(place.end);
  }
  return value;
}

/** Where a value names a container. */
export interface Place {
  readonly start: number;
  /** Behind the port, where there is one. */
  readonly end: number;
  readonly port: number | null;
  readonly isUrl: boolean;
}

/** Null: it does not name that one. */
export function findHost(name: string, value: string, host: string): Place | null {
  const escaped = host.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const url = new RegExp(
    String.raw`^([a-z][a-z0-9+.-]*://(?:[^\s/@]*@)?)${escaped}(?::(\d{1,5}))?(?=[/?,]|$)`,
    'i',
  ).exec(value);
  if (url !== null) return placeOf(url, url[1]?.length ?? 0, true);
  const address = new RegExp(`^${escaped}:(\\d{1,5})$`).exec(value);
  if (address !== null) return { start: 0, end: value.length, port: Number(address[1]), isUrl: false };
  const isHost = value === host && /(?:^|_)(?:HOST|HOSTNAME|SERVER|ADDR|ADDRESS|ENDPOINT)$/i.test(name);
  return isHost ? { start: 0, end: value.length, port: null, isUrl: false } : null;
}

function placeOf(found: RegExpExecArray, start: number, isUrl: boolean): Place {
  return { start, end: found[0].length, port: found[2] === undefined ? null : Number(found[2]), isUrl };
}

function onlyPort({ published }: Host): number | null {
  const [first] = published.values();
  return first ?? null;
}
