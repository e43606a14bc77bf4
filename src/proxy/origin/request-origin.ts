import { isIP } from 'node:net';
import { areAll, hostOctets } from '../framing/characters.ts';
import type { RequestHead } from '../framing/request-head.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

/** Where a request came from, and the field lines that tell an instance so. */
export interface RequestOrigin {
  /** The client's IP address. */
  readonly address: string;
  /** Did the client send it encrypted? */
  readonly isSecure: boolean;
  /** Name that the client asked for, where a proxy in front said so; empty: the request's own Host. */
  readonly host: string;
  /** `beforeHost`, the host, `afterHost`, the host and CRLF are the field lines. */
  readonly beforeHost: string;
  readonly afterHost: string;
}

/** Forwarding fields as a trusted sender wrote them. */
type Forwarding = Pick<RequestHead, 'forwardedFor' | 'forwardedProto' | 'forwardedHost' | 'forwarded'>;

/** The lines X-Forwarded-For, X-Forwarded-Proto, Forwarded (RFC 7239) and X-Forwarded-Host of a request. */
export function originFields(origin: RequestOrigin, ownHost: string): string {
  const host = origin.host === '' ? ownHost : origin.host;
  return `${origin.beforeHost}${host}${origin.afterHost}${host}\r\n`;
}

/**
 * `hops`: IP addresses from the client to whoever sent us the request, at least one. Unlike a list that is merely passed
 * on, it has nothing in it that nobody vouches for, so an instance may take the first one for the client.
 */
export function originOf(hops: readonly string[], isSecure: boolean, host: string): RequestOrigin {
  const [address = '', ...later] = hops;
  const proto = isSecure ? 'https' : 'http';
  return {
    address,
    isSecure,
    host,
    beforeHost: `x-forwarded-for: ${hops.join(', ')}\r\nx-forwarded-proto: ${proto}\r\nforwarded: for=${node(address)};proto=${proto};host="`,
    afterHost: `"${later.map((hop) => `, for=${node(hop)}`).join('')}\r\nx-forwarded-host: `,
  };
}

/** What a trusted proxy says: its list is read from the right, past trusted proxies, to the first address that is none. */
export function originBehind(
  proxy: { readonly address: string; readonly isSecure: boolean },
  said: Forwarding,
  trusted: TrustedProxies,
): RequestOrigin {
  // A proxy that writes X-Forwarded-* passes on whatever Forwarded it was sent, so that one counts only when alone.
  const isOld = said.forwardedFor !== '' || said.forwardedProto !== '' || said.forwardedHost !== '';
  const { hops, proto, host } = isOld ? readOldFields(said) : readForwarded(said.forwarded);
  const vouched = [proxy.address];
  for (const hop of hops.toReversed()) {
    const address = addressIn(hop);
    if (address === null) break;
    vouched.unshift(address);
    if (trusted.protocolOf(address) === null) break;
  }
  const isSecure = proto === 'https' || (proto !== 'http' && proxy.isSecure);
  return originOf(vouched, isSecure, areAll(hostOctets, host, 0, host.length) ? host : '');
}

/** What a service of ours says about the request that it was serving: passed on as it is. */
export function originInside(service: { readonly address: string }, said: Forwarding): RequestOrigin {
  const own = originOf([service.address], false, said.forwardedHost);
  const proto = said.forwardedProto === '' ? 'http' : said.forwardedProto;
  const list = said.forwardedFor === '' ? service.address : `${said.forwardedFor}, ${service.address}`;
  const elements = said.forwarded === '' ? '' : `${said.forwarded}, `;
  return {
    ...own,
    beforeHost: `x-forwarded-for: ${list}\r\nx-forwarded-proto: ${proto}\r\nforwarded: ${elements}for=${node(service.address)};proto=http;host="`,
  };
}

function readOldFields(said: Forwarding) {
  const proto = said.forwardedProto.split(',').at(-1) ?? '';
  return {
    hops: said.forwardedFor === '' ? [] : said.forwardedFor.split(','),
    proto: proto.trim().toLowerCase(),
    host: said.forwardedHost.split(',').at(-1)?.trim() ?? '',
  };
}

/** RFC 7239 section 4: elements by comma, pairs by semicolon, values as they are or quoted. */
function readForwarded(text: string) {
  const elements = text.match(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/g) ?? [];
  const pairs = elements.map((element) => readPairs(element));
  const last = pairs.at(-1);
  return {
    hops: pairs.map((element) => element.get('for') ?? ''),
    proto: last?.get('proto')?.toLowerCase() ?? '',
    host: last?.get('host') ?? '',
  };
}

function readPairs(element: string): ReadonlyMap<string, string> {
  const found = element.matchAll(/([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g);
  return new Map(
    [...found].map(([, name = '', quoted, plain = '']) => [
      name.toLowerCase(),
      quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1'),
    ]),
  );
}

/** The IP address in an element of a list: as it is, in brackets, with or without port; null for anything else. */
function addressIn(element: string): string | null {
  const text = element.trim();
  const bracketed = /^\[([^\]%]*)\](?::\d{1,5})?$/.exec(text)?.[1];
  const withoutPort = bracketed ?? (isIP(text) === 0 ? text.replace(/:\d{1,5}$/, '') : text);
  return isIP(withoutPort) === 0 || withoutPort.includes('%') ? null : withoutPort.replace(/^::ffff:(?=.*\.)/i, '');
}

/** A node of RFC 7239 section 6: an IPv6 address stands in brackets and therefore in quotes. */
function node(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address === '' ? 'unknown' : address;
}
