import { request } from 'node:http';
import type { Agent, IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { LotseError } from '../core/errors.ts';
import { connectionFailure, EngineError } from './engine-errors.ts';

/** One request to the engine. */
export interface EngineCall {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Without the version: `/containers/json`. Names in it are encoded by the caller. */
  readonly path: string;
  /** What it is about, for messages: `the pull of IMAGE`. Default: method and path. */
  readonly asked?: string;
  /** Undefined and null are left out; objects go as JSON, as the engine wants its filters. */
  readonly query?: Readonly<Record<string, unknown>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, a tar mostly; in its place. */
  readonly upload?: Readable;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Until the answer is there: whole, or for a stream its head. Default: 30 s. */
  readonly timeoutMs?: number;
  /** Ends the call, also in the middle of a stream, with `cancelled`. */
  readonly signal?: AbortSignal;
}

/** The answer's head, or a connection that is no longer HTTP. */
export type Answered = { readonly response: IncomingMessage } | { readonly upgraded: Duplex };

const defaultTimeoutMs = 30_000;

/** Sends the call to a path that has its version. Errors: `unreachable`, `timeout`, `cancelled`, `forbidden`. */
export function sendCall(agent: Agent, engine: string, path: string, call: EngineCall): Promise<Answered> {
  const text = call.body === undefined ? null : JSON.stringify(call.body);
  const headers = { Host: 'docker', ...contentHeaders(call, text), ...call.headers };
  return new Promise((resolve, reject) => {
    if (call.signal?.aborted === true) return reject(cancelled(call));
    const asking = request({ agent, method: call.method, path: withQuery(path, call.query), headers });
    const timer = setTimeout(() => asking.destroy(late(call, engine)), call.timeoutMs ?? defaultTimeoutMs);
    let stream: Duplex | IncomingMessage | null = null;
    const onAbort = (): void => void (stream ?? asking).destroy(cancelled(call));
    const answer = (answered: Answered): void => {
      clearTimeout(timer);
      stream = 'response' in answered ? answered.response : answered.upgraded;
      stream.once('close', () => call.signal?.removeEventListener('abort', onAbort));
      resolve(answered);
    };
    call.signal?.addEventListener('abort', onAbort, { once: true });
    asking.once('response', (response) => answer({ response }));
    asking.once('upgrade', (_head, upgraded, first) => {
      if (first.length > 0) upgraded.unshift(first);
      answer({ upgraded });
    });
    asking.on('error', (error) => {
      clearTimeout(timer);
      if (stream === null) call.signal?.removeEventListener('abort', onAbort);
      reject(connectionFailure(error, engine));
    });
    if (call.upload === undefined) asking.end(text ?? undefined);
    else call.upload.on('error', (error) => asking.destroy(error)).pipe(asking);
  });
}

/** The whole body within the deadline of the call, counted from now. */
export async function readBody(response: IncomingMessage, engine: string, call: EngineCall): Promise<string> {
  const timer = setTimeout(() => response.destroy(late(call, engine)), call.timeoutMs ?? defaultTimeoutMs);
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    throw connectionFailure(error, engine);
  } finally {
    clearTimeout(timer);
  }
}

/** For messages. */
export function nameOfCall(call: EngineCall): string {
  return call.asked ?? `${call.method} ${call.path}`;
}

function contentHeaders(call: EngineCall, text: string | null): Readonly<Record<string, string>> {
  if (call.upload !== undefined) return { 'Content-Type': 'application/x-tar', 'Transfer-Encoding': 'chunked' };
  if (text !== null) return { 'Content-Type': 'application/json', 'Content-Length': `${Buffer.byteLength(text)}` };
  return call.method === 'POST' || call.method === 'PUT' ? { 'Content-Length': '0' } : {};
}

function withQuery(path: string, query: EngineCall['query'] = {}): string {
  const parts = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return `${name}=${encodeURIComponent(text)}`;
    });
  return parts.length === 0 ? path : `${path}?${parts.join('&')}`;
}

function late(call: EngineCall, engine: string): EngineError {
  const seconds = (call.timeoutMs ?? defaultTimeoutMs) / 1000;
  return new EngineError(
    'late',
    `The Docker engine at ${engine} did not answer ${nameOfCall(call)} within ${seconds} s.`,
  );
}

function cancelled(call: EngineCall): LotseError {
  return new LotseError('cancelled', `${nameOfCall(call)} was cancelled.`);
}
