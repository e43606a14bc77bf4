import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterEvents, type EventKind } from './filter-events.ts';

const event = (type: string, actor = 'lotse', payload: unknown = {}) => ({
  ...{ position: 1, chain: 'shop/production', sequence: 1, id: type, type, at: 0, actor },
  ...{ reason: null, correlationId: null, payload },
});
const events = [
  event('rollout-planned', '0193-mara', { plan: { to: { release: 'r8-9c1d2e3' } } }),
  event('step-done'),
  event('evidence-recorded', '0193-jonas'),
  event('config-changed', '0193-mara'),
  event('secrets-used'),
  event('scheduled-run-ended'),
];
const nameOf = (id: string) => (id === '0193-mara' ? 'Mara Lindqvist' : id);
const typesOf = (kind: EventKind, search = '') => filterEvents(events, kind, search, nameOf).map(({ type }) => type);

test('each kind has its events, and people are whoever is not Lotse', () => {
  assert.equal(typesOf('all').length, events.length);
  assert.deepEqual(typesOf('rollouts'), ['rollout-planned', 'step-done']);
  assert.deepEqual(typesOf('settings'), ['config-changed', 'secrets-used']);
  assert.deepEqual(typesOf('jobs'), ['scheduled-run-ended']);
  assert.deepEqual(typesOf('evidence'), ['evidence-recorded']);
  assert.deepEqual(typesOf('people'), ['rollout-planned', 'evidence-recorded', 'config-changed']);
});

test('a search finds names of people, types and what is inside, and wants every word', () => {
  assert.deepEqual(typesOf('all', 'mara'), ['rollout-planned', 'config-changed']);
  assert.deepEqual(typesOf('all', 'MARA r8-9c'), ['rollout-planned']);
  assert.deepEqual(typesOf('settings', 'r8-9c'), []);
});
