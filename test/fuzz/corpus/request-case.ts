/** A byte stream that a client sends, and what must become of it. */
export interface RequestCase {
  readonly name: string;
  /** latin1. */
  readonly bytes: string;
  /** What the instance must get, in order and nothing else: `METHOD target body`, the body without chunks. */
  readonly passes: readonly string[];
  /**
   * What then happens: `refused` (an answer of this status and the end of the connection, whatever follows), `whole` (it
   * goes on with the next request), `closes` (the last answer ends the connection), `waits` (for the rest).
   */
  readonly ending:
    { readonly kind: 'refused'; readonly status: number } | { readonly kind: 'whole' | 'closes' | 'waits' };
  /** Host that the instance sees with the first request, where it is not the one that was sent. */
  readonly host?: string;
}

export function refused(name: string, bytes: string, status = 400, passes: readonly string[] = []): RequestCase {
  return { name, bytes, passes, ending: { kind: 'refused', status } };
}

export function whole(name: string, bytes: string, ...passes: readonly string[]): RequestCase {
  return { name, bytes, passes, ending: { kind: 'whole' } };
}

export function closes(name: string, bytes: string, ...passes: readonly string[]): RequestCase {
  return { name, bytes, passes, ending: { kind: 'closes' } };
}

export function waits(name: string, bytes: string, ...passes: readonly string[]): RequestCase {
  return { name, bytes, passes, ending: { kind: 'waits' } };
}

/** A POST with these field lines (without the last CRLF) and this body. */
export function post(fields: string, body: string): string {
  return `POST /a HTTP/1.1\r\nHost: shop.test\r\n${fields}\r\n\r\n${body}`;
}

/** A GET with these field lines (without the last CRLF). */
export function get(fields: string, target = '/a'): string {
  return `GET ${target} HTTP/1.1\r\nHost: shop.test\r\n${fields}\r\n\r\n`;
}

/** A GET with this first line. */
export function line(requestLine: string): string {
  return `${requestLine}\r\nHost: shop.test\r\n\r\n`;
}

export function chunked(body: string): string {
  return post('Transfer-Encoding: chunked', body);
}

/** What must never arrive as a request of its own. */
export const poison = 'GET /poison HTTP/1.1\r\nHost: shop.test\r\n\r\n';
