import type { RequestHead } from '../framing/request-head.ts';
import type { RequestOrigin } from '../origin/request-origin.ts';
import type { Forward } from '../routing/route-request.ts';

/** Who sent a request that is shown. */
export interface LogSource {
  readonly origin: RequestOrigin;
  readonly isHttp2: boolean;
}

/** How a request that was forwarded went. */
export interface LoggedExchange {
  readonly forward: Forward;
  readonly slot: number;
  /** The head as the instance got it; it has the request's id. */
  readonly headText: string;
  /** Clock (ms) of the request, of when it was sent to the instance, and of its answer's first byte; 0: never. */
  readonly startMs: number;
  readonly sentMs: number;
  readonly answeredMs: number;
  /** Bytes of the answer's body as the instance sent it. */
  readonly bytes: number;
}

/** `failed`: the proxy had to answer, or the answer broke off; `refused`: by the proxy, because of the request. */
export type LoggedOutcome = 'ok' | 'failed' | 'refused' | 'clientGone';

export interface LoggedEnd {
  readonly outcome: LoggedOutcome;
  /** 0: nothing was answered. */
  readonly status: number;
  /** Why it did not end well; null: it did. */
  readonly reason: string | null;
  readonly nowMs: number;
}

/** The line of a request that went to an instance, or should have. */
export function exchangeLine(source: LogSource, head: RequestHead, exchange: LoggedExchange, end: LoggedEnd): string {
  const { forward, startMs, sentMs, answeredMs } = exchange;
  const { service } = forward;
  const [app, environment] = service.counts.epoch.scope.split('/');
  return JSON.stringify({
    ...request(source, head, requestIdIn(exchange.headText)),
    status: end.status,
    bytes: exchange.bytes,
    ms: tenths(end.nowMs - startMs),
    upstreamMs: answeredMs === 0 ? null : tenths(answeredMs - sentMs),
    ...{ app, environment, service: service.service, revision: service.revision, slot: exchange.slot },
    bucket: forward.bucket < 0 ? null : forward.bucket,
    outcome: end.outcome,
    reason: end.reason,
  });
}

/** The line of a request that the proxy itself answered, because of where it wanted to. */
export function ownAnswerLine(source: LogSource, head: RequestHead, status: number, reason: string): string {
  return JSON.stringify({ ...request(source, head, head.requestId || null), status, outcome: 'refused', reason });
}

function request({ origin, isHttp2 }: LogSource, head: RequestHead, id: string | null) {
  const { path, query } = shownTarget(head.target);
  return {
    time: new Date().toISOString(),
    id,
    client: shortenedAddress(origin.address),
    method: head.method,
    host: (origin.host === '' ? head.host : origin.host).slice(0, 255),
    path,
    query,
    protocol: isHttp2 ? '2' : `1.${head.minor}`,
    tls: origin.isSecure,
  };
}

const maxPathLength = 1024;
const maxKeys = 20;
const maxKeyLength = 64;

/** Path and names of the query's parameters. Never a value, which may be a secret; a part without `=` may be one as well. */
export function shownTarget(target: string): { readonly path: string; readonly query: readonly string[] } {
  const at = target.indexOf('?');
  if (at < 0) return { path: target.slice(0, maxPathLength), query: [] };
  const named = target
    .slice(at + 1)
    .split('&')
    .filter((part) => part.indexOf('=') > 0);
  return {
    path: target.slice(0, Math.min(at, maxPathLength)),
    query: named.slice(0, maxKeys).map((part) => part.slice(0, Math.min(part.indexOf('='), maxKeyLength))),
  };
}

/** An address is personal data: of IPv4 the last of four parts is zeroed, of IPv6 all but the first 48 bits. */
export function shortenedAddress(address: string): string {
  if (!address.includes(':')) return address.replace(/\.\d+$/, '.0');
  const [before = ''] = address.split('::');
  const groups = before === '' ? [] : before.split(':').slice(0, 3);
  return `${groups.join(':')}::`;
}

/** Ours comes after all fields that the client sent. */
function requestIdIn(headText: string): string | null {
  const from = headText.lastIndexOf('\r\nx-request-id: ') + 16;
  return from < 16 ? null : headText.slice(from, headText.indexOf('\r\n', from));
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
