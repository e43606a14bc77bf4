import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { Accounts, Place } from '../capabilities/accounts/open-accounts.ts';
import { createAccountRoutes } from '../capabilities/accounts/routes.ts';
import { createSessionCookie } from '../capabilities/accounts/session-cookie.ts';
import { LotseError } from '../core/errors.ts';
import { allRoutes, apiBase, healthRoute } from './all-routes.ts';
import { createAllowedOrigins } from './allowed-origins.ts';
import { createAttemptLimit } from './attempt-limit.ts';
import { createAuthenticate } from './authenticate.ts';
import type { ChangeSource } from './change-feed.ts';
import { createChannels } from './channels.ts';
import { createFastify } from './fastify-server.ts';
import type { ServerLog } from './fastify-server.ts';
import { addressUrl, listen } from './listen.ts';
import { createLiveStream } from './live-stream.ts';
import { answerNotFound } from './not-found.ts';
import { registerRoute } from './register-route.ts';
import type { RouteParts } from './register-route.ts';
import type { Route } from './route.ts';
import { securityHeaders } from './security-headers.ts';
import { defaultLimits } from './server-limits.ts';
import type { ServerLimits } from './server-limits.ts';
import { serveWebPage } from './web-page.ts';

export interface ServerOptions {
  /** Those of the capabilities; the server adds accounts, the live stream, health and OpenAPI. */
  readonly routes: readonly Route[];
  readonly accounts: Accounts;
  readonly changes: ChangeSource;
  /** The built web page; null or without index.html: none. */
  readonly webFolder: string | null;
  readonly version: string;
  readonly log: ServerLog;
  /** Where people reach the server, e.g. `https://lotse.example`, when that is not where it listens. */
  readonly publicUrl?: string | null;
  /** Further names in `Host` that it answers to. */
  readonly names?: readonly string[];
  readonly limits?: Partial<ServerLimits>;
  /** Protocols of others on the same port: they have credentials, errors and limits of their own. */
  readonly beside?: Beside;
}

/** What it takes, it answers alone. */
export interface Beside {
  readonly takes: (url: string) => boolean;
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** The server listens, at this port. */
  readonly opened: (port: number) => Promise<void>;
  /** The server is about to close: ends what would never end by itself. */
  readonly close: () => Promise<void>;
}

export interface ApiServer {
  /**
   * On loopback unless told otherwise; port 0 takes a free one. Resolves with the URL for programs on this machine.
   * Errors: `port-taken`; `bad-input` for a host or port that cannot be listened on.
   */
  listen(where: { readonly port: number; readonly host?: string }): Promise<string>;
  /** `publicUrl`, else where it listens. */
  readonly url: string;
  /** The page that exchanges a sign-in link's secret for a session. */
  signInUrl(secret: string): string;
  /** See LiveStream. */
  publishTransient(name: string, data: unknown, place?: Place): void;
  /** Ends streams at once, lets other requests finish within `closeGraceMs`, then cuts them. May be called again. */
  close(): Promise<void>;
}

export async function createServer(options: ServerOptions): Promise<ApiServer> {
  const { publicUrl = null, names = [], accounts, log } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const isHttps = publicUrl?.startsWith('https:') === true;
  const cookie = createSessionCookie(isHttps);
  const origins = createAllowedOrigins(publicUrl, names);
  const authenticate = createAuthenticate({ accounts, cookie, origins });
  const closing = new AbortController();
  const live = createLiveStream(options.changes);
  const isBehindProxy = publicUrl !== null;
  const server = createFastify({ limits, headers: securityHeaders(isHttps), origins, log, isBehindProxy });
  const url = (): string => publicUrl?.replace(/\/$/, '') ?? addressUrl(server);
  const signInUrl = (secret: string): string => `${url()}/sign-in#${secret}`;
  const own = [...createAccountRoutes({ accounts, cookie, signInUrl, address: url, origin: pageOf }), live.route];
  const { version } = options;
  const channels = createChannels();
  const parts = routeParts({
    authenticate,
    accounts,
    origins,
    limits,
    version,
    channels,
    closing: closing.signal,
    log,
  });
  for (const route of allRoutes([...own, ...options.routes], options.version)) {
    registerRoute(server, apiBase, route, parts);
  }
  registerRoute(server, '', healthRoute(options.version), parts);
  answerNotFound(server, await serveWebPage(server, options.webFolder), authenticate);
  await server.ready();
  channels.listenTo(server.server, server);
  if (options.beside !== undefined) handOver(server.server, options.beside);
  return {
    async listen({ port, host = '127.0.0.1' }) {
      await listen(server, host, port);
      await options.beside?.opened(Number(new URL(addressUrl(server)).port));
      return addressUrl(server);
    },
    get url() {
      return url();
    },
    signInUrl,
    publishTransient: live.publishTransient,
    async close() {
      closing.abort();
      live.close();
      await options.beside?.close();
      const cut = setTimeout(() => server.server.closeAllConnections(), limits.closeGraceMs);
      await server.close().finally(() => clearTimeout(cut));
    },
  };
}

/** Checked against the server's own names before: see AllowedOrigins. */
function pageOf({ origin }: { readonly origin: string | null }): string {
  if (origin !== null) return origin;
  throw new LotseError('bad-input', 'Passkeys are used by a page, and no page asks.');
}

function handOver(http: Server, { takes, handle }: Beside): void {
  const own = http.listeners('request');
  http.removeAllListeners('request');
  http.on('request', (request, response) => {
    if (takes(request.url ?? '')) return handle(request, response);
    for (const listener of own) Reflect.apply(listener, http, [request, response]);
  });
}

function routeParts({
  log,
  ...parts
}: Omit<RouteParts, 'signInLimits' | 'onStreamError'> & { readonly log: ServerLog }): RouteParts {
  const { signInAttempts, accountAttempts, signInWindowMs: windowMs } = parts.limits;
  const limit = (attempts: number) => createAttemptLimit({ attempts, windowMs, now: Date.now });
  return {
    ...parts,
    signInLimits: { byAddress: limit(signInAttempts), byAccount: limit(accountAttempts) },
    onStreamError: (error: unknown, request: FastifyRequest) =>
      log.error({ err: error, requestId: request.id }, 'A stream broke off'),
  };
}
