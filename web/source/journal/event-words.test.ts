import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environmentOfChain, eventWords, plainType, toneOf, withoutRepeats } from './event-words.ts';

test('an event is told with what its payload knows', () => {
  const { word, values } = eventWords({
    type: 'rollout-planned',
    payload: { plan: { to: { release: 'r8-9c1d2e3' } } },
  });
  assert.equal(word, 'rollout-planned');
  assert.equal(values.release, 'r8-9c1d2e3');
});

test('a step on the way back has a sentence of its own', () => {
  assert.equal(eventWords({ type: 'step-done', payload: { step: 'shift', direction: 'back' } }).word, 'step-done-back');
  const adopted = eventWords({ type: 'upstream-adopted', payload: { host: '::1', port: 3000 } });
  assert.deepEqual([adopted.word, adopted.values.address], ['upstream-adopted', '[::1]:3000']);
  assert.equal(eventWords({ type: 'rollout-live', payload: { direction: 'back' } }).word, 'rollout-live');
});

test('only the gates that are shut are named, in both forms of their state', () => {
  const results = [
    { gate: 'hours', title: 'hours', state: 'waiting' },
    { gate: 'approval', title: 'approved by a person', state: { kind: 'waiting', opensAt: null } },
    { gate: 'proof:room', title: 'room', state: { kind: 'open', evidence: [] } },
  ];
  assert.equal(eventWords({ type: 'gates-waiting', payload: { results } }).values.gates, 'hours, approved by a person');
});

test('an event without a sentence, or with an erased payload, is still told', () => {
  assert.equal(eventWords({ type: 'moon-risen', payload: null }).word, null);
  assert.equal(plainType('moon-risen'), 'Moon risen');
  assert.equal(eventWords({ type: 'rollout-turned', payload: null }).values.message, '');
});

test('waiting again and again for the same is told once', () => {
  const event = (type: string, correlationId: string) => ({ type, correlationId });
  const told = withoutRepeats([
    event('gates-waiting', 'a'),
    event('gates-waiting', 'a'),
    event('gates-waiting', 'b'),
    event('step-done', 'b'),
    event('step-done', 'b'),
  ]);
  assert.deepEqual(
    told.map((each) => each.type),
    ['gates-waiting', 'gates-waiting', 'step-done', 'step-done'],
  );
});

test('an end is good only when it settled', () => {
  assert.equal(toneOf({ type: 'rollout-ended', payload: { end: 'settled' } }), 'good');
  assert.equal(toneOf({ type: 'rollout-ended', payload: { end: 'returned' } }), 'bad');
});

test('a chain names its environment; the one of the control plane has none', () => {
  assert.equal(environmentOfChain('shop/production'), 'production');
  assert.equal(environmentOfChain('control'), null);
});
