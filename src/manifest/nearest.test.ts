import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editDistance, nearestKey, nearestOf } from './nearest.ts';

test('one edit is one letter more, less or other, or two neighbours swapped', () => {
  assert.equal(editDistance('port', 'prot'), 1);
  assert.equal(editDistance('port', 'ports'), 1);
  assert.equal(editDistance('port', 'part'), 1);
  assert.equal(editDistance('', 'port'), 4);
  assert.equal(editDistance('kitten', 'sitting'), 3);
});

test('the distance is the same both ways, and zero only to itself', () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      assert.equal(editDistance(a, b), editDistance(b, a));
      assert.equal(editDistance(a, b) === 0, a === b);
      assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
    }),
  );
});

test('the nearest word is suggested only when it is near', () => {
  assert.equal(nearestOf('enviroments', ['services', 'environments']), 'environments');
  assert.equal(nearestOf('Port', ['path', 'port']), 'port');
  assert.equal(nearestOf('zebra', ['path', 'port']), null);
  assert.equal(nearestOf('x'.repeat(1000), ['path']), null);
});

test("another tool's word leads to the key of the same meaning, where that key is valid", () => {
  assert.equal(nearestKey('replicas', ['run', 'instances']), 'instances');
  assert.equal(nearestKey('replicas', ['run', 'path']), null);
});
