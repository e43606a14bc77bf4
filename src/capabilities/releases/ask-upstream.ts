import { request } from 'node:http';
import type { Address } from '../../core/routing-document.ts';
import { upstreamUrl } from '../../rollout/release-zero.ts';

/** How long an address may take to answer, in milliseconds. */
const patienceMs = 3_000;

/** What an address says to `GET /`. */
export type UpstreamAnswer =
  { readonly kind: 'answered'; readonly status: number } | { readonly kind: 'silent'; readonly why: string };

/** Asks what was adopted, or shall be: any HTTP answer is one. Never throws. */
export async function askUpstream(upstream: Address): Promise<UpstreamAnswer> {
  const { promise, resolve } = Promise.withResolvers<UpstreamAnswer>();
  const asked = request({
    host: upstream.host,
    port: upstream.port,
    agent: false,
    headers: { host: new URL(upstreamUrl(upstream)).host, 'user-agent': 'lotse' },
    signal: AbortSignal.timeout(patienceMs),
  });
  asked.once('response', (response) => {
    resolve({ kind: 'answered', status: response.statusCode ?? 0 });
    response.destroy();
  });
  asked.on('error', (error: NodeJS.ErrnoException) => resolve({ kind: 'silent', why: whyOf(error) }));
  asked.end();
  return await promise;
}

function whyOf({ name, code = '', message }: NodeJS.ErrnoException): string {
  if (name === 'AbortError' || name === 'TimeoutError') return `it gives no answer within ${patienceMs / 1_000} s`;
  if (code === 'ECONNREFUSED') return 'nobody listens there';
  if (code.startsWith('HPE_')) return 'what listens there does not speak plain HTTP';
  if (code === 'ECONNRESET') return 'it closes the connection without an answer, as servers do that expect TLS';
  return message;
}
