import { LotseError } from '../../core/errors.ts';

/** What is sent to an address; its path may be a secret, so that errors name the machine alone. */
export interface Post {
  readonly url: URL;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What an address says, as a URL. Errors: `bad-input`, without the address. */
export function urlOf(text: string): URL {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new LotseError('bad-input', 'the address is not one that begins with https:// or http://');
}

/** Any answer 2xx is a success; redirects are none: nobody else is told. */
export async function post({ url, method = 'POST', headers = {}, body }: Post, signal: AbortSignal): Promise<void> {
  const answer = await answerOf(url, {
    method,
    headers,
    redirect: 'manual',
    signal,
    ...(body === undefined ? {} : { body }),
  });
  await answer.body?.cancel().catch(() => undefined);
  if (answer.ok) return;
  const message = `${url.host} answered with ${answer.status}`;
  if (answer.status >= 500 || [408, 425, 429].includes(answer.status))
    throw new LotseError('unreachable', message, { retriable: true });
  throw new LotseError([401, 403].includes(answer.status) ? 'forbidden' : 'conflict', message);
}

/** The errors of fetch hold the address, so they are not passed on. */
async function answerOf(url: URL, request: RequestInit & { readonly signal: AbortSignal }): Promise<Response> {
  try {
    return await fetch(url, request);
  } catch (error) {
    if (request.signal.aborted)
      throw new LotseError('timeout', `${url.host} did not answer in time`, { retriable: true });
    const why = error instanceof Error && error.cause instanceof Error && 'code' in error.cause ? error.cause.code : '';
    throw new LotseError(
      'unreachable',
      `${url.host} cannot be reached ${why === '' ? '' : `(${String(why)})`}`.trim(),
      {
        retriable: true,
      },
    );
  }
}
