import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareDocuments } from './config-document.ts';

const said = (from: Parameters<typeof compareDocuments>[0], to: Parameters<typeof compareDocuments>[0]) =>
  compareDocuments(from, to).map((each) => `${each.service ?? 'all'}.${each.variable}: ${each.from} → ${each.to}`);

test('what changes for all is one line, and a service that changes otherwise has its own', () => {
  const from = { '': { LEVEL: 'info' }, api: { LEVEL: 'info' }, web: { LEVEL: 'info', POOL: '1' } };
  const to = { '': { LEVEL: 'debug' }, api: { LEVEL: 'debug' }, web: { LEVEL: 'trace', POOL: '2' } };
  assert.deepEqual(said(from, to), ['all.LEVEL: info → debug', 'web.LEVEL: info → trace', 'web.POOL: 1 → 2']);
});

test('a service that keeps its value has no line, and equal documents have none', () => {
  const from = { '': { LEVEL: 'info' }, web: { LEVEL: 'trace' } };
  assert.deepEqual(said(from, { ...from, '': { LEVEL: 'debug' } }), ['all.LEVEL: info → debug']);
  assert.deepEqual(said(from, from), []);
});

test('a service that comes or goes comes and goes with its values', () => {
  assert.deepEqual(said({ '': {} }, { '': {}, web: { POOL: '1' } }), ['web.POOL: null → 1']);
  assert.deepEqual(said({ '': {}, web: { POOL: '1' } }, { '': {} }), ['web.POOL: 1 → null']);
});
