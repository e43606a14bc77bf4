import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { RefusedRequest } from './problem.ts';

export interface AllowedOrigins {
  /**
   * Against DNS rebinding: a page of another name that was pointed at this address. Numeric addresses, localhost and
   * the server's own names pass. Errors: 421.
   */
  refuseUnknownHost(headers: IncomingHttpHeaders): void;
  /**
   * Against requests that another page makes a browser send. Reading passes unless the browser says that another site
   * asks; all else needs the browser's word that it comes from this page (`Sec-Fetch-Site`, Fetch Metadata; `Origin`,
   * RFC 6454). A port is part of the origin: the apps on other ports of this machine are foreign. Errors: `forbidden`.
   */
  refuseForeignPage(headers: IncomingHttpHeaders, request: PageRequest): void;
}

export interface PageRequest {
  readonly isReading: boolean;
  /** With a cookie the browser must say where the request comes from; without one it may say nothing. */
  readonly hasCookie: boolean;
}

/** `publicUrl`: where people reach the server when that is not where it listens. `names`: further names of it. */
export function createAllowedOrigins(publicUrl: string | null, names: readonly string[]): AllowedOrigins {
  const publicOrigin = publicUrl === null ? null : new URL(publicUrl);
  const ownNames = new Set([
    ...names.map((name) => name.toLowerCase()),
    ...(publicOrigin ? [publicOrigin.hostname] : []),
  ]);
  return {
    refuseUnknownHost({ host }) {
      const name = hostName(host);
      if (name !== null && (isIP(name) !== 0 || isLocalName(name) || ownNames.has(name))) return;
      throw new RefusedRequest(
        421,
        'forbidden',
        `Lotse does not answer as ${JSON.stringify(host ?? '')}.`,
        'Open it by its numeric address, or as localhost on its own machine.',
      );
    },
    refuseForeignPage(headers, { isReading, hasCookie }) {
      const site = headers['sec-fetch-site'];
      const { origin } = headers;
      const isOwn = origin !== undefined && (origin === publicOrigin?.origin || origin === `http://${headers.host}`);
      const isForeign = (origin !== undefined && !isOwn) || !['same-origin', 'none', undefined].includes(first(site));
      const isProven = isOwn || site === 'same-origin';
      if (!isForeign && (isReading || isProven || !hasCookie)) return;
      throw new RefusedRequest(
        403,
        'forbidden',
        'This request does not come from the page of Lotse.',
        'Programs use a token (Authorization: Bearer …) instead of the cookie of a session.',
      );
    },
  };
}

/** Lower case, without port and brackets; null when the header is missing or no host. */
function hostName(host: string | undefined): string | null {
  const url = host === undefined ? null : URL.parse(`http://${host}`);
  if (url === null || url.pathname !== '/' || url.username !== '') return null;
  return url.hostname.replace(/^\[|\]$/g, '');
}

function isLocalName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}

function first(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' || header === undefined ? header : header[0];
}
