import { LotseError } from '../../../core/errors.ts';
import { parseAnswer } from './parse-answer.ts';

export interface PrometheusOptions {
  /** How long one answer may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** An answer that is longer than this is not one number, in characters. */
const longestAnswer = 1_000_000;

/**
 * An instant query of the HTTP API that Prometheus speaks, and others with it (Thanos, Mimir, VictoriaMetrics):
 * https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries. A name and password in the address are sent
 * as basic authentication.
 */
export async function askPrometheus(
  question: { readonly url: string; readonly query: string },
  { timeoutMs }: PrometheusOptions,
  signal: AbortSignal,
): Promise<number | null> {
  const { address, headers } = requestOf(question);
  const where = `${address.origin}${address.pathname}`;
  const tooLate = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(address, { headers, signal: AbortSignal.any([signal, tooLate]) });
    const text = await readText(response, where);
    return parseAnswer(text, response.status, where);
  } catch (error) {
    if (error instanceof LotseError) throw error;
    if (signal.aborted) throw new LotseError('cancelled', `${where} is not asked any more`);
    if (tooLate.aborted) {
      const message = `${where} did not answer within ${timeoutMs / 1_000} s`;
      throw new LotseError('timeout', message, { retriable: true });
    }
    throw new LotseError('unreachable', `${where} cannot be asked: ${reasonOf(error)}`, {
      retriable: true,
      cause: error,
    });
  }
}

function requestOf({ url, query }: { readonly url: string; readonly query: string }) {
  const base = URL.canParse(url) ? new URL(url) : null;
  if (base === null || !/^https?:$/.test(base.protocol)) {
    throw new LotseError('bad-input', 'The address of the metrics is no http or https address.');
  }
  const address = new URL(base);
  address.pathname = `${base.pathname.replace(/\/+$/, '')}/api/v1/query`;
  address.searchParams.set('query', query);
  address.username = address.password = '';
  const login = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`;
  const authorization = login === ':' ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
  return { address, headers: { accept: 'application/json', ...authorization } };
}

async function readText(response: Response, where: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > longestAnswer)
      throw new LotseError('bad-input', `${where} answered with far more than one number`);
  }
  return text;
}

/** `fetch` hides the reason one level down. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}
