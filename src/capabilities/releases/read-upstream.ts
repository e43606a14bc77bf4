import { isIP } from 'node:net';
import { LotseError } from '../../core/errors.ts';
import type { Address } from '../../core/routing-document.ts';

/**
 * The addresses that a URL means, the likeliest first: an IP address, or both of this machine's own for `localhost`.
 * Errors: `bad-input`, with what would do.
 */
export function readUpstream(written: string): readonly [Address, ...Address[]] {
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url?.protocol === 'https:') {
    throw new LotseError('bad-input', `${written} is behind TLS, and Lotse speaks plain HTTP with what it routes to`, {
      hint: 'TLS ends at the proxy of Lotse. Adopt the address behind the TLS of today, such as http://127.0.0.1:3000.',
    });
  }
  if (url?.protocol !== 'http:') throw refusal(written, 'is not the address of an HTTP server');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw refusal(written, 'has a path, and every path is routed as it comes');
  if (url.username !== '' || url.password !== '') throw refusal(written, 'has credentials, and none are sent');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? 80 : Number(url.port);
  if (host === 'localhost') return [own('127.0.0.1', port), own('::1', port)];
  if (isIP(host) === 0) throw refusal(written, 'has a name, which may lead elsewhere tomorrow');
  if (host === '0.0.0.0') return [own('127.0.0.1', port)];
  return [{ host, port }];
}

const own = (host: string, port: number): Address => ({ host, port });

function refusal(written: string, why: string): LotseError {
  return new LotseError('bad-input', `${JSON.stringify(written)} ${why}`, {
    hint: 'It looks like http://127.0.0.1:3000: the IP address and port on which it answers the machine of Lotse.',
  });
}
