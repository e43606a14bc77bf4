import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { LotseError, toLotseError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import { readEventStream, readLines, type ServerEvent, type StreamPosition } from './event-stream.ts';
import { packageVersion } from './package-version.ts';
import { problemOf } from './problem.ts';

const basePath = '/api/v1';
const requestMs = 30_000;
const uploadMs = 15 * 60_000;
const startHere = '`lotse up` or `lotse serve` starts a control plane on this machine.';
/** Waits before the second, third, … try, in milliseconds. */
const retryAfterMs = [100, 250, 500, 1000];

/** Where the control plane is and who asks. */
export interface Connection {
  /** `http://127.0.0.1:7700`, without a slash at its end. */
  readonly server: string;
  readonly token: Secret | null;
  /** For messages: `LOTSE_SERVER`, or the file that said so. */
  readonly source: string;
  /** What to do when nobody answers; missing: start one on this machine. */
  readonly advice?: string;
  /** It is what was logged in to last; nobody has named it. */
  readonly isCurrent?: true;
  /** Makes the way there where there is none yet (ssh); called once. Missing: `server` is asked as it is. */
  readonly reach?: () => Promise<Reached>;
}

/** Where requests go. */
export interface Reached {
  readonly url: string;
  readonly token: Secret | null;
  /** By ssh: where the control plane listens over there, `127.0.0.1:7700`. */
  readonly api?: string;
}

export interface CallOptions {
  /** By name, for each `:name` of the route. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly json?: unknown;
  /** An upload instead of JSON. */
  readonly body?: { readonly content: Blob; readonly type: string };
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Speaks HTTP with the control plane. Every call has a deadline; what may be repeated is repeated with back-off: a
 * `GET` that found nobody, a refusal that says it is retriable, and anything that never reached the server.
 */
export class Client {
  readonly connection: Connection;
  #reached: Promise<Reached> | null = null;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Where requests go, and with which token. Errors: those of making the way there. */
  reached(): Promise<Reached> {
    const { server, token, reach } = this.connection;
    this.#reached ??= reach === undefined ? Promise.resolve({ url: server, token }) : reach();
    return this.#reached;
  }

  /** `route` as in the route tables, `GET /apps/:app/releases`. Throws LotseError; the answer is checked by `shape`. */
  async call<Shape extends z.ZodType>(
    route: string,
    shape: Shape,
    options: CallOptions = {},
  ): Promise<z.output<Shape>> {
    const text = await this.#repeat(route, options);
    const parsed = shape.safeParse(text === '' ? undefined : parseJson(text, route));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new LotseError('internal', `${route} was answered in a shape that this version does not know`, {
      hint: 'Do command line and control plane have the same version? `lotse --version`, `lotse doctor`.',
      details: issue === undefined ? [] : [`${issue.path.join('.')}: ${issue.message}`],
    });
  }

  /** Lines of an application/x-ndjson answer, as they come. Not repeated. */
  async *lines<Shape extends z.ZodType>(
    route: string,
    shape: Shape,
    options: CallOptions,
  ): AsyncGenerator<z.output<Shape>> {
    const response = await this.#open(route, { ...options, headers: { accept: 'application/x-ndjson' } }, null);
    if (response.body === null) return;
    for await (const line of wrapped(readLines(response.body), this.connection, options.signal)) {
      if (line.trim() !== '') yield shape.parse(parseJson(line, route));
    }
  }

  /**
   * Server-sent events. A lost connection is taken up again behind the last event that came (`Last-Event-ID`), with
   * back-off, for as long as the server keeps answering within `patienceMs`. Ends when `signal` aborts.
   */
  async *events(route: string, options: CallOptions & { readonly patienceMs?: number }): AsyncGenerator<ServerEvent> {
    const position: StreamPosition = { lastEventId: '', retryMs: 250 };
    let failures = 0;
    let lastContactMs = performance.now();
    while (!isAborted(options.signal)) {
      try {
        const last = position.lastEventId === '' ? {} : { 'last-event-id': position.lastEventId };
        const headers = { accept: 'text/event-stream', ...last };
        const response = await this.#open(route, { ...options, headers }, null);
        if (response.status === 204 || response.body === null) return; // the server asks not to come again
        for await (const event of readEventStream(readLines(response.body), position)) {
          failures = 0;
          lastContactMs = performance.now();
          if (event.event !== 'ping') yield event;
        }
      } catch (thrown) {
        const error = toFailure(thrown, this.connection, options.signal);
        const isOver = performance.now() - lastContactMs > (options.patienceMs ?? 60_000);
        if (isAborted(options.signal)) return;
        if (!error.retriable || isOver) throw error;
      }
      await pause(Math.min(position.retryMs * 2 ** failures, 5000), options.signal);
      failures += 1;
    }
  }

  async #repeat(route: string, options: CallOptions): Promise<string> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const response = await this.#open(route, options, options.body === undefined ? requestMs : uploadMs);
        return await response.text();
      } catch (thrown) {
        const error = toFailure(thrown, this.connection, options.signal);
        const waitMs = retryAfterMs[attempt];
        if (waitMs === undefined || !mayRepeat(route, error, thrown)) throw error;
        await pause(waitMs * (0.75 + Math.random() / 2), options.signal);
      }
    }
  }

  /** `deadlineMs` null: an endless answer; only until its head there is a deadline. */
  async #open(route: string, options: CallOptions, deadlineMs: number | null): Promise<Response> {
    const [method = 'GET', template = '/'] = route.split(' ');
    const { url, token } = await this.reached();
    const untilHead = new AbortController();
    const timer = setTimeout(() => untilHead.abort(new DOMException('', 'TimeoutError')), deadlineMs ?? requestMs);
    const signals = [untilHead.signal, ...(options.signal === undefined ? [] : [options.signal])];
    try {
      const response = await fetch(url + urlPath(template, options), {
        method,
        headers: headersOf(options, token),
        body: options.body?.content ?? (options.json === undefined ? null : JSON.stringify(options.json)),
        signal: AbortSignal.any(signals),
        redirect: 'error',
      });
      if (!response.ok) throw problemOf(response.status, await response.text(), route);
      if (deadlineMs === null || response.body === null) return response;
      return new Response(await response.arrayBuffer(), { status: response.status === 204 ? 200 : response.status });
    } finally {
      clearTimeout(timer);
    }
  }
}

function headersOf(options: CallOptions, token: Secret | null): Record<string, string> {
  const type = options.body?.type ?? (options.json === undefined ? undefined : 'application/json');
  return {
    accept: 'application/json',
    'user-agent': `lotse-cli/${packageVersion}`,
    ...(type === undefined ? {} : { 'content-type': type }),
    ...(token === null ? {} : { authorization: `Bearer ${token.reveal()}` }),
    ...options.headers,
  };
}

/** `/api/v1/apps/shop/releases?limit=3`; path parameters are encoded, queries without a value left out. */
export function urlPath(template: string, options: Pick<CallOptions, 'path' | 'query'>): string {
  const path = template.replaceAll(/:([a-z]+)/g, (_, name: string) => {
    const value = options.path?.[name];
    if (value === undefined || value === '') throw new TypeError(`${template} needs a value for ${name}`);
    return encodeURIComponent(value);
  });
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(options.query ?? {})) if (value !== undefined) query.set(name, `${value}`);
  return `${basePath}${path}${query.size === 0 ? '' : `?${query}`}`;
}

function parseJson(text: string, route: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new LotseError('internal', `${route} was not answered with JSON`, {
      hint: 'Is LOTSE_SERVER really the address of a control plane?',
      cause,
    });
  }
}

async function* wrapped(
  lines: AsyncIterable<string>,
  connection: Connection,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  try {
    yield* lines;
  } catch (thrown) {
    throw toFailure(thrown, connection, signal);
  }
}

/** Nothing was changed by a call that found nobody; a GET never changes anything. */
function mayRepeat(route: string, error: LotseError, thrown: unknown): boolean {
  if (!error.retriable) return false;
  return route.startsWith('GET ') || thrown instanceof LotseError || networkCode(thrown) === 'ECONNREFUSED';
}

/** What fetch throws has its reason one level below. */
function networkCode(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
}

function toFailure(thrown: unknown, connection: Connection, signal: AbortSignal | undefined): LotseError {
  if (thrown instanceof LotseError) return thrown;
  if (signal?.aborted === true) return new LotseError('cancelled', 'Interrupted.', { cause: thrown });
  if (thrown instanceof DOMException && thrown.name === 'TimeoutError') {
    return new LotseError('timeout', `${connection.server} did not answer in time`, { retriable: true, cause: thrown });
  }
  if (!(thrown instanceof TypeError)) return toLotseError(thrown);
  const why = networkCode(thrown) === '' ? thrown.message : networkCode(thrown);
  return new LotseError('unreachable', `No control plane answers at ${connection.server} (${why})`, {
    hint: connection.advice ?? `The address comes from ${connection.source}. ${startHere}`,
    retriable: true,
    cause: thrown,
  });
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** Waits, or ends at once when `signal` aborts. */
async function pause(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(waitMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}
