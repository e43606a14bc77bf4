import type { IncomingMessage } from 'node:http';
import { HttpProblem } from './problem.ts';

/**
 * Refuses a change that another site's page sent with this browser's cookie. The cookie is `SameSite=Lax` already; this is
 * the second lock. Browsers say where a request comes from (https://w3c.github.io/webappsec-fetch-metadata/); a program that
 * says nothing has no cookie of somebody else's to misuse.
 */
export function requireSameOrigin({ headers }: IncomingMessage): void {
  const site = headers['sec-fetch-site'];
  if (site === 'same-origin' || site === 'none') return;
  if (site === undefined && (headers.origin === undefined || hostOf(headers.origin) === headers.host)) return;
  throw new HttpProblem(403, 'This came from another site, so it was not done.');
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
