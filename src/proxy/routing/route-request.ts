import { randomInt, randomUUID } from 'node:crypto';
import { bucketCount } from '../../core/routing-document.ts';
import type { RequestHead } from '../framing/request-head.ts';
import { ownAnswer } from '../own-answers.ts';
import type { OwnAnswer } from '../own-answers.ts';
import { verifyProbe } from '../probe-signature.ts';
import type { ProbeRequest } from '../probe-signature.ts';
import { bucketOf, chooseShare } from './choose-share.ts';
import { serviceAt } from './route-table.ts';
import type { EnvironmentRoutes, RevisionRoutes, RouteTable, ServiceRoute } from './route-table.ts';

export interface Forward {
  readonly kind: 'forward';
  readonly service: ServiceRoute;
  /** -1: none. */
  readonly bucket: number;
  /** Visitor id that the answer sets as cookie; null: none. */
  readonly newVisitor: string | null;
  /** The answer to a signed probe says who gave it; probes are not counted as traffic. */
  readonly isProbe: boolean;
}

export type Decision =
  | Forward
  | { readonly kind: 'answer'; readonly answer: OwnAnswer }
  | {
      readonly kind: 'hold';
      readonly environment: EnvironmentRoutes;
      readonly maxHeld: number;
      readonly maxHoldMs: number;
    };

/** Decides what becomes of a request that came in on `port`. */
export function routeRequest(table: RouteTable, port: number, head: RequestHead): Decision {
  const entry = table.ports.get(port);
  if (entry === undefined) return answer(404, 'no-route', 'Nothing here', 'This port is no longer in use.');
  const probe = head.probe === '' ? null : verifyProbe(table.probeKey, head.probe, Date.now());
  switch (entry.kind) {
    case 'front': {
      const environment = environmentFor(table, head.host);
      if (environment === undefined)
        return answer(404, 'unknown-name', 'Unknown name', 'No application is known by this name.');
      return routePublic(environment, head, probe);
    }
    case 'environment':
      return routePublic(entry.environment, head, probe);
    case 'pinned': {
      const service = serviceAt(entry.revision, head.target);
      return service === null ? noService : forward(service, innerBucket(head), null, probe);
    }
    case 'internal':
      return forward(entry.service, innerBucket(head), null, probe);
  }
}

function environmentFor(table: RouteTable, host: string): EnvironmentRoutes | undefined {
  return table.domains.get(host) ?? table.domains.get(host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, ''));
}

function routePublic(environment: EnvironmentRoutes, head: RequestHead, probe: ProbeRequest | null): Decision {
  const { mode } = environment;
  switch (mode.kind) {
    case 'maintenance':
      return answer(503, 'maintenance', 'Down for maintenance', mode.message, mode.retryAfterS);
    case 'paused':
      return { kind: 'hold', environment, maxHeld: mode.maxHeld, maxHoldMs: mode.maxHoldMs };
    case 'adopted':
      return environment.adopted === null ? noService : forward(environment.adopted, -1, null, probe);
    case 'serving':
      return probe === null ? routeVisitor(environment, head) : routeProbe(environment, head, probe);
  }
}

function routeVisitor(environment: EnvironmentRoutes, head: RequestHead): Decision {
  const { shares } = environment;
  const last = shares.at(-1);
  if (last === undefined) return noService;
  const isSplit = shares.length > 1;
  if (!isStickyAt(shares, head.target)) {
    return at(isSplit ? (chooseShare(shares, randomInt(bucketCount)) ?? last) : last, head.target, -1, null);
  }
  const visitor = isVisitorId(head.visitor) ? head.visitor : null;
  if (visitor === null && !isSplit) return at(last, head.target, -1, null);
  const newVisitor = visitor === null ? randomUUID() : null;
  const bucket = bucketOf(environment.salted, visitor ?? newVisitor ?? '');
  return at(chooseShare(shares, bucket) ?? last, head.target, bucket, newVisitor);
}

/** Stickiness is asked of the newest revision that has the path, so that it does not depend on the choice that it is for. */
function isStickyAt(shares: readonly RevisionRoutes[], target: string): boolean {
  for (let i = shares.length - 1; i >= 0; i--) {
    const share = shares[i];
    const service = share === undefined ? null : serviceAt(share, target);
    if (service !== null) return service.isSticky;
  }
  return false;
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
  return { kind: 'forward', service, bucket, newVisitor, isProbe: probe !== null };
}

function innerBucket(head: RequestHead): number {
  return /^\d{1,3}$/.test(head.bucket) ? Number(head.bucket) : -1;
}

function isVisitorId(text: string): boolean {
  return text.length >= 16 && text.length <= 64 && /^[A-Za-z0-9_-]+$/.test(text);
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

const noService = answer(404, 'no-service', 'Nothing here', 'No service answers under this path.');
