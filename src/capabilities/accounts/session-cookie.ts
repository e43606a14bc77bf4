import { ownCookiePrefix } from '../../core/routing-document.ts';
import type { UnixMs } from '../../core/ids.ts';

/** The browser's session. Scripts cannot read it, other sites cannot send it. */
export interface SessionCookie {
  /** The secret in a Cookie header; null when there is none. */
  read(header: string | undefined): string | null;
  /** A Set-Cookie header (RFC 6265bis). */
  write(secret: string, expiresAt: UnixMs): string;
  /** A Set-Cookie header that removes it. */
  remove(): string;
}

/**
 * Over https the name has the prefix `__Host-`, so that only this very server can have set it. On plain http (loopback)
 * browsers refuse that prefix. Cookies do not keep to a port: the name also marks it as Lotse's own, which the proxy
 * takes out of requests to apps.
 */
export function createSessionCookie(isHttps: boolean): SessionCookie {
  const name = `${isHttps ? '__Host-' : ''}${ownCookiePrefix}session`;
  const attributes = `Path=/; HttpOnly; SameSite=Strict${isHttps ? '; Secure' : ''}`;
  return {
    read(header) {
      const pair = header?.split(';').find((each) => each.trim().startsWith(`${name}=`));
      return pair?.trim().slice(name.length + 1) || null;
    },
    write: (secret, expiresAt) => `${name}=${secret}; Expires=${new Date(expiresAt).toUTCString()}; ${attributes}`,
    remove: () => `${name}=; Max-Age=0; ${attributes}`,
  };
}
