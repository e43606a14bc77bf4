import { randomInt, randomUUID } from 'node:crypto';
import { bucketCount } from '../../core/routing-document.ts';
import type { Stickiness } from '../../core/routing-document.ts';
import type { RequestHead } from '../framing/request-head.ts';
import { ownAnswer } from '../own-answers.ts';
import type { OwnAnswer } from '../own-answers.ts';
import { verifyPreview } from '../preview-signature.ts';
import { verifyProbe } from '../probe-signature.ts';
import type { ProbeRequest } from '../probe-signature.ts';
import type { RequestSource } from '../request-source.ts';
import { bucketOf, chooseShare } from './choose-share.ts';
import { answerChallenge, answerMisdirected, answerPlain, strictTransport } from './front-door.ts';
import { hostName } from './host-name.ts';
import { isUnder, serviceAt } from './route-table.ts';
import type { EnvironmentRoutes, RevisionRoutes, RouteTable, ServiceRoute } from './route-table.ts';
import { visitorOf } from './visitor.ts';

export interface Forward {
  readonly kind: 'forward';
  readonly service: ServiceRoute;
  /** -1: none. */
  readonly bucket: number;
  /** Visitor id that the answer sets as cookie; null: none. */
  readonly newVisitor: string | null;
  /** The answer to a signed probe says who gave it. */
  readonly isProbe: boolean;
  /** Is it traffic that the judge looks at? Probes and previews are not. */
  readonly isCounted: boolean;
  /** Who is asked, in this order, when the answer is 404: for files that belong to one release. */
  readonly elsewhere: readonly ServiceRoute[];
  /** Field line that the answer gets unless it has such a field; empty: none. */
  readonly strictTransport: string;
}

type Source = Pick<RequestSource, 'port' | 'serverName' | 'origin'>;

export type Decision =
  | Forward
  | { readonly kind: 'answer'; readonly answer: OwnAnswer }
  | {
      readonly kind: 'hold';
      readonly environment: EnvironmentRoutes;
      readonly maxHeld: number;
      readonly maxHoldMs: number;
    };

/** What a signed request asks for. */
interface Wish {
  readonly probe: ProbeRequest | null;
  /** The release that is to be previewed; null: what serves. */
  readonly release: string | null;
}

/** Decides what becomes of a request from `source`. */
export function routeRequest(table: RouteTable, source: Source, head: RequestHead): Decision {
  const entry = table.ports.get(source.port);
  if (entry === undefined) return answer(404, 'no-route', 'Nothing here', 'This port is no longer in use.');
  const wish = head.probe === '' && head.preview === '' ? null : wishOf(table, head);
  switch (entry.kind) {
    case 'front':
      return routeFront(table, source, head, wish);
    case 'environment':
      return routePublic(entry.environment, source, head, wish);
    case 'pinned': {
      const service = serviceAt(entry.revision, head.target);
      return service === null ? noService : forward(service, innerBucket(head), null, wish?.probe ?? null);
    }
    case 'internal':
      return forward(entry.service, innerBucket(head), null, wish?.probe ?? null);
  }
}

function wishOf(table: RouteTable, head: RequestHead): Wish {
  const nowMs = Date.now();
  return {
    probe: head.probe === '' ? null : verifyProbe(table.probeKey, head.probe, nowMs),
    release: head.preview === '' ? null : verifyPreview(table.probeKey, head.preview, nowMs),
  };
}

function routeFront(table: RouteTable, source: Source, head: RequestHead, wish: Wish | null): Decision {
  const { door } = table;
  const first = answerChallenge(door, head) ?? answerMisdirected(door, source, head);
  if (first !== null) return { kind: 'answer', answer: first };
  const environment = table.domains.get(head.host) ?? table.domains.get(hostName(head.host));
  if (environment !== undefined) return routeNamed(table, environment, source, head, wish);
  const preview = previewAt(table, hostName(head.host));
  if (preview === null) return unknownName;
  const { release } = preview;
  return routeNamed(table, preview.environment, source, head, { probe: wish?.probe ?? null, release });
}

function routeNamed(
  { door }: RouteTable,
  environment: EnvironmentRoutes,
  source: Source,
  head: RequestHead,
  wish: Wish | null,
): Decision {
  const moved = (wish?.probe ?? null) === null ? answerPlain(door, environment.https, source, head) : null;
  if (moved !== null) return { kind: 'answer', answer: moved };
  const decision = routePublic(environment, source, head, wish);
  const line = strictTransport(environment.https, source, head);
  return line === '' || decision.kind !== 'forward' ? decision : { ...decision, strictTransport: line };
}

/** What `<release>.<domain>` means where the document offers it. */
function previewAt(table: RouteTable, name: string) {
  const dot = name.indexOf('.');
  const environment = dot > 0 ? table.previews.get(name.slice(dot + 1)) : undefined;
  return environment === undefined ? null : { environment, release: name.slice(0, dot) };
}

function routePublic(environment: EnvironmentRoutes, source: Source, head: RequestHead, wish: Wish | null): Decision {
  const { mode, flags } = environment;
  if (flags !== null && isUnder(head.target, flags.path))
    return { ...forward(flags, -1, null, null), isCounted: false };
  // Those who preview want to see what others do not see yet. While old and new change places they wait as all others.
  if (wish !== null && wish.release !== null && mode.kind !== 'paused')
    return routePreview(environment, wish.release, head, wish.probe);
  const probe = wish?.probe ?? null;
  switch (mode.kind) {
    case 'maintenance':
      return answer(503, 'maintenance', 'Down for maintenance', mode.message, mode.retryAfterS);
    case 'paused':
      return { kind: 'hold', environment, maxHeld: mode.maxHeld, maxHoldMs: mode.maxHoldMs };
    case 'adopted':
      return environment.adopted === null ? noService : forward(environment.adopted, -1, null, probe);
    case 'serving':
      return probe === null ? routeVisitor(environment, source, head) : routeProbe(environment, head, probe);
  }
}

function routePreview(
  environment: EnvironmentRoutes,
  release: string,
  head: RequestHead,
  probe: ProbeRequest | null,
): Decision {
  const revision = environment.releases.get(release);
  if (revision === undefined) return answer(404, 'unknown-release', 'Nothing to preview', notHere(release));
  const service = serviceAt(revision, head.target);
  return service === null ? noService : { ...forward(service, -1, null, probe), isCounted: false };
}

function routeVisitor(environment: EnvironmentRoutes, source: Source, head: RequestHead): Decision {
  const { shares } = environment;
  const last = shares.at(-1);
  if (last === undefined) return noService;
  const isSplit = shares.length > 1;
  const stickiness = stickinessAt(shares, head.target);
  if (stickiness.kind === 'none') {
    const share = isSplit ? chooseShare(shares, randomInt(bucketCount)) : last;
    return withElsewhere(at(share ?? last, head.target, -1, null), head);
  }
  const visitor = visitorOf(stickiness, head, source.origin.address);
  if (visitor === null && !isSplit) return withElsewhere(at(last, head.target, -1, null), head);
  const newVisitor = visitor === null ? randomUUID() : null;
  const bucket = bucketOf(environment.salted, visitor ?? newVisitor ?? '');
  return withElsewhere(at(chooseShare(shares, bucket) ?? last, head.target, bucket, newVisitor), head);
}

/** A file that belongs to one release may still be had from another one: pages that were opened before ask for it. */
function withElsewhere(decision: Decision, head: RequestHead): Decision {
  if (decision.kind !== 'forward') return decision;
  const { assets } = decision.service;
  if (assets === null || assets.elsewhere.length === 0 || !isUnder(head.target, assets.prefix)) return decision;
  const isPlain = (head.method === 'GET' || head.method === 'HEAD') && !head.hasBody && head.upgrade === '';
  return isPlain ? { ...decision, elsewhere: assets.elsewhere } : decision;
}

/** Stickiness is asked of the newest revision that has the path, so that it does not depend on the choice that it is for. */
function stickinessAt(shares: readonly RevisionRoutes[], target: string): Stickiness {
  for (let i = shares.length - 1; i >= 0; i--) {
    const share = shares[i];
    const service = share === undefined ? null : serviceAt(share, target);
    if (service !== null) return service.stickiness;
  }
  return { kind: 'none' };
}

function routeProbe(environment: EnvironmentRoutes, head: RequestHead, probe: ProbeRequest): Decision {
  if (probe.revision !== null) {
    const revision = environment.revisions.get(probe.revision);
    return revision === undefined ? noService : at(revision, head.target, probe.bucket ?? -1, null, probe);
  }
  const share = chooseShare(environment.shares, probe.bucket ?? randomInt(bucketCount));
  return share === undefined ? noService : at(share, head.target, probe.bucket ?? -1, null, probe);
}

function at(
  revision: RevisionRoutes,
  target: string,
  bucket: number,
  newVisitor: string | null,
  probe: ProbeRequest | null = null,
): Decision {
  const service = serviceAt(revision, target);
  return service === null ? noService : forward(service, bucket, newVisitor, probe);
}

function forward(
  service: ServiceRoute,
  bucket: number,
  newVisitor: string | null,
  probe: ProbeRequest | null,
): Forward {
  return {
    kind: 'forward',
    service,
    bucket,
    newVisitor,
    isProbe: probe !== null,
    isCounted: probe === null,
    elsewhere: nobody,
    strictTransport: '',
  };
}

function innerBucket(head: RequestHead): number {
  return /^\d{1,3}$/.test(head.bucket) ? Number(head.bucket) : -1;
}

function answer(
  status: number,
  reason: string,
  title: string,
  detail: string,
  retryAfterS: number | null = null,
): Decision {
  return { kind: 'answer', answer: ownAnswer(status, reason, title, detail, retryAfterS) };
}

function notHere(release: string): string {
  return `Release ${release} does not run here. It can be previewed from when its instances are started until they are stopped.`;
}

const nobody: readonly ServiceRoute[] = [];
const unknownName = answer(404, 'unknown-name', 'Unknown name', 'No application is known by this name.');
const noService = answer(404, 'no-service', 'Nothing here', 'No service answers under this path.');
