import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalEvent } from '../core/events.ts';
import { systemActor } from '../core/events.ts';
import { createDowncast, createUpcast } from './upcast.ts';

const event: JournalEvent = {
  chain: 'control',
  sequence: 1,
  id: 'x',
  type: 'thing-done',
  version: 1,
  at: 0,
  hash: '',
  erased: false,
  actor: systemActor,
  reason: null,
  correlationId: null,
  payload: 1,
};
const double = (payload: unknown): number => Number(payload) * 2;

test('an event goes through every step up to the latest version', () => {
  const upcast = createUpcast([
    { type: 'thing-done', from: 2, up: double },
    { type: 'thing-done', from: 1, up: double },
  ]);
  assert.deepEqual(upcast(event), { ...event, version: 3, payload: 4 });
  assert.deepEqual(upcast({ ...event, type: 'other-done' }), { ...event, type: 'other-done' });
});

test('an erased event is raised in version without calling an upcaster', () => {
  const upcast = createUpcast([
    {
      type: 'thing-done',
      from: 1,
      up: () => assert.fail('called'),
    },
  ]);
  assert.deepEqual(upcast({ ...event, erased: true, payload: null }), {
    ...event,
    erased: true,
    payload: null,
    version: 2,
  });
});

test('two upcasters for one step, and a gap between steps, are refused', () => {
  const step = (from: number) => ({ type: 'thing-done', from, up: double });
  assert.throws(() => createUpcast([step(1), step(1)]), { code: 'internal' });
  assert.throws(() => createUpcast([step(2)]), { code: 'internal' });
});

test('until its migration is settled, a draft is written as the version before reads it', () => {
  const settled = new Set(['0021-doubled']);
  const untilSettled = (migration: string) => ({ migration, down: (payload: unknown) => Number(payload) / 2 });
  const downcast = createDowncast(
    [
      { type: 'thing-done', from: 1, up: double, untilSettled: untilSettled('0021-doubled') },
      { type: 'thing-done', from: 2, up: double, untilSettled: untilSettled('0022-doubled-again') },
      { type: 'other-done', from: 1, up: double },
    ],
    (migration) => settled.has(migration),
  );
  const draft = (type: string, version: number, payload: unknown) => {
    return { type, version, payload, actor: systemActor, reason: null, correlationId: null };
  };
  assert.deepEqual(downcast(draft('thing-done', 3, 8)), draft('thing-done', 2, 4));
  settled.add('0022-doubled-again');
  assert.deepEqual(downcast(draft('thing-done', 3, 8)), draft('thing-done', 3, 8));
  settled.clear();
  assert.deepEqual(downcast(draft('thing-done', 3, 8)), draft('thing-done', 1, 2));
  assert.deepEqual(downcast(draft('other-done', 2, 8)), draft('other-done', 2, 8));
});
