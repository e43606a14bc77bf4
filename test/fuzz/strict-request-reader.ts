/** One request as a reader with no tolerance at all reads it. Names of fields in lower case, the body without chunks. */
export interface StrictRequest {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

export interface StrictReading<Message> {
  readonly messages: readonly Message[];
  /** `complete`: the bytes end with a message. `cut`: one more has begun and is not malformed so far. */
  readonly end: 'complete' | 'cut';
  /** What is wrong; null: nothing. */
  readonly malformed: string | null;
  /** How many of the bytes the whole messages take. */
  readonly length: number;
}

export interface Body {
  readonly body: string;
  /** Where the message ends. */
  readonly to: number;
}

const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21\x22\x24-\x7e]+) HTTP\/1\.1$/;
const fieldLine =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*$/;
const chunkLine = /^([0-9A-Fa-f]{1,12})(?:;[\t\x20-\x7e\x80-\xff]*)?$/;

/**
 * Reads HTTP/1.1 requests (latin1) the way the most suspicious server would: written apart from the proxy's own parser,
 * on purpose, to judge what the proxy sends. Anything that two servers could read differently is malformed.
 */
export function readRequestsStrictly(text: string): StrictReading<StrictRequest> {
  const messages: StrictRequest[] = [];
  let at = 0;
  const stop = (malformed: string | null) => ({ messages, end: 'cut', malformed, length: at }) as const;
  while (at < text.length) {
    const headTo = text.indexOf('\r\n\r\n', at);
    if (headTo < 0) return stop(null);
    const lines = text.slice(at, headTo).split('\r\n');
    const [, method, target] = requestLine.exec(lines[0] ?? '') ?? [];
    if (method === undefined || target === undefined) return stop(`request line ${JSON.stringify(lines[0])}`);
    const fields = readFieldsStrictly(lines.slice(1));
    if (typeof fields === 'string') return stop(fields);
    const hosts = fields.filter(([name]) => name === 'host').length;
    if (hosts !== 1) return stop(`${hosts} Host fields`);
    const framing = readFraming(fields);
    if (typeof framing === 'string' && framing !== 'chunked') return stop(framing);
    const body = framing === 'chunked' ? readChunksStrictly(text, headTo + 4) : bodyOf(text, headTo + 4, framing ?? 0);
    if (body === null || typeof body === 'string') return stop(body);
    messages.push({ method, target, fields, body: body.body });
    at = body.to;
  }
  return { messages, end: 'complete', malformed: null, length: at };
}

export function bodyOf(text: string, from: number, length: number): Body | null {
  return text.length < from + length ? null : { body: text.slice(from, from + length), to: from + length };
}

/** The fields, or what is wrong with them. */
export function readFieldsStrictly(lines: readonly string[]): readonly (readonly [string, string])[] | string {
  const fields: (readonly [string, string])[] = [];
  for (const line of lines) {
    const [, name, value] = fieldLine.exec(line) ?? [];
    if (name === undefined || value === undefined) return `field line ${JSON.stringify(line)}`;
    fields.push([name.toLowerCase(), value]);
  }
  return fields;
}

/** A length, `chunked`, null for neither, or what is wrong. */
export function readFraming(fields: readonly (readonly [string, string])[]): number | string | null {
  const lengths = fields.filter(([name]) => name === 'content-length');
  const codings = fields.filter(([name]) => name === 'transfer-encoding');
  if (lengths.length + codings.length > 1) return 'framed twice';
  const [length] = lengths;
  const [coding] = codings;
  if (coding !== undefined) return coding[1] === 'chunked' ? 'chunked' : `transfer-encoding ${coding[1]}`;
  if (length === undefined) return null;
  return /^(?:0|[1-9][0-9]{0,14})$/.test(length[1]) ? Number(length[1]) : `content-length ${length[1]}`;
}

/** A chunked body, null when it is not complete, or what is wrong. */
export function readChunksStrictly(text: string, from: number): Body | string | null {
  let at = from;
  let body = '';
  for (;;) {
    const lineTo = text.indexOf('\r\n', at);
    if (lineTo < 0) return null;
    const digits = chunkLine.exec(text.slice(at, lineTo))?.[1];
    if (digits === undefined) return `chunk line ${JSON.stringify(text.slice(at, lineTo))}`;
    const size = Number.parseInt(digits, 16);
    at = lineTo + 2;
    if (size === 0) return readTrailers(text, at, body);
    if (text.length < at + size + 2) return null;
    if (text.slice(at + size, at + size + 2) !== '\r\n') return 'chunk without CRLF';
    body += text.slice(at, at + size);
    at += size + 2;
  }
}

function readTrailers(text: string, from: number, body: string): Body | string | null {
  if (text.startsWith('\r\n', from)) return { body, to: from + 2 };
  const to = text.indexOf('\r\n\r\n', from);
  if (to < 0) return null;
  const fields = readFieldsStrictly(text.slice(from, to).split('\r\n'));
  if (typeof fields === 'string') return `trailer: ${fields}`;
  const bad = fields.find(([name]) => /^(?:content-length|transfer-encoding|host|connection)$/.test(name));
  return bad === undefined ? { body, to: to + 4 } : `trailer ${bad[0]}`;
}
