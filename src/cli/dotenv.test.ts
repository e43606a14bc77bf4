import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dotenvLine, readDotenv } from './dotenv.ts';

test('what is written is read as the same value, or it is not written', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'B', '1', ' ', '#', '$', '=', "'", '"', '`', '\\', 'n', '\n', 'ä'),
  });
  fc.assert(
    fc.property(text, (value) => {
      const line = dotenvLine('NAME', value);
      if (line === null) return /['"`\r\n\\]/.test(value);
      return readDotenv(`${line}\n`)['NAME'] === value;
    }),
    { numRuns: 2_000 },
  );
});

test('plain values stay plain, and what other readers would read otherwise is quoted', () => {
  assert.equal(dotenvLine('LOG_LEVEL', 'debug'), 'LOG_LEVEL=debug');
  assert.equal(dotenvLine('URL', 'https://shop.example/a'), 'URL=https://shop.example/a');
  assert.equal(dotenvLine('NOTE', 'a # b'), "NOTE='a # b'");
  assert.equal(dotenvLine('IT', "it's"), 'IT="it\'s"');
  assert.equal(dotenvLine('ALL', `'"\``), null);
});

test('comments, export and quotes are understood', () => {
  const text = '\uFEFF# head\nexport A=1 # one\nB="two\\nlines"\nC=\'$x\'\n\nnothing here\n';
  assert.deepEqual(readDotenv(text), { A: '1', B: 'two\nlines', C: '$x' });
});
