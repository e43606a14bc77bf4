import { fieldPairs } from './answer-fields.ts';

const crlf = Buffer.from('\r\n');
/** Trailers that an instance may be told; others could change what the request means (RFC 9110 section 6.5.1). */
const isHarmless = (name: string) => /^(x-|grpc-|digest$|content-digest$|server-timing$)/.test(name);

/** A part of a body as a chunk of HTTP/1.1. */
export function chunkOf(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, crlf]);
}

/** The last chunk, with those trailers (names and values in turn) that may go on. */
export function lastChunk(trailers: readonly string[]): Buffer {
  let lines = '';
  for (let at = 0; at + 1 < trailers.length; at += 2) {
    const name = trailers[at] ?? '';
    const line = `${name}: ${trailers[at + 1] ?? ''}\r\n`;
    if (isHarmless(name) && fieldPairs(line).length === 2) lines += line;
  }
  return Buffer.from(`0\r\n${lines}\r\n`, 'latin1');
}
