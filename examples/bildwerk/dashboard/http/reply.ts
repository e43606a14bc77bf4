import type { ServerResponse } from 'node:http';
import type { Html } from '../pages/html.ts';
import type { Visit } from './visit.ts';

const securityHeaders = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data: blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
};

export function sendPage({ response }: Visit, page: Html, status = 200): void {
  send(response, status, 'text/html; charset=utf-8', page.text);
}

export function sendJson({ response }: Visit, body: unknown, status = 200): void {
  send(response, status, 'application/json', JSON.stringify(body));
}

/** After a form: the browser then asks for `path` by GET. */
export function redirect({ response }: Visit, path: string): void {
  response.writeHead(303, { location: path, 'cache-control': 'no-store' }).end();
}

/** People get pages; programs that say `Accept: application/json` get the same as data. */
export function wantsJson({ request }: Pick<Visit, 'request'>): boolean {
  const accept = request.headers.accept ?? '';
  return accept.includes('json') && !accept.includes('text/html');
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    ...securityHeaders,
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(body);
}
