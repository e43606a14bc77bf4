import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import { LotseError } from '../../../core/errors.ts';
import type { AskStore, StoreAnswer, StoreQuestion } from '../ask-store.ts';

interface AskOptions {
  /** Roots (PEM) that the TLS of a store may lead to, beside the system's. */
  readonly extraRoots: readonly string[];
  readonly timeoutMs?: number;
  /** Before each further try. */
  readonly pausesMs?: readonly number[];
}

/** One answer; all tries together take at most three of them and the pauses. */
const defaultTimeoutMs = 5_000;
const defaultPausesMs: readonly number[] = [100, 400];
/** A store that asks for more patience than this is told apart from one that answers, in milliseconds. */
const longestPauseMs = 2_000;
/** A value has at most 64 kB, and a list a few thousand names. */
const longestAnswer = 8_000_000;

/** Asks over HTTP/1.1, in plain or by TLS. */
export function askByHttp(options: AskOptions): AskStore {
  const { pausesMs = defaultPausesMs } = options;
  return async (question) => {
    for (let turn = 0; ; turn += 1) {
      const found = await askOnce(question, options).catch((error: unknown) => {
        if (error instanceof LotseError) return error;
        throw error;
      });
      const pauseMs = pausesMs[turn];
      const isLast = pauseMs === undefined || !isWorthAnother(question, found);
      if (!isLast) await pause(Math.max(pauseMs, wantedPauseMs(found)));
      else if (found instanceof LotseError) throw found;
      else return found;
    }
  };
}

/** 429, 500, 502 and 504 pass; 503 may be a store that says that it is sealed, and goes back at once. */
function isWorthAnother(question: StoreQuestion, found: StoreAnswer | LotseError): boolean {
  if (found instanceof LotseError) return question.mayRepeat && found.retriable;
  return found.status === 429 || (question.mayRepeat && [500, 502, 504].includes(found.status));
}

/** RFC 9110 section 10.2.3, in seconds. */
function wantedPauseMs(found: StoreAnswer | LotseError): number {
  const seconds = found instanceof LotseError ? 0 : Number(found.headers['retry-after'] ?? 0);
  return Number.isFinite(seconds) ? Math.min(seconds * 1000, longestPauseMs) : 0;
}

async function askOnce(question: StoreQuestion, options: AskOptions): Promise<StoreAnswer> {
  const { method, url, headers = {}, body } = question;
  const { extraRoots, timeoutMs = defaultTimeoutMs } = options;
  const late = AbortSignal.timeout(timeoutMs);
  const { promise, resolve, reject } = Promise.withResolvers<StoreAnswer>();
  const send = url.startsWith('https:') ? tlsRequest : plainRequest;
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  const all = { accept: 'application/json', ...headers, ...length };
  const sent = { method, headers: all, agent: false, signal: late, ca: [...rootCertificates, ...extraRoots] };
  const asking = send(url, sent, (answer) => {
    let text = '';
    answer.setEncoding('utf8');
    answer.on('data', (part: string) => {
      text += part;
      if (text.length > longestAnswer) asking.destroy(new Error('its answer is far too long'));
    });
    answer.on('error', reject);
    answer.on('end', () => {
      const fields = Object.entries(answer.headers).map(([name, value]) => [name, String(value)] as const);
      resolve({ status: answer.statusCode ?? 0, headers: Object.fromEntries(fields), body: parseJson(text) });
    });
  });
  asking.on('error', reject);
  asking.end(body);
  return await promise.catch((error: unknown) => {
    throw cannotAsk(new URL(url).host, error, late.aborted ? timeoutMs : null);
  });
}

function cannotAsk(host: string, error: unknown, lateAfterMs: number | null): LotseError {
  if (lateAfterMs !== null) {
    return new LotseError('timeout', `${host} did not answer within ${lateAfterMs / 1000} s`, { retriable: true });
  }
  const reason = error instanceof Error ? wordsOf(error) : String(error);
  return new LotseError('unreachable', `${host} cannot be asked: ${reason}`, {
    hint: 'Does it run, and may this machine reach it? Roots of a private authority come by --tls-roots.',
    retriable: true,
    cause: error,
  });
}

/** Several addresses that all refuse make an error without words. */
function wordsOf(error: Error): string {
  const [first] = error instanceof AggregateError ? error.errors : [];
  return error.message !== '' ? error.message : first instanceof Error ? first.message : 'nobody is there';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
