import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { Secret } from '../core/secret.ts';
import { decodeJson, encodeJson } from './json-column.ts';

test('a JSON column gives back what was put in, checked', () => {
  const shape = z.object({ services: z.array(z.string()) });
  const text = encodeJson({ services: ['web', 'sizes'] });
  assert.deepEqual(decodeJson(text, shape, 'releases r1'), { services: ['web', 'sizes'] });
});

test('a column that does not hold what is expected is named', () => {
  for (const text of ['{"services":1}', '{"serv']) {
    assert.throws(() => decodeJson(text, z.object({ services: z.array(z.string()) }), 'releases r1'), {
      code: 'journal-damaged',
      message: /releases r1/,
    });
  }
});

test('what JSON cannot hold is refused, and a secret never shows', () => {
  assert.throws(() => encodeJson(undefined), TypeError);
  assert.throws(() => encodeJson(() => 1), TypeError);
  assert.equal(encodeJson({ key: new Secret('hunter2') }), '{"key":"***"}');
});
