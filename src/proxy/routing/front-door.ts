import type { AcmeChallenge, RoutingDocument } from '../../core/routing-document.ts';
import type { RequestHead } from '../framing/request-head.ts';
import { ownAnswer } from '../own-answers.ts';
import type { OwnAnswer } from '../own-answers.ts';
import type { RequestSource } from '../request-source.ts';
import { CertificateNames } from '../tls/certificate-names.ts';
import { hostName, isLocalName } from './host-name.ts';

/** What requests on the shared front ports meet before they are routed to an application. */
export interface FrontDoor {
  /** Port for TLS; null: none. */
  readonly tlsPort: number | null;
  /** Which of the certificates is shown for a name. */
  readonly certificates: CertificateNames<number>;
  /** Key authorizations by token. */
  readonly challenges: ReadonlyMap<string, string>;
}

type Https = { readonly hstsS: number } | null;
type Source = Pick<RequestSource, 'serverName' | 'origin'>;

const challengePrefix = '/.well-known/acme-challenge/';

export function compileFrontDoor(tls: RoutingDocument['tls'], challenges: readonly AcmeChallenge[]): FrontDoor {
  const certificates = tls?.certificates ?? [];
  return {
    tlsPort: tls?.port ?? null,
    certificates: new CertificateNames(certificates.map(({ names }, index) => ({ names, value: index }))),
    challenges: new Map(challenges.map(({ token, keyAuthorization }) => [token, keyAuthorization])),
  };
}

/** The answer to an ACME challenge (RFC 8555 section 8.3), null for any other request. An app may have challenges of its own. */
export function answerChallenge(door: FrontDoor, head: RequestHead): OwnAnswer | null {
  if (door.challenges.size === 0 || !head.target.startsWith(challengePrefix)) return null;
  const known = door.challenges.get(head.target.slice(challengePrefix.length));
  if (known === undefined || (head.method !== 'GET' && head.method !== 'HEAD')) return null;
  return { ...ownAnswer(200, 'challenge', '', ''), plainText: known };
}

/**
 * 421 for a request whose name has another certificate than the one that was shown on its connection (RFC 9110 section
 * 15.5.20): a client may use a connection for all names of the certificate, and for no others. A client that named nobody
 * when it began TLS has checked no name, so nothing contradicts it.
 */
export function answerMisdirected(door: FrontDoor, source: Source, head: RequestHead): OwnAnswer | null {
  if (source.serverName === '' || source.serverName === head.host) return null;
  if (door.certificates.find(source.serverName) === door.certificates.find(hostName(head.host))) return null;
  return misdirected;
}

/**
 * Sends a plain request of an environment with TLS there. GET and HEAD get 301, which every client knows; others 308, with
 * which they keep method and body.
 */
export function answerPlain(door: FrontDoor, https: Https, source: Source, head: RequestHead): OwnAnswer | null {
  if (https === null || door.tlsPort === null || source.origin.isSecure) return null;
  const host = head.host.replace(/:\d*$/, '') + (door.tlsPort === 443 ? '' : `:${door.tlsPort}`);
  const status = head.method === 'GET' || head.method === 'HEAD' ? 301 : 308;
  const answer = ownAnswer(status, 'use-https', 'Moved', 'This address is served over HTTPS.');
  return { ...answer, location: `https://${host}${head.target === '*' ? '/' : head.target}` };
}

/** The field line that tells browsers to come by TLS alone (RFC 6797); empty where there is nothing to tell. */
export function strictTransport(https: Https, source: Source, head: RequestHead): string {
  if (https === null || https.hstsS === 0 || !source.origin.isSecure || isLocalName(hostName(head.host))) return '';
  return `strict-transport-security: max-age=${https.hstsS}\r\n`;
}

const misdirected = ownAnswer(
  421,
  'misdirected',
  'Misdirected Request',
  'This connection was opened for another name. Please ask on a new one.',
);
