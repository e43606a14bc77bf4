import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LotseError, toLotseError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import { isSignedBy } from './check-signature.ts';
import type { Delivery } from './delivery-rows.ts';
import { headersOf, judgeDelivery, type Judged, type Source } from './source.ts';

interface HookServerParts {
  readonly find: (app: string, name: string) => Promise<Source | null>;
  readonly hookSecret: (app: string, name: string) => Promise<Secret | null>;
  readonly take: (
    source: Source,
    arrived: { readonly delivery: string; readonly event: string; readonly judged: Judged },
  ) => Promise<{ readonly delivery: Delivery; readonly isNew: boolean }>;
  readonly log: (about: object) => void;
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export const hooksPath = '/hooks/';
/** A push names its commits; forges leave out some when there are very many. */
const maxBodyBytes = 5 * 1024 * 1024;
/** Bodies are kept until their signature is known: so many at once, and so long. */
const mostAtOnce = 32;
const bodyMs = 20_000;

/** Takes webhooks of forges, on the control plane's port beside its API: they have a signature and no credential. */
export class HookServer {
  readonly #parts: HookServerParts;
  #underWay = 0;

  constructor(parts: HookServerParts) {
    this.#parts = parts;
  }

  /** Is this request one for here? */
  readonly takes = (url: string): boolean => url.startsWith(hooksPath);

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    this.#handle(request)
      .catch((error: unknown) => this.#failure(error))
      .then((answer) => send(request, response, answer))
      .catch(() => response.destroy());
  };

  async #handle(request: IncomingMessage): Promise<Answer> {
    if (request.method !== 'POST') return { ...refusal(405, 'Webhooks are sent by POST.'), headers: { allow: 'POST' } };
    if (this.#underWay >= mostAtOnce)
      return { ...refusal(503, 'Too many webhooks come at once.'), headers: { 'retry-after': '10' } };
    this.#underWay += 1;
    try {
      const [app = '', name = ''] = (request.url ?? '').slice(hooksPath.length).split('?', 1).join('').split('/');
      const source = await this.#parts.find(app, name);
      // Who does not know the secret does not hear what is here.
      if (source === null) return unsigned;
      const body = await bodyOf(request);
      if (body === null) return refusal(413, 'The body is too large, or came too slowly.');
      return await this.#take(source, request, body);
    } finally {
      this.#underWay -= 1;
    }
  }

  async #take(source: Source, { headers }: IncomingMessage, body: Buffer): Promise<Answer> {
    const secret = await this.#parts.hookSecret(source.app, source.name);
    if (secret === null) return unsigned;
    const known = headersOf[source.kind];
    if (!isSignedBy(secret, source.kind, textOf(headers[known.signature]), body)) return unsigned;
    if (!/^application\/json\b/i.test(headers['content-type'] ?? ''))
      return refusal(415, 'Choose application/json as the content type of the webhook.');
    const event = textOf(headers[known.event]);
    // What has no name of its own is known by its content.
    const named = known.delivery.map((field) => textOf(headers[field])).find((text) => text !== '');
    const delivery = named?.slice(0, 200) ?? createHash('sha256').update(body).digest('hex');
    const judged = judgeDelivery(source, event.slice(0, 100), parsed(body));
    const taken = await this.#parts.take(source, { delivery, event: event.slice(0, 100), judged });
    const { id, state, note } = taken.delivery;
    return { status: taken.isNew && state === 'waiting' ? 202 : 200, body: { id, state, note, isNew: taken.isNew } };
  }

  #failure(error: unknown): Answer {
    const { code, message } = toLotseError(error);
    if (code === 'bad-input') return refusal(400, message);
    this.#parts.log({ during: 'taking a webhook', error: message });
    return { ...refusal(503, 'The webhook cannot be taken now.'), headers: { 'retry-after': '60' } };
  }
}

const unsigned = refusal(401, 'There is no such webhook, or its secret is another one.');

function refusal(status: number, problem: string): Answer {
  return { status, body: { problem } };
}

function send(request: IncomingMessage, response: ServerResponse, { status, body, headers = {} }: Answer): void {
  // What was not read would be taken for the next request.
  if (!request.complete) response.once('finish', () => request.destroy());
  const bytes = Buffer.from(JSON.stringify(body));
  const type = { 'content-type': 'application/json; charset=utf-8', 'content-length': bytes.length };
  const close: Record<string, string> = request.complete ? {} : { connection: 'close' };
  response.writeHead(status, { 'cache-control': 'no-store', ...headers, ...type, ...close }).end(bytes);
}

/** Null: too large, or too slow. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) return null;
  const chunks: Buffer[] = [];
  let length = 0;
  const { promise, resolve } = Promise.withResolvers<Buffer | null>();
  const late = setTimeout(() => resolve(null), bodyMs);
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > maxBodyBytes) resolve(null);
    else chunks.push(chunk);
  });
  request.once('end', () => resolve(Buffer.concat(chunks)));
  request.once('close', () => resolve(null));
  const body = await promise;
  clearTimeout(late);
  return body;
}

function textOf(field: string | readonly string[] | undefined): string {
  return typeof field === 'string' ? field : '';
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new LotseError('bad-input', 'The body is not JSON.');
  }
}
