import { bodyOf, readChunksStrictly, readFieldsStrictly, readFraming } from './strict-request-reader.ts';
import type { StrictReading } from './strict-request-reader.ts';

/** One final or interim answer as a reader with no tolerance reads it. */
export interface StrictAnswer {
  readonly status: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

const statusLine = /^HTTP\/1\.1 ([1-9][0-9]{2}) [\t\x20-\x7e\x80-\xff]*$/;

/**
 * Reads what a client got (latin1), knowing the methods it asked with. `isClosed`: the connection has ended after it,
 * which ends an answer without any framing.
 */
export function readAnswersStrictly(
  text: string,
  methods: readonly string[],
  isClosed: boolean,
): StrictReading<StrictAnswer> {
  const messages: StrictAnswer[] = [];
  let at = 0;
  let finals = 0;
  const stop = (malformed: string | null) => ({ messages, end: 'cut', malformed, length: at }) as const;
  while (at < text.length) {
    const headTo = text.indexOf('\r\n\r\n', at);
    if (headTo < 0) return stop(null);
    const lines = text.slice(at, headTo).split('\r\n');
    const status = Number(statusLine.exec(lines[0] ?? '')?.[1] ?? 0);
    if (status === 0) return stop(`status line ${JSON.stringify(lines[0])}`);
    const fields = readFieldsStrictly(lines.slice(1));
    if (typeof fields === 'string') return stop(fields);
    const framing = readFraming(fields);
    if (typeof framing === 'string' && framing !== 'chunked') return stop(framing);
    if ((status < 200 || status === 204) && framing !== null) return stop(`${status} with a body`);
    const isBodyless = status < 200 || status === 204 || status === 304 || methods[finals] === 'HEAD';
    if (status >= 200) finals++;
    const from = headTo + 4;
    const body = isBodyless
      ? bodyOf(text, from, 0)
      : framing === 'chunked'
        ? readChunksStrictly(text, from)
        : framing !== null
          ? bodyOf(text, from, framing)
          : isClosed
            ? { body: text.slice(from), to: text.length }
            : null;
    if (body === null || typeof body === 'string') return stop(body);
    messages.push({ status, fields, body: body.body });
    at = body.to;
  }
  return { messages, end: 'complete', malformed: null, length: at };
}
