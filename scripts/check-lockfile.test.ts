import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findMissingPackages } from './check-lockfile.ts';

const find = (packages: object): readonly string[] =>
  findMissingPackages('package-lock.json', JSON.stringify({ packages })).map(({ message }) => message);

test('a lockfile with all it needs is fine, nested packages included', () => {
  const found = find({
    '': { dependencies: { a: '1' }, devDependencies: { '@x/b': '1' } },
    'node_modules/a': { dependencies: { c: '1', d: '1' } },
    'node_modules/a/node_modules/c': { dependencies: { d: '1' } },
    'node_modules/d': {},
    'node_modules/@x/b': { optionalDependencies: { d: '1' } },
  });
  assert.deepEqual(found, []);
});

test('an optional package that only another platform needs has to be locked too', () => {
  const found = find({
    '': { dependencies: { a: '1' } },
    'node_modules/a': { optionalDependencies: { 'a-linux': '1', 'a-darwin': '1' } },
    'node_modules/a-linux': {},
  });
  assert.deepEqual(found, ['node_modules/a needs a-darwin, which is not locked']);
});

test('a package nested elsewhere does not count', () => {
  const found = find({
    '': { dependencies: { a: '1', b: '1' } },
    'node_modules/a': {},
    'node_modules/a/node_modules/c': {},
    'node_modules/b': { dependencies: { c: '1' } },
  });
  assert.deepEqual(found, ['node_modules/b needs c, which is not locked']);
});
