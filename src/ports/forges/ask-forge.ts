import { LotseError } from '../../core/errors.ts';

export interface ForgeQuestion {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Absolute. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** `later`: it asks for patience. `refused`: it will not have this, whenever it is asked. */
export type ForgeAnswer =
  | { readonly kind: 'done'; readonly body: unknown }
  | { readonly kind: 'later'; readonly afterMs: number }
  | { readonly kind: 'refused'; readonly status: number; readonly why: string };

/** What is told back is never larger than this, in characters. */
const longestAnswer = 4_000_000;
const longestPatienceMs = 3_600_000;

/** Errors: `unreachable` and `timeout` (retriable), `forbidden`. A redirect is followed by nobody: it would get the token. */
export async function askForge(question: ForgeQuestion, signal: AbortSignal): Promise<ForgeAnswer> {
  const url = new URL(question.url);
  const answer = await fetchFrom(url, question, signal);
  const text = await answer.text().catch((error: unknown) => {
    throw cannotAsk(url, error, signal);
  });
  const body = text.length > longestAnswer ? null : parsed(text);
  if (answer.ok) return { kind: 'done', body };
  const afterMs = wantedPatienceMs(answer);
  if (afterMs !== null) return { kind: 'later', afterMs };
  const why = `${url.host} answered with ${answer.status}${wordsOf(body)}`;
  if (answer.status >= 500 || [408, 425, 429].includes(answer.status))
    throw new LotseError('unreachable', why, { retriable: true });
  // A repository that a token may not see looks as if it were not there.
  if ([401, 403, 404].includes(answer.status)) throw new LotseError('forbidden', why, { hint: tokenHint });
  return { kind: 'refused', status: answer.status, why };
}

const tokenHint = 'Is the token still valid, and may it write commit statuses and deployments of this repository?';

async function fetchFrom(url: URL, { method, headers, body }: ForgeQuestion, signal: AbortSignal): Promise<Response> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  try {
    const all = { accept: 'application/json', 'user-agent': 'lotse', ...type, ...headers };
    return await fetch(url, { method, headers: all, redirect: 'manual', signal, ...sent });
  } catch (error) {
    throw cannotAsk(url, error, signal);
  }
}

function cannotAsk(url: URL, error: unknown, signal: AbortSignal): LotseError {
  if (signal.aborted) return new LotseError('timeout', `${url.host} did not answer in time`, { retriable: true });
  const cause = error instanceof Error ? error.cause : null;
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new LotseError('unreachable', `${url.host} cannot be reached${code}`, { retriable: true });
}

/**
 * How long it asks to be left alone. RFC 9110 section 10.2.3; GitHub also says by `x-ratelimit-remaining: 0` that nothing is
 * left until `x-ratelimit-reset` (Unix seconds), with 403 or 429.
 */
function wantedPatienceMs({ status, headers }: Response): number | null {
  if (![403, 429, 503].includes(status)) return null;
  const seconds = Number(headers.get('retry-after') ?? 'none');
  if (Number.isFinite(seconds)) return Math.min(Math.max(seconds, 1) * 1000, longestPatienceMs);
  if (headers.get('x-ratelimit-remaining') !== '0') return null;
  const date = Date.parse(headers.get('date') ?? '');
  const untilMs = Number(headers.get('x-ratelimit-reset') ?? 'none') * 1000 - date;
  return Number.isFinite(untilMs) ? Math.min(Math.max(untilMs, 1000), longestPatienceMs) : longestPatienceMs;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** All three say what is wrong in `message`. */
function wordsOf(body: unknown): string {
  const message: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'message') : null;
  const text = typeof message === 'string' ? message : message == null ? '' : JSON.stringify(message);
  return text === '' ? '' : `: ${text.slice(0, 200)}`;
}
