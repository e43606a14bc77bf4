import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { Caller, Place } from '../capabilities/accounts/open-accounts.ts';
import type { Actor } from '../core/events.ts';
import { readShape } from './read-shape.ts';

/**
 * Routes as plain data: a capability declares them with `route`, `uploadRoute`, `linesRoute` or `eventsRoute` and hands
 * the list to the server, which checks credential, role, binding and shapes before `handle` is called, and turns every
 * LotseError into problem+json. OpenAPI is made from the same data.
 */

/** Method and path below the API's base, as in the contracts: `GET /apps/:app/releases/:release`. */
export type RouteText = `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`;

type ParameterName<Text extends string> = Text extends `${string}/:${infer Name}/${infer Rest}`
  ? Name | ParameterName<`/${Rest}`>
  : Text extends `${string}/:${infer Name}`
    ? Name
    : never;
export type PathParameters<Text extends string> = { readonly [Name in ParameterName<Text>]: string };

export type Role = Caller['roles'][number];

/** What a handler gets besides its input. */
export interface CallContext {
  readonly caller: Caller;
  /** For the journal: who does this. */
  readonly actor: Actor;
  readonly requestId: string;
  /** Aborted when the client is gone, and for streams also when the server closes. */
  readonly signal: AbortSignal;
  readonly remoteAddress: string;
  /** The page that asks, `https://lotse.example`, which is this server's own; null: no page says so. */
  readonly origin: string | null;
  /** What the client calls itself. */
  readonly agent: string;
  /** Errors: `forbidden` when the credential is bound to another app or environment. */
  refuseOutside(place: Place): void;
  /** For lists: may the credential see what belongs there? Who is bound to an environment also sees what belongs to its app as a whole. */
  sees(place: Place): boolean;
  setHeader(name: string, value: string): void;
}

interface Input<Text extends string, Query extends z.ZodType, Body> {
  readonly params: PathParameters<Text>;
  readonly query: z.output<Query>;
  readonly body: Body;
}

export type Call<Text extends string, Query extends z.ZodType, Body> = CallContext & Input<Text, Query, Body>;
/** Of a route that needs no credential. */
export type OpenCall<Body> = Pick<CallContext, 'requestId' | 'remoteAddress' | 'origin' | 'agent' | 'setHeader'> & {
  readonly body: Body;
  /** Says which account somebody tries to get: too many failures on one are refused, whoever tries. Errors: 429. */
  attemptOn(account: string): void;
};

export interface ServerEvent {
  readonly name: string;
  /** What `Last-Event-ID` will be after this event. */
  readonly id?: string;
  readonly data: unknown;
}

/** What the server calls: input as it came, not checked yet. */
export interface RawCall {
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  readonly body: unknown;
  readonly upload: Readable;
  readonly lastEventId: string | null;
  /** Throws for a route that was called without a credential; only routes with `role: null` are. */
  readonly context: () => CallContext;
  readonly open: Omit<OpenCall<unknown>, 'body'>;
}

/** What a handler answered, ready to be sent. */
export type Reply =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'lines'; readonly lines: AsyncIterable<unknown> }
  | { readonly kind: 'events'; readonly events: AsyncIterable<ServerEvent> }
  | { readonly kind: 'channel'; readonly run: (channel: Channel) => Promise<void> };

/** Messages in both directions (WebSocket, RFC 6455): text is a string. */
export interface Channel {
  /** Ends when the client has gone, or the server closes. */
  readonly messages: AsyncIterator<string | Uint8Array>;
  /** Resolves when the client has room for more. Nothing is sent to one that has gone. */
  send(message: string | Uint8Array): Promise<void>;
  readonly signal: AbortSignal;
}

export interface Route {
  readonly at: RouteText;
  readonly summary: string;
  /** Null: answers without a credential. */
  readonly role: Role | null;
  readonly binding: 'by-path' | 'by-handler';
  readonly query: z.ZodType | null;
  readonly body: z.ZodType | 'tar' | null;
  readonly answer: {
    /** `lines`: application/x-ndjson; `events`: text/event-stream; `channel`: WebSocket; their shape is that of one line or one event's data. */
    readonly kind: 'value' | 'lines' | 'events' | 'channel';
    readonly status: 200 | 201 | 202;
    /** `z.void()`: 204 without a body. */
    readonly shape: z.ZodType;
  };
  run(call: RawCall): Promise<Reply>;
}

interface Declared<Text extends RouteText, Query extends z.ZodType, Answer extends z.ZodType> {
  readonly at: Text;
  /** One line for the reference. */
  readonly summary: string;
  /** The least role; `hasRole` in accounts.ts says who passes. */
  readonly role: Role;
  /**
   * A credential that is bound to an app or environment passes where the path names that app and environment. With
   * `by-handler` it also passes where the path does not name them (a list, `/rollouts/:rollout`), and the handler must
   * use `sees` or `refuseOutside`.
   */
  readonly binding?: 'by-path' | 'by-handler';
  readonly query?: Query;
  readonly answer: Answer;
}

type Answered<Value> = Value | Promise<Value>;

/** JSON in, JSON out. A body that is left out counts as `{}`. */
export function route<
  const Text extends RouteText,
  Answer extends z.ZodType,
  Query extends z.ZodType = z.ZodVoid,
  Body extends z.ZodType = z.ZodVoid,
>(
  declared: Declared<Text, Query, Answer> & {
    readonly body?: Body;
    readonly status?: 200 | 201 | 202;
    handle(call: Call<Text, Query, z.output<Body>>): Answered<z.input<Answer>>;
  },
): Route {
  const { body, status = 200, answer } = declared;
  return {
    ...described(declared),
    body: body ?? null,
    answer: { kind: 'value', status, shape: answer },
    async run(raw) {
      const input = { ...readInput(declared, raw), body: readDeclared(body, raw.body ?? {}, 'body') };
      return { kind: 'value', value: await declared.handle({ ...raw.context(), ...input }) };
    },
  };
}

/** Answers without a credential; JSON in, JSON out: health, and what hands out credentials. Failures of the latter are limited. */
export function openRoute<Answer extends z.ZodType, Body extends z.ZodType = z.ZodVoid>(declared: {
  readonly at: RouteText;
  readonly summary: string;
  readonly body?: Body;
  readonly answer: Answer;
  handle(call: OpenCall<z.output<Body>>): Answered<z.input<Answer>>;
}): Route {
  const { at, summary, body, answer } = declared;
  return {
    ...{ at, summary, role: null, binding: 'by-path', query: null, body: body ?? null },
    answer: { kind: 'value', status: 200, shape: answer },
    async run(raw) {
      const call = { ...raw.open, body: readDeclared(body, raw.body ?? {}, 'body') };
      return { kind: 'value', value: await declared.handle(call) };
    },
  };
}

/** The body is a tar archive (application/x-tar), handed over as a stream of at most 2 GiB. JSON out. */
export function uploadRoute<
  const Text extends RouteText,
  Answer extends z.ZodType,
  Query extends z.ZodType = z.ZodVoid,
>(
  declared: Declared<Text, Query, Answer> & {
    readonly status?: 200 | 201 | 202;
    handle(call: Call<Text, Query, Readable>): Answered<z.input<Answer>>;
  },
): Route {
  const { status = 200, answer } = declared;
  return {
    ...described(declared),
    body: 'tar',
    answer: { kind: 'value', status, shape: answer },
    async run(raw) {
      const call = { ...raw.context(), ...readInput(declared, raw), body: raw.upload };
      return { kind: 'value', value: await declared.handle(call) };
    },
  };
}

/**
 * Answers application/x-ndjson, one value a line, as slowly as the client reads. `handle` checks first and gives back
 * the lines then: what it throws becomes a problem, what the lines throw cuts the answer.
 */
export function linesRoute<const Text extends RouteText, Answer extends z.ZodType, Query extends z.ZodType = z.ZodVoid>(
  declared: Declared<Text, Query, Answer> & {
    handle(call: Call<Text, Query, undefined>): Answered<AsyncIterable<z.input<Answer>>>;
  },
): Route {
  return {
    ...described(declared),
    body: null,
    answer: { kind: 'lines', status: 200, shape: declared.answer },
    async run(raw) {
      const call = { ...raw.context(), ...readInput(declared, raw), body: undefined };
      return { kind: 'lines', lines: await declared.handle(call) };
    },
  };
}

/** Server-sent events, with heartbeats; `handle` as with `linesRoute`. `answer` is the shape of an event's data. */
export function eventsRoute<
  const Text extends RouteText,
  Answer extends z.ZodType,
  Query extends z.ZodType = z.ZodVoid,
>(
  declared: Declared<Text, Query, Answer> & {
    handle(
      call: Call<Text, Query, undefined> & { readonly lastEventId: string | null },
    ): Answered<AsyncIterable<ServerEvent>>;
  },
): Route {
  return {
    ...described(declared),
    body: null,
    answer: { kind: 'events', status: 200, shape: declared.answer },
    async run(raw) {
      const call = { ...raw.context(), ...readInput(declared, raw), body: undefined, lastEventId: raw.lastEventId };
      return { kind: 'events', events: await declared.handle(call) };
    },
  };
}

/**
 * A WebSocket. `handle` as with `linesRoute`; what it gives back runs until the conversation is over. `answer` is the
 * shape of a text message of the server.
 */
export function channelRoute<
  const Text extends RouteText,
  Answer extends z.ZodType,
  Query extends z.ZodType = z.ZodVoid,
>(
  declared: Declared<Text, Query, Answer> & {
    handle(call: Call<Text, Query, undefined>): Answered<(channel: Channel) => Promise<void>>;
  },
): Route {
  return {
    ...described(declared),
    body: null,
    answer: { kind: 'channel', status: 200, shape: declared.answer },
    async run(raw) {
      const call = { ...raw.context(), ...readInput(declared, raw), body: undefined };
      return { kind: 'channel', run: await declared.handle(call) };
    },
  };
}

function described(declared: Declared<RouteText, z.ZodType, z.ZodType>) {
  const { at, summary, role, binding = 'by-path', query = null } = declared;
  return { at, summary, role, binding, query };
}

function readInput<Text extends RouteText, Query extends z.ZodType>(
  declared: { readonly at: Text; readonly query?: Query },
  raw: RawCall,
): Pick<Input<Text, Query, unknown>, 'params' | 'query'> {
  // parsed: the server found this route by `at`, so its parameters have the names in `at`
  const params = raw.params as PathParameters<Text>;
  return { params, query: readDeclared(declared.query, raw.query, 'query') };
}

function readDeclared<Shape extends z.ZodType>(
  shape: Shape | undefined,
  value: unknown,
  where: 'body' | 'query',
): z.output<Shape> {
  // parsed: without a declared shape, Shape is ZodVoid and its output undefined
  return shape === undefined ? (undefined as z.output<Shape>) : readShape(shape, value, where);
}
