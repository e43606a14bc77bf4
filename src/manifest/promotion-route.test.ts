import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultEnvironment, routeTo } from './promotion-route.ts';

const order = [
  { environment: 'dev', after: null },
  { environment: 'staging', after: null },
  { environment: 'production', after: 'staging' },
];

test('a release goes through what comes before', () => {
  assert.deepEqual(routeTo('production', order), ['staging', 'production']);
  assert.deepEqual(routeTo('staging', order), ['staging']);
});

test('the end of the order is meant when there is only one', () => {
  assert.equal(defaultEnvironment(order), 'production');
});

test('with two ends one has to be named', () => {
  const two = [...order, { environment: 'preview', after: null }];
  assert.throws(() => defaultEnvironment(two), { code: 'bad-input', message: /production, preview/ });
});

test('a misspelt environment gets the nearest name, dev its own command', () => {
  assert.throws(() => routeTo('prodution', order), { code: 'not-found', hint: 'Did you mean production?' });
  assert.throws(() => routeTo('dev', order), { hint: /lotse up dev/ });
});
