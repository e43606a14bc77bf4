import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemActor } from '../core/events.ts';
import { Secret } from '../core/secret.ts';
import { quietDraft } from './quiet-draft.ts';

const hide = (text: string): string => text.replaceAll('production', '***');

test('words are hidden wherever they stand in a payload, and names and ids never are', () => {
  const at = new Date(0);
  const payload = {
    environment: 'production',
    names: ['production'],
    cause: { message: 'it was production', logTail: ['production', 'fine'], count: 2, at, none: null },
    steps: [{ id: 'production', note: 'production' }],
    secret: new Secret('x'),
  };
  const draft = {
    type: 'thing',
    version: 1,
    actor: systemActor,
    reason: 'for production',
    correlationId: 'production',
  };
  const quiet = quietDraft({ ...draft, payload }, hide);
  assert.deepEqual(JSON.parse(JSON.stringify(quiet)), {
    ...{ type: 'thing', version: 1, actor: systemActor, reason: 'for ***', correlationId: 'production' },
    payload: {
      environment: 'production',
      names: ['production'],
      cause: { message: 'it was ***', logTail: ['***', 'fine'], count: 2, at: at.toJSON(), none: null },
      steps: [{ id: 'production', note: '***' }],
      secret: '***',
    },
  });
});
