import { fastify } from 'fastify';
import type { FastifyError, FastifyInstance } from 'fastify';
import { uuidv7 } from 'uuidv7';
import type { AllowedOrigins } from './allowed-origins.ts';
import { TooManyAttempts } from './attempt-limit.ts';
import { problemOf, problemType } from './problem.ts';
import type { ServerLimits } from './server-limits.ts';

/** As much of a logger as is needed; pino's fits. */
export interface ServerLog {
  error(fields: object, message: string): void;
}

export interface FastifyServerParts {
  readonly limits: ServerLimits;
  /** Sent with every answer. */
  readonly headers: Readonly<Record<string, string>>;
  readonly origins: AllowedOrigins;
  readonly log: ServerLog;
  /** A program on this machine passes requests on and says for whom (`X-Forwarded-For`): the last address that it adds counts. */
  readonly isBehindProxy: boolean;
}

/** A fastify that answers every error with problem+json, and knows two kinds of bodies: JSON, and tar as a stream. */
export function createFastify({ limits, headers, origins, log, isBehindProxy }: FastifyServerParts): FastifyInstance {
  const server = fastify({
    logger: false,
    trustProxy: isBehindProxy ? 'loopback' : false,
    genReqId: () => uuidv7(),
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.uploadTimeoutMs,
    connectionTimeout: 2 * limits.answerTimeoutMs,
    routerOptions: { maxParamLength: 1000 },
    exposeHeadRoutes: false,
    return503OnClosing: false,
    http: { headersTimeout: 20_000, keepAlive: true },
    frameworkErrors(error, request, reply) {
      const problem = problemOf(error, request.id);
      reply.raw.writeHead(problem.status, { ...headers, 'content-type': problemType }).end(JSON.stringify(problem));
    },
  });
  readBodies(server);
  server.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...headers, 'x-request-id': request.id });
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store');
    // A page of another name can be pointed at this address, but it has no token.
    if (request.headers.authorization === undefined) origins.refuseUnknownHost(request.headers);
  });
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = problemOf(error, request.id);
    const fields = { err: error, requestId: request.id, route: `${request.method} ${request.routeOptions.url ?? ''}` };
    if (problem.status >= 500) log.error(fields, problem.detail);
    if (error instanceof TooManyAttempts) reply.header('retry-after', error.waitS);
    return reply.code(problem.status).type(problemType).send(JSON.stringify(problem));
  });
  return server;
}

function readBodies(server: FastifyInstance): void {
  const parseJson = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    if (text.length === 0) done(null, undefined);
    else void parseJson(request, text.toString(), done);
  });
  server.addContentTypeParser('application/x-tar', (_request, payload, done) => done(null, payload));
}
