import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { interpolate, type Looked } from './interpolate.ts';

const known: Readonly<Record<string, string>> = { TAG: '16', EMPTY: '', HOST: 'db' };

function lookup(name: string): Looked {
  if (name.endsWith('PASSWORD')) return { kind: 'kept' };
  const text = Object.hasOwn(known, name) ? known[name] : undefined;
  return text === undefined ? { kind: 'missing' } : { kind: 'value', text };
}

function textOf(written: string): string | null {
  return interpolate(written, lookup)?.text ?? null;
}

test('values are put in with and without braces, and a doubled dollar sign is one', () => {
  assert.equal(textOf('postgres:$TAG-alpine'), 'postgres:16-alpine');
  assert.equal(textOf('postgres:${TAG}'), 'postgres:16');
  assert.equal(textOf('$$TAG costs $$5'), '$TAG costs $5');
});

test('a colon makes an empty value count as none', () => {
  assert.equal(textOf('${EMPTY:-x}'), 'x');
  assert.equal(textOf('${EMPTY-x}'), '');
  assert.equal(textOf('${NONE-x}'), 'x');
  assert.equal(textOf('${EMPTY:+x}'), '');
  assert.equal(textOf('${EMPTY+x}'), 'x');
  assert.equal(textOf('${TAG:+v${TAG}}'), 'v16');
});

test('defaults may hold variables with defaults', () => {
  assert.equal(textOf('http://${NONE:-${ALSO_NONE:-$HOST}}:80/'), 'http://db:80/');
});

test('what is missing is named, also where Compose would refuse to start', () => {
  assert.deepEqual(interpolate('${NONE}${GONE:?set it}', lookup), { text: '', kept: [], missing: ['NONE', 'GONE'] });
});

test('a variable that must stay a secret stays a variable, and its default is not put in', () => {
  assert.deepEqual(interpolate('postgres://app:${DB_PASSWORD:-hunter2}@$HOST/app', lookup), {
    text: 'postgres://app:${DB_PASSWORD}@db/app',
    kept: ['DB_PASSWORD'],
    missing: [],
  });
});

test('what Compose refuses is refused', () => {
  for (const written of ['$', 'a $ b', '${', '${}', '${TAG', '${1}', '${TAG!x}', '$(date)']) {
    assert.equal(interpolate(written, lookup), null, written);
  }
});

test('any text is answered, and one without a dollar sign stays as it is', () => {
  const piece = fc.constantFrom('$', '${', '}', ':-', ':?', '+', 'TAG', 'NONE', 'DB_PASSWORD', ' ', 'x');
  const pieces = fc.array(piece, { maxLength: 30 }).map((list) => list.join(''));
  fc.assert(
    fc.property(fc.oneof(pieces, fc.string()), (written) => {
      const result = interpolate(written, lookup);
      if (!written.includes('$')) assert.equal(result?.text, written);
    }),
  );
});
