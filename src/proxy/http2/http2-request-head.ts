import { areAll, targetOctets, tokenOctets } from '../framing/characters.ts';
import { RequestHead, readRequestHead } from '../framing/request-head.ts';
import type { ProxyLimits } from '../limits.ts';

/** Fields that mean something on one connection only, which HTTP/2 has no use for (RFC 9113 section 8.2.2). */
const connectionFields = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

interface Pseudo {
  method: string;
  scheme: string;
  authority: string;
  path: string;
}

/**
 * Reads the header section of an HTTP/2 request (RFC 9113 section 8.3.1) by writing it down as an HTTP/1.1 head, so that
 * one reader decides about all requests. `raw`: names and values in turn, as latin1, in the order in which they came.
 * `hasBody`: the stream has not ended with it; a body without a length then goes on in chunks. The result's `refusal`
 * says whether it may be used at all.
 */
export function readHttp2Head(
  raw: readonly string[],
  hasBody: boolean,
  limits: ProxyLimits,
  trusted: boolean,
): RequestHead {
  const pseudo: Pseudo = { method: '', scheme: '', authority: '', path: '' };
  const fields = writeFields(raw, pseudo);
  if (typeof fields !== 'string') return refused(fields.status, fields.reason);
  if (pseudo.method === 'CONNECT') return refused(501, 'CONNECT is not offered');
  if (pseudo.scheme !== 'https') return refused(421, 'this connection is for https alone');
  if (!areAll(tokenOctets, pseudo.method, 0, pseudo.method.length) || !isTarget(pseudo.path))
    return refused(400, 'malformed request');
  if (pseudo.path.length > limits.targetBytes) return refused(414, 'request target too long');
  const framing = hasBody && !/(^|\n)content-length:/.test(fields) ? 'transfer-encoding: chunked\r\n' : '';
  const text = `${pseudo.method} ${pseudo.path} HTTP/1.1\r\n${fields}${framing}`;
  if (text.length > limits.headBytes) return refused(431, 'request head too large');
  const head = readRequestHead(text, limits, trusted);
  if (head.refusal === null && !hasBody && head.contentLength > 0) return refused(400, 'body shorter than its length');
  return head;
}

/** Field lines with Host first and cookies joined; pseudo-fields go to `pseudo`. */
function writeFields(raw: readonly string[], pseudo: Pseudo): string | { status: number; reason: string } {
  let lines = '';
  let cookie = '';
  let host: string | null = null;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? '';
    const value = raw[at + 1] ?? '';
    if (name.charCodeAt(0) === 58) {
      setPseudo(pseudo, name, value);
    } else if (!isFieldName(name) || hasLineEnd(value)) {
      return { status: 400, reason: 'malformed header field' };
    } else if (name === 'cookie') {
      cookie += cookie === '' ? value : `; ${value}`;
    } else if (name === 'host') {
      if (host !== null) return { status: 400, reason: 'more than one Host' };
      host = value;
    } else if (connectionFields.has(name)) {
      return { status: 400, reason: `${name} has no meaning in HTTP/2` };
    } else {
      lines += `${name}: ${value}\r\n`;
    }
  }
  if (pseudo.authority !== '' && host !== null && host.toLowerCase() !== pseudo.authority.toLowerCase())
    return { status: 400, reason: 'Host contradicts :authority' };
  const named = pseudo.authority === '' ? host : pseudo.authority;
  if (named === null || hasLineEnd(named)) return { status: 400, reason: 'no Host' };
  return `host: ${named}\r\n${lines}${cookie === '' ? '' : `cookie: ${cookie}\r\n`}`;
}

function setPseudo(pseudo: Pseudo, name: string, value: string): void {
  if (name === ':method') pseudo.method = value;
  else if (name === ':scheme') pseudo.scheme = value;
  else if (name === ':authority') pseudo.authority = value;
  else if (name === ':path') pseudo.path = value;
}

/** Origin form or `*`: HTTP/2 has the name elsewhere. */
function isTarget(path: string): boolean {
  return (path.startsWith('/') || path === '*') && areAll(targetOctets, path, 0, path.length);
}

/** Names come in lower case (RFC 9113 section 8.2.1). */
function isFieldName(name: string): boolean {
  return name !== '' && areAll(tokenOctets, name, 0, name.length) && !/[A-Z]/.test(name);
}

/** Nothing may become a line of its own. Other characters are the reader's business. */
function hasLineEnd(value: string): boolean {
  return value.includes('\r') || value.includes('\n');
}

function refused(status: number, reason: string): RequestHead {
  const head = new RequestHead(false);
  head.refusal = { status, reason };
  return head;
}
