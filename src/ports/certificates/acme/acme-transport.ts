import { AsyncLocalStorage } from 'node:async_hooks';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import type acmeClient from 'acme-client';
import { CertificateRefused } from '../certificates.ts';

type AcmeModule = typeof acmeClient;

export interface Transport {
  /** Roots (PEM) that the authority's own TLS may lead to, beside the system's. */
  readonly extraRoots: readonly string[];
  readonly signal: AbortSignal;
}

/** How long the authority may take for one answer, in milliseconds. */
const answerMs = 30_000;
/** Answers of an authority are small. */
const maxAnswerBytes = 4_000_000;

const current = new AsyncLocalStorage<Transport>();

/**
 * acme-client has one HTTP client for the whole process, which retries by itself for as long as a server says, and
 * answers a TypeError when nobody is there. It gets a transport of ours instead: with a deadline, an end, the roots of
 * the order that is under way, and errors that say something.
 */
export async function withTransport<T>(acme: AcmeModule, transport: Transport, work: () => Promise<T>): Promise<T> {
  acme.axios.defaults.adapter = async ({ url = '', method = 'get', headers, data }) => {
    const answer = await ask({ url, method: method.toUpperCase(), headers: { ...headers.toJSON(true) }, body: data });
    return { ...answer, statusText: '', config: { headers } };
  };
  return await current.run(transport, work);
}

interface Question {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly data: string;
}

async function ask({ url, method, headers, body }: Question): Promise<Answer> {
  const { extraRoots, signal } = current.getStore() ?? { extraRoots: [], signal: new AbortController().signal };
  const send = url.startsWith('https:') ? tlsRequest : plainRequest;
  const ends = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const texts = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  const question = send(
    url,
    {
      method,
      headers: Object.fromEntries(texts),
      agent: false,
      signal: ends,
      ca: [...rootCertificates, ...extraRoots],
    },
    (answer) => {
      let data = '';
      answer.setEncoding('utf8');
      answer.on('data', (text: string) => {
        data += text;
        if (data.length > maxAnswerBytes) question.destroy(new Error('its answer is too long'));
      });
      answer.on('error', reject);
      answer.on('end', () => {
        const fields = Object.entries(answer.headers).map(([name, value]) => [name, String(value)] as const);
        resolve({ status: answer.statusCode ?? 0, headers: Object.fromEntries(fields), data });
      });
    },
  );
  question.on('error', reject);
  question.end(typeof body === 'string' ? body : undefined);
  const answer = await promise.catch((cause: unknown) => {
    throw unreachable(url, cause, signal.aborted);
  });
  refuseOverload(url, answer);
  return answer;
}

function unreachable(url: string, cause: unknown, isCancelled: boolean): CertificateRefused {
  const isLate = !isCancelled && cause instanceof Error && cause.name === 'AbortError';
  const why = isLate ? `no answer within ${answerMs / 1000} s` : cause instanceof Error ? cause.message : String(cause);
  return new CertificateRefused(
    'unreachable',
    `The certificate authority at ${new URL(url).host} cannot be asked: ${why}`,
    {
      hint: 'Can this server reach the internet? --acme-directory says which authority is asked.',
      isOwnFinding: true,
      cause,
    },
  );
}

/** RFC 8555 section 6.6: too many orders; and an authority that is out of order. Both say when to come again. */
function refuseOverload(url: string, { status, headers, data }: Answer): void {
  if (status !== 429 && status < 500) return;
  const what = status === 429 ? 'asks for patience' : 'is out of order';
  const message = `The certificate authority at ${new URL(url).host} ${what} (${status}): ${detailOf(data)}`;
  throw new CertificateRefused('unreachable', message, {
    retryAfterMs: retryAfterMs(headers['retry-after'], Date.now()),
  });
}

/** RFC 9110 section 10.2.3: seconds, or a date. Null: nothing that can be read. */
export function retryAfterMs(field: string | undefined, nowMs: number): number | null {
  if (field === undefined) return null;
  if (/^\d{1,9}$/.test(field)) return Number(field) * 1000;
  const at = Date.parse(field);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}

function detailOf(data: string): string {
  const detail = /"detail"\s*:\s*"([^"]{1,400})"/.exec(data)?.[1];
  return detail ?? (data.slice(0, 200).trim() || 'it says no more');
}
