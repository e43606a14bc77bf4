import { bucketHeader, ownCookiePrefix, previewHeader, probeHeader } from '../../core/routing-document.ts';
import type { ProxyLimits } from '../limits.ts';
import { areAll, hostOctets, isName, targetOctets, tokenOctets } from './characters.ts';
import { listElements, readContentLength, readFields, withoutFields } from './fields.ts';
import type { FieldVisitor } from './fields.ts';

/** Why a request is refused. The connection is closed after the answer: what follows on it cannot be trusted. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

const unforgettable = new Set(['host', 'content-length', 'transfer-encoding', 'cookie', 'authorization']);

/** The head of one request (RFC 9112 sections 2 to 6), read by `readRequestHead`. */
export class RequestHead implements FieldVisitor {
  method = '';
  /** Origin form or `*`, as it goes upstream. */
  target = '';
  /** 0 or 1: the minor version of HTTP/1. */
  minor = 1;
  /** Host as sent, with port; empty when an HTTP/1.0 request brings none. */
  host = '';
  /** -1: none. */
  contentLength = -1;
  chunked = false;
  expectsContinue = false;
  closes = false;
  keepsAlive = false;
  /** The protocol that the client asks to upgrade to; empty: none. */
  upgrade = '';
  requestId = '';
  accept = '';
  probe = '';
  /** Signed wish to see one release; empty: none. */
  preview = '';
  /** Bucket that an inner request carries; empty: none. */
  bucket = '';
  /** Value of Lotse's visitor cookie; empty: none. */
  visitor = '';
  forwardedFor = '';
  forwardedHost = '';
  forwardedProto = '';
  /** Forwarded (RFC 7239), as sent by somebody trusted. */
  forwarded = '';
  /** Field lines for the next hop, each with CRLF. */
  kept = '';
  refusal: Refusal | null = null;

  readonly #trusted: boolean;
  #hosts = 0;
  #connection = '';
  #wantsUpgrade = false;
  #rebuilt = '';

  /** `trusted`: the request comes from a service of ours or a trusted proxy, so its forwarding fields count. */
  constructor(trusted: boolean) {
    this.#trusted = trusted;
  }

  /** Does it say on whose behalf it comes? */
  get isForwarded(): boolean {
    return this.forwardedFor !== '' || this.forwardedProto !== '' || this.forwardedHost !== '' || this.forwarded !== '';
  }

  get hasBody(): boolean {
    return this.chunked || this.contentLength > 0;
  }

  field(text: string, nameFrom: number, nameTo: number, valueFrom: number, valueTo: number): boolean {
    if (this.#isLotse(text, nameFrom, nameTo, valueFrom, valueTo)) return false;
    switch (nameTo - nameFrom) {
      case 2:
        return !isName(text, nameFrom, 'te');
      case 4:
        return !isName(text, nameFrom, 'host') || this.#readHost(text, valueFrom, valueTo);
      case 6:
        if (isName(text, nameFrom, 'cookie')) return this.#readCookies(text, valueFrom, valueTo);
        if (isName(text, nameFrom, 'expect')) return this.#readExpect(text.slice(valueFrom, valueTo));
        if (isName(text, nameFrom, 'accept')) this.accept = text.slice(valueFrom, valueTo);
        return true;
      case 7:
        return !isName(text, nameFrom, 'upgrade') || this.#readUpgrade(text.slice(valueFrom, valueTo));
      case 10:
        if (isName(text, nameFrom, 'connection')) return this.#readConnection(text.slice(valueFrom, valueTo));
        return !isName(text, nameFrom, 'keep-alive');
      case 14:
        if (isName(text, nameFrom, 'content-length')) return this.#readLength(text, nameTo, valueFrom, valueTo);
        if (isName(text, nameFrom, 'http2-settings')) return false;
        return !this.#isForwarding(text, nameFrom, nameTo, valueFrom, valueTo);
      case 17:
        if (isName(text, nameFrom, 'transfer-encoding')) return this.#readEncoding(text, nameTo, valueFrom, valueTo);
        return !this.#isForwarding(text, nameFrom, nameTo, valueFrom, valueTo);
      default:
        return !this.#isForwarding(text, nameFrom, nameTo, valueFrom, valueTo);
    }
  }

  tooManyFields(): void {
    this.#refuse(431, 'too many header fields');
  }

  #readHost(text: string, from: number, to: number): boolean {
    if (++this.#hosts > 1) return this.#refuse(400, 'more than one Host');
    if (!areAll(hostOctets, text, from, to)) return this.#refuse(400, 'illegal character in Host');
    this.host = text.slice(from, to);
    return true;
  }

  #readLength(text: string, nameTo: number, from: number, to: number): boolean {
    if (this.contentLength >= 0) return this.#refuse(400, 'more than one Content-Length');
    this.contentLength = readContentLength(text, from, to);
    if (this.contentLength < 0) return this.#refuse(400, 'bad Content-Length');
    return isPlain(text, nameTo, from, to) || this.#rewrite(`content-length: ${this.contentLength}\r\n`);
  }

  #readEncoding(text: string, nameTo: number, from: number, to: number): boolean {
    if (this.chunked) return this.#refuse(400, 'more than one Transfer-Encoding');
    this.chunked = true;
    const value = text.slice(from, to);
    if (value === 'chunked' && isPlain(text, nameTo, from, to)) return true;
    const coding = value.toLowerCase();
    if (coding === 'chunked') return this.#rewrite('transfer-encoding: chunked\r\n');
    const known = listElements(coding).filter((element) => element !== 'chunked' && /^[a-z-]+$/.test(element));
    const isOther = known.length > 0 && coding.endsWith(', chunked') && !known.includes('identity');
    return isOther ? this.#refuse(501, 'unknown Transfer-Encoding') : this.#refuse(400, 'bad Transfer-Encoding');
  }

  #readExpect(value: string): boolean {
    if (value.toLowerCase() !== '100-continue') return this.#refuse(417, 'unknown expectation');
    this.expectsContinue = true;
    return true;
  }

  #readUpgrade(value: string): false {
    this.upgrade = this.upgrade === '' ? value : `${this.upgrade}, ${value}`;
    return false;
  }

  #readConnection(value: string): false {
    this.#connection = this.#connection === '' ? value : `${this.#connection},${value}`;
    return false;
  }

  #readCookies(text: string, from: number, to: number): boolean {
    const at = text.indexOf(ownCookiePrefix, from);
    if (at < 0 || at >= to) return true;
    const others: string[] = [];
    for (const pair of text.slice(from, to).split(';')) {
      const cookie = pair.trim();
      if (!cookie.startsWith(ownCookiePrefix)) others.push(cookie);
      else if (cookie.startsWith(`${ownCookiePrefix}v=`)) this.visitor = cookie.slice(ownCookiePrefix.length + 2);
    }
    if (others.length > 0) this.#rebuilt += `cookie: ${others.join('; ')}\r\n`;
    return false;
  }

  #isLotse(text: string, nameFrom: number, nameTo: number, valueFrom: number, valueTo: number): boolean {
    if ((text.charCodeAt(nameFrom) | 32) !== 108 || nameTo - nameFrom < 6 || !isName(text, nameFrom, 'lotse-'))
      return false;
    const name = text.slice(nameFrom, nameTo).toLowerCase();
    if (name === probeHeader) this.probe = text.slice(valueFrom, valueTo);
    if (name === previewHeader) this.preview = text.slice(valueFrom, valueTo);
    if (name === bucketHeader && this.#trusted) this.bucket = text.slice(valueFrom, valueTo);
    return true;
  }

  #isForwarding(text: string, nameFrom: number, nameTo: number, valueFrom: number, valueTo: number): boolean {
    const initial = text.charCodeAt(nameFrom) | 32;
    if (initial === 102) {
      if (nameTo - nameFrom !== 9 || !isName(text, nameFrom, 'forwarded')) return false;
      if (this.#trusted) this.forwarded = joined(this.forwarded, text.slice(valueFrom, valueTo));
      return true;
    }
    if (initial === 112) return nameTo - nameFrom === 16 && isName(text, nameFrom, 'proxy-connection');
    if (initial !== 120 || nameTo - nameFrom < 12) return false;
    if (nameTo - nameFrom === 12 && isName(text, nameFrom, 'x-request-id')) {
      this.requestId = text.slice(valueFrom, valueTo);
      return true;
    }
    if (!isName(text, nameFrom, 'x-forwarded-')) return false;
    if (!this.#trusted) return true;
    const value = text.slice(valueFrom, valueTo);
    const name = text.slice(nameFrom + 12, nameTo).toLowerCase();
    if (name === 'for') this.forwardedFor = joined(this.forwardedFor, value);
    else if (name === 'host') this.forwardedHost = value;
    else if (name === 'proto') this.forwardedProto = value;
    else return false;
    return true;
  }

  /** Replaces a line that means one thing, but is written so that another reader may stumble. */
  #rewrite(line: string): false {
    this.#rebuilt += line;
    return false;
  }

  #refuse(status: number, reason: string): false {
    this.refusal ??= { status, reason };
    return false;
  }

  /** What only the whole head can tell. */
  finish(kept: string | null, absoluteHost: string | null): void {
    if (kept === null) {
      this.#refuse(400, 'malformed header field');
      return;
    }
    if (this.#hosts === 0 && this.minor === 1) this.#refuse(400, 'no Host');
    if (this.chunked && this.contentLength >= 0) this.#refuse(400, 'Content-Length beside Transfer-Encoding');
    if (this.chunked && this.minor === 0) this.#refuse(400, 'Transfer-Encoding in an HTTP/1.0 request');
    this.kept = kept + this.#rebuilt;
    if (absoluteHost !== null) this.#replaceHost(absoluteHost);
    else if (this.#hosts === 0) this.kept = `host: \r\n${this.kept}`;
    this.#finishConnection();
  }

  #replaceHost(host: string): void {
    this.host = host;
    this.kept = `host: ${host}\r\n${withoutFields(this.kept, ['host'])}`;
  }

  #finishConnection(): void {
    if (this.#connection !== '') {
      const named: string[] = [];
      for (const option of listElements(this.#connection)) {
        if (option === 'close') this.closes = true;
        else if (option === 'keep-alive') this.keepsAlive = true;
        else if (option === 'upgrade') this.#wantsUpgrade = true;
        else if (!unforgettable.has(option)) named.push(option);
      }
      if (named.length > 0) this.kept = withoutFields(this.kept, named);
    }
    // Only upgrades whose traffic stays what the proxy thinks it is: h2c would carry requests past the routing.
    if (!this.#wantsUpgrade || this.minor === 0 || this.hasBody || /^(h2c?|http\/.*|tls\/.*)$|,/i.test(this.upgrade))
      this.upgrade = '';
    if (this.minor === 0) this.expectsContinue = false;
  }
}

/** The value of a list that came in several lines (RFC 9110 section 5.2). */
function joined(before: string, value: string): string {
  return before === '' ? value : `${before}, ${value}`;
}

/** Is the line written as nearly everybody writes it: one space before the value, nothing behind it? */
function isPlain(text: string, nameTo: number, valueFrom: number, valueTo: number): boolean {
  return valueFrom === nameTo + 2 && text.charCodeAt(valueFrom - 1) === 32 && text.charCodeAt(valueTo) === 13;
}

/**
 * Reads a whole request head. `text` is the head in latin1, from the request line to the CRLF of the last field line
 * (the empty line left out). The result's `refusal` says whether it may be used at all.
 */
export function readRequestHead(text: string, limits: ProxyLimits, trusted: boolean): RequestHead {
  const head = new RequestHead(trusted);
  const lineTo = text.indexOf('\r\n');
  const methodTo = text.indexOf(' ');
  const targetTo = text.indexOf(' ', methodTo + 1);
  if (methodTo <= 0 || targetTo < 0 || targetTo > lineTo || methodTo > 32 || !areAll(tokenOctets, text, 0, methodTo)) {
    head.refusal = { status: 400, reason: 'malformed request line' };
    return head;
  }
  if (targetTo - methodTo - 1 > limits.targetBytes) {
    head.refusal = { status: 414, reason: 'request target too long' };
    return head;
  }
  head.method = text.slice(0, methodTo);
  const absoluteHost = readTarget(head, text.slice(methodTo + 1, targetTo));
  readVersion(head, text, targetTo + 1, lineTo);
  if (head.refusal === null) head.finish(readFields(text, lineTo + 2, limits.fieldCount, head), absoluteHost);
  return head;
}

function readVersion(head: RequestHead, text: string, from: number, to: number): void {
  if (to - from === 8 && text.startsWith('HTTP/1.', from)) {
    const minor = text.charCodeAt(to - 1) - 48;
    if (minor === 0 || minor === 1) {
      head.minor = minor;
      return;
    }
  }
  const version = /^HTTP\/\d\.\d$/.test(text.slice(from, to));
  head.refusal ??= version
    ? { status: 505, reason: 'HTTP version not supported' }
    : { status: 400, reason: 'malformed request line' };
}

/** Returns the host of an absolute-form target, which replaces the Host field (RFC 9112 section 3.2.2). */
function readTarget(head: RequestHead, target: string): string | null {
  if (target === '' || !areAll(targetOctets, target, 0, target.length)) {
    head.refusal = { status: 400, reason: 'illegal character in the request target' };
    return null;
  }
  head.target = target;
  if (head.method === 'CONNECT') {
    head.refusal = { status: 501, reason: 'CONNECT is not offered' };
    return null;
  }
  if (target.charCodeAt(0) === 47 || (target === '*' && head.method === 'OPTIONS')) return null;
  const absolute = /^https?:\/\/([^/?]+)(.*)$/i.exec(target);
  const host = absolute?.[1];
  if (host === undefined || !areAll(hostOctets, host, 0, host.length)) {
    head.refusal = { status: 400, reason: 'malformed request target' };
    return null;
  }
  const rest = absolute?.[2] ?? '';
  // RFC 9112 section 3.2.4: without a path, OPTIONS asks about the server itself.
  head.target = rest === '' && head.method === 'OPTIONS' ? '*' : rest.startsWith('/') ? rest : `/${rest}`;
  return host;
}
