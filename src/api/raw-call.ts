import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { maySee, mayTouch } from '../capabilities/accounts/open-accounts.ts';
import type { Caller } from '../capabilities/accounts/open-accounts.ts';
import { LotseError } from '../core/errors.ts';
import type { CallContext, RawCall } from './route.ts';
import type { SignInAttempt } from './sign-in-attempt.ts';

export interface RawCallParts {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly caller: Caller | null;
  readonly signal: AbortSignal;
  readonly upload: Readable;
  /** Null for all that is no attempt to get a credential. */
  readonly attempt: SignInAttempt | null;
}

export function rawCallOf({ request, reply, caller, signal, upload, attempt }: RawCallParts): RawCall {
  const open = {
    requestId: request.id,
    remoteAddress: request.ip,
    origin: request.headers.origin ?? null,
    agent: request.headers['user-agent'] ?? '',
    setHeader: (name: string, value: string) => void reply.header(name, value),
  };
  const lastEventId = request.headers['last-event-id'];
  return {
    params: readParameters(request),
    query: request.query,
    body: request.body,
    upload,
    lastEventId: typeof lastEventId === 'string' ? lastEventId : null,
    open: { ...open, attemptOn: (account) => attempt?.onAccount(account) },
    context() {
      if (caller === null) throw new LotseError('internal', 'A route with a credential was called without one.');
      return contextOf(caller, signal, open);
    },
  };
}

function contextOf(caller: Caller, signal: AbortSignal, open: Omit<RawCall['open'], 'attemptOn'>): CallContext {
  return {
    ...open,
    caller,
    actor: caller.actor,
    signal,
    sees: (place) => maySee(caller, place),
    refuseOutside(place) {
      if (mayTouch(caller, place)) return;
      const where = [place.app, place.environment].filter((name) => name !== null).join('/');
      throw new LotseError('forbidden', `This credential is not for ${where || 'the control plane as a whole'}.`);
    },
  };
}

/** Decoded path parameters. Errors: `not-found` for what can name nothing: control characters, `..`, endless names. */
export function readParameters(request: FastifyRequest): Readonly<Record<string, string>> {
  const { params } = request;
  const read: Record<string, string> = {};
  if (typeof params !== 'object' || params === null) return read;
  for (const [name, value] of Object.entries(params)) {
    if (typeof value !== 'string' || !isName(value)) throw new LotseError('not-found', `There is no such ${name}.`);
    read[name] = value;
  }
  return read;
}

function isName(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  const hasControl = /[\u0000-\u001f\u007f]/.test(text);
  return (
    text !== '' && text.length <= 200 && !hasControl && !text.split(/[\\/]/).some((part) => /^\.{0,2}$/.test(part))
  );
}
