import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { ServerEvent } from './route.ts';

export interface StreamOptions {
  /** Ends the answer; what is under way is not waited for. */
  readonly signal: AbortSignal;
  readonly heartbeatMs: number;
  /** A client that takes nothing for so long is cut, in milliseconds. */
  readonly stallMs: number;
  /** Asked with each heartbeat: does the credential still count? */
  readonly isStillAllowed: () => Promise<boolean>;
}

/**
 * Server-sent events as of the HTML standard, section 9.2. The client comes back after a second when it is cut. The
 * heartbeat is an event too: comments are not shown to scripts, and a page has to notice when it hears nothing more.
 */
export function sendEvents(
  reply: FastifyReply,
  events: AsyncIterable<ServerEvent>,
  options: StreamOptions,
): Promise<void> {
  const heartbeat = 'event: ping\ndata:\n\n';
  const form = { type: 'text/event-stream', start: 'retry: 1000\n\n', heartbeat, textOf: eventText };
  return sendStream(reply, events, form, options);
}

/** Newline-delimited JSON. Empty lines are heartbeats; readers skip them. */
export function sendLines(reply: FastifyReply, lines: AsyncIterable<unknown>, options: StreamOptions): Promise<void> {
  const textOf = (line: unknown): string => `${JSON.stringify(line)}\n`;
  return sendStream(reply, lines, { type: 'application/x-ndjson', start: '', heartbeat: '\n', textOf }, options);
}

interface StreamForm<Item> {
  readonly type: string;
  readonly start: string;
  readonly heartbeat: string;
  readonly textOf: (item: Item) => string;
}

/**
 * Asks for the next item when the client has taken the one before, so that nothing piles up here. Rejects with what the
 * items throw, after the connection was cut: the headers are long gone then.
 */
async function sendStream<Item>(
  reply: FastifyReply,
  items: AsyncIterable<Item>,
  form: StreamForm<Item>,
  options: StreamOptions,
): Promise<void> {
  const { raw } = begin(reply, form.type);
  raw.flushHeaders();
  if (form.start !== '') raw.write(form.start);
  const heartbeat = setInterval(() => void beat(raw, form.heartbeat, options), options.heartbeatMs);
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await nextUnlessAborted(iterator, options.signal);
      if (done === true || raw.destroyed) break;
      if (!raw.write(form.textOf(value))) await drained(raw, options);
    }
    raw.end();
  } catch (error) {
    raw.destroy();
    throw error;
  } finally {
    clearInterval(heartbeat);
    iterator.return?.()?.catch(() => undefined);
  }
}

/** From here on the answer is ours, not fastify's. A connection that carried a stream carries nothing after it. */
function begin(reply: FastifyReply, type: string): FastifyReply {
  reply.hijack();
  reply.raw.socket?.setTimeout(0);
  reply.raw.writeHead(200, {
    ...definedHeaders(reply),
    'content-type': `${type}; charset=utf-8`,
    'cache-control': 'no-store',
    connection: 'close',
  });
  return reply;
}

function definedHeaders(reply: FastifyReply): Record<string, string | number | string[]> {
  const headers: Record<string, string | number | string[]> = {};
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) headers[name] = value;
  return headers;
}

async function beat(raw: ServerResponse, text: string, { isStillAllowed }: StreamOptions): Promise<void> {
  const isAllowed = await isStillAllowed().catch(() => true);
  if (!isAllowed) raw.destroy();
  else if (!raw.writableNeedDrain && !raw.writableEnded && !raw.destroyed) raw.write(text);
}

/** Waits until the client has taken what was written; cuts it when that lasts too long. */
async function drained(raw: ServerResponse, { signal, stallMs }: StreamOptions): Promise<void> {
  const stalled = AbortSignal.timeout(stallMs);
  try {
    await once(raw, 'drain', { signal: AbortSignal.any([signal, stalled]) });
  } catch {
    raw.destroy();
  }
}

function nextUnlessAborted<Item>(iterator: AsyncIterator<Item>, signal: AbortSignal): Promise<IteratorResult<Item>> {
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve({ done: true, value: undefined });
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    const remove = (): void => signal.removeEventListener('abort', stop);
    iterator.next().then(resolve, reject).finally(remove);
  });
}

function eventText({ name, id, data }: ServerEvent): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return data === undefined ? `${idLine}\n` : `${idLine}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
