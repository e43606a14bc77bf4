import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorOf, problemOf } from './api-error.ts';
import { addressOf } from './call-api.ts';

test('a route becomes an address with escaped parts and a query', () => {
  const path = { app: 'a/b', rollout: 'production-rollout-8' };
  assert.deepEqual(addressOf('GET /apps/:app/rollouts/:rollout', { path }), {
    method: 'GET',
    address: '/api/v1/apps/a%2Fb/rollouts/production-rollout-8',
  });
  assert.equal(
    addressOf('GET /apps/:app/journal', { path, query: { limit: 8 } }).address,
    '/api/v1/apps/a%2Fb/journal?limit=8',
  );
});

test('problem+json keeps message, hint, details and code', () => {
  const body = { detail: 'production is busy', hint: 'Wait.', code: 'conflict', details: ['one', 2], retriable: false };
  assert.deepEqual(errorOf(409, JSON.stringify(body)).problem, {
    status: 409,
    code: 'conflict',
    message: 'production is busy',
    hint: 'Wait.',
    details: ['one'],
    retriable: false,
  });
});

test('an answer that is no JSON still says its status, and that a gateway may answer later', () => {
  const { message, retriable } = errorOf(502, '<html>').problem;
  assert.equal(message, 'HTTP 502');
  assert.equal(retriable, true);
});

test('whatever was thrown has a message', () => {
  assert.equal(problemOf(new Error('no')).message, 'no');
  assert.equal(problemOf('why').message, 'why');
});
