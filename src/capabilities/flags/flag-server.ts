import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { toLotseError } from '../../core/errors.ts';
import { flagKeyHeader, flagsPath } from '../../core/routing-document.ts';
import type { FlagBook } from './flag-book.ts';
import type { FlagKeys, FlagReader } from './flag-keys.ts';
import { FlagStreams } from './flag-streams.ts';
import { flagdDocument } from './flagd-document.ts';
import { answerAll, answerOne, failure, type FlagAnswer } from './ofrep-answers.ts';
import { createRequestRate } from './request-rate.ts';

interface FlagServerParts {
  readonly book: FlagBook;
  readonly keys: FlagKeys;
  readonly now: () => number;
  readonly log: (about: object) => void;
  /** Requests a second, of one client behind the proxy and of one key. */
  readonly rates?: { readonly perClient: number; readonly perKey: number };
}

const evaluatePath = '/ofrep/v1/evaluate/flags';
const eventsPath = '/ofrep/v1/events';
const syncPath = '/flagd/v1/flags.json';
/** A context is what a page or a service knows of one user. */
const maxBodyBytes = 64 * 1024;

/** Any page may ask that has a key; there are no cookies here. */
const crossOrigin = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'etag, retry-after',
};
const preflight = {
  ...crossOrigin,
  'access-control-allow-methods': 'GET, POST, OPTIONS',
  'access-control-allow-headers': 'authorization, content-type, if-none-match, x-api-key, last-event-id, cache-control',
  'access-control-max-age': '86400',
};

/**
 * Serves flags to whoever evaluates them: OFREP (one flag, all flags, change notifications) and a source that flagd syncs
 * from over HTTP. On the control plane's port, beside its API, and through the proxies of environments.
 */
export class FlagServer {
  readonly #parts: FlagServerParts;
  readonly #streams = new FlagStreams();
  readonly #perClient;
  readonly #perKey;
  /** Signs the addresses of streams, which cannot bring a key in a field. */
  readonly #streamSecret = randomBytes(32);

  constructor(parts: FlagServerParts) {
    this.#parts = parts;
    const { perClient, perKey } = parts.rates ?? { perClient: 50, perKey: 10_000 };
    this.#perClient = createRequestRate(perClient, perClient * 2, parts.now);
    this.#perKey = createRequestRate(perKey, perKey * 2, parts.now);
  }

  /** Is this request one for here? */
  readonly takes = (url: string): boolean =>
    url.startsWith('/ofrep/') || url.startsWith('/flagd/') || url.startsWith(`${flagsPath}/`);

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    this.#handle(request, response).catch((error: unknown) => {
      this.#parts.log({ during: 'answering about flags', error: toLotseError(error).message });
      if (response.headersSent) response.destroy();
      else send(response, failure(500, { errorDetails: 'Something went wrong inside Lotse.' }));
    });
  };

  readonly close = (): void => this.#streams.close();

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://flags');
    const isInside = url.pathname.startsWith(`${flagsPath}/`);
    const path = isInside ? url.pathname.slice(flagsPath.length) : url.pathname;
    if (request.method === 'OPTIONS') return void response.writeHead(204, preflight).end();
    if (path === eventsPath && request.method === 'GET') return await this.#stream(request, response, url);
    const reader = this.#reader(request);
    if (reader === null) return send(response, refusalOf(request));
    const waitS = this.#waitS(reader, request);
    if (waitS !== null) return send(response, tooMany(waitS));
    const base = isInside ? flagsPath : '';
    send(response, await this.#answer(request, path, reader, base));
  }

  async #answer(request: IncomingMessage, path: string, reader: FlagReader, base: string): Promise<FlagAnswer> {
    if (path === syncPath && request.method === 'GET') return await this.#sync(request, reader);
    const isAll = path === evaluatePath;
    if ((!isAll && !path.startsWith(`${evaluatePath}/`)) || request.method !== 'POST') return nothingHere(path);
    const key = isAll ? null : decoded(path.slice(evaluatePath.length + 1));
    const about = key === null ? {} : { key };
    const body = await bodyOf(request);
    if (body === null)
      return failure(413, { ...about, errorCode: 'PARSE_ERROR', errorDetails: 'The body is too large.' });
    const context = contextOf(body);
    if (typeof context === 'string') {
      const errorCode = context === notJson ? 'PARSE_ERROR' : 'INVALID_CONTEXT';
      return failure(400, { ...about, errorCode, errorDetails: context });
    }
    const flags = await this.#parts.book.of(reader);
    if (key !== null) return answerOne(key, flags.evaluate(key, context));
    const known = request.headers['if-none-match'] ?? null;
    return answerAll(flags, context, known, `${base}${eventsPath}?stream=${this.#streamTicket(reader)}`);
  }

  async #sync(request: IncomingMessage, reader: FlagReader): Promise<FlagAnswer> {
    const flags = await this.#parts.book.of(reader);
    flags.noteAllUsed();
    const fields = { etag: `"${flags.etag}"` };
    if (request.headers['if-none-match'] === fields.etag) return { status: 304, fields, body: null };
    return { status: 200, fields, body: flagdDocument(flags) };
  }

  async #stream(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const scope = this.#ticketScope(url.searchParams.get('stream') ?? '') ?? this.#reader(request);
    if (scope === null) return send(response, refusalOf(request));
    const flags = await this.#parts.book.of(scope);
    const last = request.headers['last-event-id'];
    for (const [name, value] of Object.entries(crossOrigin)) response.setHeader(name, value);
    const isTaken = this.#streams.add(flags, response, typeof last === 'string' ? last : null);
    if (!isTaken) send(response, failure(503, { errorDetails: 'Too many streams are open.' }, { 'retry-after': '30' }));
  }

  /** The proxy adds its own key behind whatever a client says in that field. */
  #reader(request: IncomingMessage): FlagReader | null {
    const own = request.headers[flagKeyHeader];
    if (typeof own === 'string') return this.#parts.keys.find(own.split(',').at(-1)?.trim() ?? '');
    const { authorization } = request.headers;
    const bearer = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    const apiKey = request.headers['x-api-key'];
    return this.#parts.keys.find(bearer ?? (typeof apiKey === 'string' ? apiKey : ''));
  }

  #waitS(reader: FlagReader, request: IncomingMessage): number | null {
    if (reader.name !== null) return this.#perKey.take(reader.key);
    const { app, environment } = reader;
    const client = String(request.headers['x-forwarded-for'] ?? '')
      .split(',')
      .at(-1)
      ?.trim();
    return this.#perClient.take(`${app}/${environment} ${client}`);
  }

  /** Lets nobody do more than hear that something has changed. */
  #streamTicket({ app, environment }: FlagReader): string {
    const scope = Buffer.from(`${app}/${environment}`).toString('base64url');
    return `${scope}.${this.#sign(scope)}`;
  }

  #ticketScope(ticket: string): { readonly app: string; readonly environment: string } | null {
    const [scope = '', signature = ''] = ticket.split('.');
    const [given, wanted] = [Buffer.from(signature), Buffer.from(this.#sign(scope))];
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return null;
    const [app = '', environment = ''] = Buffer.from(scope, 'base64url').toString().split('/');
    return { app, environment };
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#streamSecret).update(text).digest('base64url');
  }
}

const notJson = 'The body is not JSON.';
const unauthorized = failure(
  401,
  { errorDetails: 'This needs a flag-reading key: `lotse flag keys create`.' },
  {
    'www-authenticate': 'Bearer realm="lotse flags"',
  },
);

/** A proxy that has not heard yet of the control plane's new start shows the key of before: its clients come back. */
function refusalOf({ headers }: IncomingMessage): FlagAnswer {
  if (headers[flagKeyHeader] === undefined) return unauthorized;
  return failure(503, { errorDetails: 'The proxy is about to get a new key.' }, { 'retry-after': '1' });
}

function tooMany(waitS: number): FlagAnswer {
  return failure(429, { errorDetails: 'Too many requests.' }, { 'retry-after': String(Math.max(1, waitS)) });
}

function nothingHere(path: string): FlagAnswer {
  return failure(404, { errorDetails: `There is nothing at ${path.slice(0, 200)}.` });
}

function send(response: ServerResponse, { status, fields, body }: FlagAnswer): void {
  const common = { ...crossOrigin, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', ...fields };
  if (body === null) return void response.writeHead(status, common).end();
  const bytes = Buffer.from(body);
  const type = { 'content-type': 'application/json; charset=utf-8', 'content-length': bytes.length };
  response.writeHead(status, { ...common, ...type }).end(bytes);
}

/** Null: too large. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > maxBodyBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Whom the flags are asked for; a text: what is wrong. */
function contextOf(body: string): Readonly<Record<string, unknown>> | string {
  if (body.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return notJson;
  }
  const context = isObject(value) ? (value['context'] ?? {}) : null;
  if (!isObject(context)) return 'The context is not an object.';
  const { targetingKey } = context;
  if (targetingKey !== undefined && typeof targetingKey !== 'string') return 'The targetingKey is not a text.';
  return context;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
