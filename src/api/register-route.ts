import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasRole, mayTouch, sayBounds } from '../capabilities/accounts/open-accounts.ts';
import type { Accounts, Caller, Place } from '../capabilities/accounts/open-accounts.ts';
import { LotseError } from '../core/errors.ts';
import type { AllowedOrigins } from './allowed-origins.ts';
import { TooManyAttempts } from './attempt-limit.ts';
import { isReading } from './authenticate.ts';
import type { Authenticate } from './authenticate.ts';
import type { Channels } from './channels.ts';
import { limitBytes, tooLarge } from './limit-bytes.ts';
import { RefusedRequest } from './problem.ts';
import { rawCallOf, readParameters } from './raw-call.ts';
import { refuseFarVersions } from './refuse-far-versions.ts';
import type { Reply, Route } from './route.ts';
import { beginAttempt } from './sign-in-attempt.ts';
import type { SignInAttempt, SignInLimits } from './sign-in-attempt.ts';
import { sendEvents, sendLines } from './stream-answer.ts';
import type { ServerLimits } from './server-limits.ts';

export interface RouteParts {
  readonly authenticate: Authenticate;
  readonly accounts: Pick<Accounts, 'isStillOpen'>;
  readonly origins: AllowedOrigins;
  readonly signInLimits: SignInLimits;
  readonly limits: ServerLimits;
  readonly channels: Channels;
  /** Of this control plane. */
  readonly version: string;
  /** Aborted when the server begins to close. */
  readonly closing: AbortSignal;
  /** Told when a stream breaks off by a mistake of ours. */
  readonly onStreamError: (error: unknown, request: FastifyRequest) => void;
}

/** Puts a declared route below `base`. Credential, role and binding are checked before the body is read. */
export function registerRoute(server: FastifyInstance, base: string, route: Route, parts: RouteParts): void {
  const { limits } = parts;
  const callers = new WeakMap<FastifyRequest, Caller>();
  const [method = '', path = ''] = route.at.split(' ');
  server.route({
    method,
    url: `${base}${path}`,
    handlerTimeout: route.body === 'tar' ? limits.uploadTimeoutMs : limits.answerTimeoutMs,
    async onRequest(request, reply) {
      if (route.role === null) {
        const isReadingOnly = isReading(request.method);
        parts.origins.refuseForeignPage(request.headers, { isReading: isReadingOnly, hasCookie: false });
      } else {
        refuseFarVersions(request.headers, parts.version);
        const caller = await parts.authenticate(request, reply);
        refuseCaller(route, caller, readParameters(request));
        callers.set(request, caller);
      }
      refuseBody(route, request, limits);
    },
    handler: (request, reply) => answer(route, parts, request, reply, callers.get(request) ?? null),
  });
}

async function answer(
  route: Route,
  parts: RouteParts,
  request: FastifyRequest,
  reply: FastifyReply,
  caller: Caller | null,
): Promise<unknown> {
  const upload = route.body === 'tar' ? limitBytes(request.raw, parts.limits.uploadBytes) : null;
  const attempt = signInAttempt(route, parts, request);
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  const isStream = route.answer.kind !== 'value';
  const signal = isStream ? AbortSignal.any([gone.signal, parts.closing]) : gone.signal;
  try {
    const outcome = await route.run(
      rawCallOf({ request, reply, caller, signal, attempt, upload: upload?.content ?? request.raw }),
    );
    attempt?.takeBack();
    // A timeout has answered already.
    if (reply.sent || reply.raw.headersSent) return undefined;
    return await send(route, parts, outcome, { request, reply, caller, signal });
  } catch (error) {
    if (!isFailedAttempt(error)) attempt?.takeBack();
    throw error;
  } finally {
    upload?.release();
  }
}

/** Null for all that is no attempt to get a credential. Errors: 429. */
function signInAttempt(route: Route, parts: RouteParts, request: FastifyRequest): SignInAttempt | null {
  const isSignIn = route.role === null && route.body !== null;
  return isSignIn ? beginAttempt(parts.signInLimits, request.ip) : null;
}

/** One that was refused unseen says nothing about who asked. */
function isFailedAttempt(error: unknown): boolean {
  return error instanceof LotseError && error.code === 'unauthenticated' && !(error instanceof TooManyAttempts);
}

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly caller: Caller | null;
  readonly signal: AbortSignal;
}

async function send(route: Route, parts: RouteParts, outcome: Reply, exchange: Exchange): Promise<unknown> {
  const { request, reply, caller, signal } = exchange;
  if (outcome.kind === 'value') {
    const value: unknown = route.answer.shape.parse(outcome.value);
    if (value === undefined) return reply.code(204).send();
    return reply.code(route.answer.status).type('application/json; charset=utf-8').send(JSON.stringify(value));
  }
  const isStillAllowed = async (): Promise<boolean> => caller !== null && (await parts.accounts.isStillOpen(caller));
  const options = { signal, isStillAllowed, ...parts.limits };
  if (outcome.kind === 'channel') {
    await parts.channels
      .open(request, reply, outcome.run, { ...options, signal: parts.closing })
      .catch((error: unknown) => refuseOrTell(error, parts, request));
    return reply;
  }
  const sent =
    outcome.kind === 'lines' ? sendLines(reply, outcome.lines, options) : sendEvents(reply, outcome.events, options);
  await sent.catch((error: unknown) => parts.onStreamError(error, request));
  return reply;
}

/** What is refused becomes a problem; what breaks off later is told nobody but the log. */
function refuseOrTell(error: unknown, parts: RouteParts, request: FastifyRequest): void {
  if (error instanceof RefusedRequest) throw error;
  parts.onStreamError(error, request);
}

function refuseCaller(route: Route, caller: Caller, params: Readonly<Record<string, string>>): void {
  if (route.role !== null && !hasRole(caller.roles, route.role)) {
    throw new LotseError(
      'forbidden',
      `This needs the role ${route.role}; ${caller.name} has ${caller.roles.join(', ')}.`,
      {
        hint: 'An admin can make a token with that role, or give it to a person.',
      },
    );
  }
  const named = { app: params['app'] ?? null, environment: params['environment'] ?? null };
  if (route.binding === 'by-path' ? mayTouch(caller, named) : mayTouchNamed(caller, named)) return;
  throw new LotseError('forbidden', `This credential is bound to ${sayBounds(caller)}.`, {
    hint: 'Use a credential for this app and environment.',
  });
}

/** What the path names must fit; what it leaves open is the handler's to check. */
function mayTouchNamed({ app, environments }: Caller, named: Place): boolean {
  const bounds = {
    app: named.app === null ? null : app,
    environments: named.environment === null ? null : environments,
  };
  return mayTouch(bounds, named);
}

function refuseBody(route: Route, request: FastifyRequest, limits: ServerLimits): void {
  const isTar = /^application\/x-tar *(?:;|$)/i.test(request.headers['content-type'] ?? '');
  if (route.body === 'tar' && !isTar) {
    throw new RefusedRequest(415, 'bad-input', 'The body must be a tar archive with content-type application/x-tar.');
  }
  if (route.body !== 'tar' && isTar) throw new RefusedRequest(415, 'bad-input', 'The body must be application/json.');
  if (route.body === 'tar' && Number(request.headers['content-length'] ?? 0) > limits.uploadBytes) {
    throw tooLarge(limits.uploadBytes);
  }
}
