import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ChunkedScanner } from './chunked.ts';

type Verdict =
  | { readonly kind: 'done'; readonly end: number; readonly payload: string }
  | { readonly kind: 'bad' }
  | { readonly kind: 'more' };

/** Scans a stream in pieces of the given lengths (the last one takes the rest). */
function scan(stream: string, pieces: readonly number[] = []): Verdict {
  const parts: string[] = [];
  const scanner = new ChunkedScanner((bytes) => parts.push(bytes.toString('latin1')));
  const bytes = Buffer.from(stream, 'latin1');
  let from = 0;
  for (const length of [...pieces, bytes.length]) {
    const to = Math.min(bytes.length, from + length);
    from = scanner.scan(bytes, from, to);
    if (scanner.problem !== null) return { kind: 'bad' };
    if (scanner.isDone) return { kind: 'done', end: from, payload: parts.join('') };
  }
  return { kind: 'more' };
}

const taken: readonly (readonly [name: string, stream: string, payload: string])[] = [
  ['an empty body', '0\r\n\r\n', ''],
  ['two chunks', '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n', 'abcde'],
  ['sizes in both cases and with zeros', 'A\r\n0123456789\r\n00a\r\n0123456789\r\n000\r\n\r\n', '01234567890123456789'],
  ['an extension', '3;name="value"\r\nabc\r\n0;last\r\n\r\n', 'abc'],
  ['trailers', '3\r\nabc\r\n0\r\nX-Sum: 5\r\nX-Other:\r\n\r\n', 'abc'],
  ['CRLF inside a chunk', '4\r\n\r\n\r\n\r\n0\r\n\r\n', '\r\n\r\n'],
];

const refused: readonly (readonly [name: string, stream: string])[] = [
  ['no size', '\r\nabc'],
  ['a size with 0x', '0x3\r\nabc\r\n0\r\n\r\n'],
  ['a size with a sign', '+3\r\nabc\r\n0\r\n\r\n'],
  ['a negative size', '-3\r\nabc\r\n0\r\n\r\n'],
  ['a space before the size', ' 3\r\nabc\r\n0\r\n\r\n'],
  ['a space behind the size', '3 \r\nabc\r\n0\r\n\r\n'],
  ['a tab behind the size', '3\t\r\nabc\r\n0\r\n\r\n'],
  ['a size with an underscore', '1_0\r\nabc\r\n0\r\n\r\n'],
  ['a size beyond counting', 'fffffffffffffffff\r\nabc'],
  ['bare LF behind the size', '3\nabc\r\n0\r\n\r\n'],
  ['bare CR behind the size', '3\rabc\r\n0\r\n\r\n'],
  ['bare LF in an extension', '3;x\nabc\r\n0\r\n\r\n'],
  ['NUL in an extension', '3;\0\r\nabc\r\n0\r\n\r\n'],
  ['5 KB of extension', `3;${'x'.repeat(5000)}\r\nabc\r\n0\r\n\r\n`],
  ['a chunk longer than its size', '3\r\nabcd\r\n0\r\n\r\n'],
  ['a chunk that ends with bare LF', '3\r\nabc\n0\r\n\r\n'],
  ['a chunk that ends with bare CR', '3\r\nabc\rX0\r\n\r\n'],
  ['an end with bare LF', '0\r\n\n'],
  ['a trailer with a space before the colon', '0\r\nX : y\r\n\r\n'],
  ['a folded trailer', '0\r\nX: y\r\n z\r\n\r\n'],
  ['a trailer without a colon', '0\r\nX\r\n\r\n'],
  ['a trailer that frames', '0\r\nContent-Length: 5\r\n\r\n'],
  ['a trailer of ours', '0\r\nLotse-Bucket: 5\r\n\r\n'],
  ['17 KB of trailers', `0\r\n${`X: ${'y'.repeat(1000)}\r\n`.repeat(17)}\r\n`],
];

describe('a chunked body', () => {
  for (const [name, stream, payload] of taken) {
    it(`with ${name} is taken to its end and no further`, () => {
      assert.deepEqual(scan(`${stream}GET /`), { kind: 'done', end: stream.length, payload });
    });
  }
  for (const [name, stream] of refused) it(`with ${name} is refused`, () => assert.equal(scan(stream).kind, 'bad'));

  it('is judged alike however it is split', () => {
    const all = [...taken.map(([, stream]) => stream), ...refused.map(([, stream]) => stream)].filter(
      (stream) => stream.length < 200,
    );
    for (const stream of all) {
      const whole = scan(stream);
      assert.deepEqual(
        scan(
          stream,
          Array.from({ length: stream.length }, () => 1),
        ),
        whole,
        JSON.stringify(stream),
      );
      for (let at = 0; at <= stream.length; at++)
        assert.deepEqual(scan(stream, [at]), whole, `${JSON.stringify(stream)} split at ${at}`);
    }
  });

  it('gives back exactly what was chunked, whatever the chunks and the splits', () => {
    const chunks = fc.array(fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 }), { maxLength: 8 });
    fc.assert(
      fc.property(
        chunks,
        fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 60 }),
        fc.string({ unit: 'binary-ascii', maxLength: 10 }),
        (list, pieces, rest) => {
          const stream = `${list.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n\r\n`;
          assert.deepEqual(scan(stream + rest, pieces), { kind: 'done', end: stream.length, payload: list.join('') });
        },
      ),
      { numRuns: 500 },
    );
  });
});
