import { ownCookiePrefix } from '../../core/routing-document.ts';
import type { ProxyLimits } from '../limits.ts';
import { isName, valueOctets, areAll } from './characters.ts';
import { listElements, readContentLength, readFields, withoutFields } from './fields.ts';
import type { FieldVisitor } from './fields.ts';

/** The head of an upstream's answer (RFC 9112 section 4), read as strictly as a request. */
export class ResponseHead implements FieldVisitor {
  status = 0;
  /** Status line for the client, with CRLF. */
  statusLine = '';
  minor = 1;
  /** -1: none. */
  contentLength = -1;
  chunked = false;
  closes = false;
  /** The upstream's announced keep-alive timeout in seconds; -1: none. */
  keepAliveS = -1;
  upgrade = '';
  isEventStream = false;
  kept = '';
  /** Set when the answer must not be used. */
  problem: string | null = null;

  #connection = '';

  field(text: string, nameFrom: number, nameTo: number, valueFrom: number, valueTo: number): boolean {
    switch (nameTo - nameFrom) {
      case 7:
        if (!isName(text, nameFrom, 'upgrade')) return true;
        this.upgrade = text.slice(valueFrom, valueTo);
        return false;
      case 10:
        return this.#readConnectionField(text, nameFrom, valueFrom, valueTo);
      case 12:
        if (isName(text, nameFrom, 'content-type'))
          this.isEventStream = isName(text.slice(valueFrom, valueFrom + 17), 0, 'text/event-stream');
        return true;
      case 14:
        if (isName(text, nameFrom, 'content-length')) return this.#readLength(text, valueFrom, valueTo);
        return !isName(text, nameFrom, 'lotse-revision');
      case 16:
        return !isName(text, nameFrom, 'proxy-connection');
      case 17:
        if (!isName(text, nameFrom, 'transfer-encoding')) return true;
        if (this.chunked || text.slice(valueFrom, valueTo).toLowerCase() !== 'chunked')
          this.problem = 'bad Transfer-Encoding';
        this.chunked = true;
        return false;
      default:
        return true;
    }
  }

  tooManyFields(): void {
    this.problem = 'too many header fields';
  }

  #readConnectionField(text: string, nameFrom: number, valueFrom: number, valueTo: number): boolean {
    if (isName(text, nameFrom, 'connection')) {
      const value = text.slice(valueFrom, valueTo);
      this.#connection = this.#connection === '' ? value : `${this.#connection},${value}`;
      return false;
    }
    if (isName(text, nameFrom, 'keep-alive')) {
      const timeout = /(?:^|[ ,])timeout=(\d{1,6})/i.exec(text.slice(valueFrom, valueTo));
      if (timeout !== null) this.keepAliveS = Number(timeout[1]);
      return false;
    }
    // An app cannot choose a visitor's bucket.
    if (isName(text, nameFrom, 'set-cookie')) return !text.startsWith(ownCookiePrefix, valueFrom);
    return true;
  }

  #readLength(text: string, from: number, to: number): boolean {
    if (this.contentLength >= 0) this.problem = 'more than one Content-Length';
    this.contentLength = readContentLength(text, from, to);
    if (this.contentLength < 0) this.problem = 'bad Content-Length';
    return false;
  }

  finish(kept: string | null): void {
    if (kept === null) {
      this.problem = 'malformed header field';
      return;
    }
    this.kept = kept;
    if (this.chunked && (this.contentLength >= 0 || this.minor === 0)) this.problem = 'contradictory framing';
    if (this.minor === 0) this.closes = true;
    if (this.#connection === '') return;
    const named: string[] = [];
    for (const option of listElements(this.#connection)) {
      if (option === 'close') this.closes = true;
      else if (option !== 'keep-alive' && option !== 'upgrade') named.push(option);
    }
    if (named.length > 0) this.kept = withoutFields(kept, named);
  }
}

/** Reads a whole answer head: latin1, up to and including the CRLF of the last field line. */
export function readResponseHead(text: string, limits: ProxyLimits): ResponseHead {
  const head = new ResponseHead();
  const lineTo = text.indexOf('\r\n');
  const minor = text.charCodeAt(7) - 48;
  const status = readContentLength(text, 9, 12);
  const separator = lineTo === 12 || text.charCodeAt(12) === 32;
  if (
    lineTo < 12 ||
    !text.startsWith('HTTP/1.') ||
    (minor !== 0 && minor !== 1) ||
    text.charCodeAt(8) !== 32 ||
    status < 100 ||
    status > 999 ||
    !separator ||
    !areAll(valueOctets, text, 12, lineTo)
  ) {
    head.problem = 'malformed status line';
    return head;
  }
  head.minor = minor;
  head.status = status;
  // Without a reason the space before it is still due (RFC 9112 section 4), and some clients insist.
  if (lineTo === 12) head.statusLine = `HTTP/1.1${text.slice(8, 12)} \r\n`;
  else head.statusLine = minor === 1 ? text.slice(0, lineTo + 2) : `HTTP/1.1${text.slice(8, lineTo + 2)}`;
  head.finish(readFields(text, lineTo + 2, limits.fieldCount, head));
  return head;
}
