import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemActor, type JournalEvent } from '../../core/events.ts';
import { pressings, type FactKind } from './notification.ts';
import { linesOf, sentenceOf } from './sentences.ts';
import { tellingOf } from './telling-of.ts';

function event(type: string, payload: unknown, more: Partial<JournalEvent> = {}): JournalEvent {
  return {
    ...{ type, payload, version: 1, actor: systemActor, reason: null, correlationId: 'production-rollout-7' },
    ...{ chain: 'shop/production', sequence: 1, id: 'event-1', at: 0, hash: '', erased: false },
    ...more,
  };
}

async function kindOf(type: string, payload: unknown, more?: Partial<JournalEvent>): Promise<FactKind | null> {
  return (await tellingOf(event(type, payload, more), () => Promise.resolve(null)))?.fact.kind ?? null;
}

const result = (opensAt: number | null) => ({
  ...{ gate: 'approval', title: 'approval', message: '' },
  state: { kind: 'waiting', opensAt },
});

test('people are asked when a person is waited for, and not when time alone opens the gate', async () => {
  assert.equal(await kindOf('gates-waiting', { step: 's', results: [result(null)] }), 'waiting');
  assert.equal(await kindOf('gates-waiting', { step: 's', results: [result(5)] }), null);
});

test('live, returned and stranded are told; settling and steps are not', async () => {
  assert.equal(await kindOf('rollout-live', { step: 's' }), 'live');
  for (const [end, kind] of [
    ['returned', 'returned'],
    ['stranded', 'stranded'],
    ['settled', null],
  ] as const)
    assert.equal(await kindOf('rollout-ended', { end, cause: null, level: null }), kind);
  assert.equal(await kindOf('step-done', { step: 's', direction: 'forward', note: null }), null);
});

test('a scheduled run is told when it did not succeed', async () => {
  const run = { key: 'k', job: 'tidy', dueAt: 0, exitCode: 1, signal: null, note: null };
  assert.equal(await kindOf('scheduled-run-ended', { ...run, state: 'succeeded' }), null);
  assert.equal(await kindOf('scheduled-run-ended', { ...run, state: 'failed' }), 'job-failed');
  assert.equal(await kindOf('scheduled-run-overdue', { ...run, withinMs: 1 }), 'job-overdue');
  assert.equal(await kindOf('scheduled-runs-missed', { job: 'tidy', count: 3, first: 0, last: 5 }), 'jobs-missed');
  assert.equal(await kindOf('scheduled-run-skipped', { job: 'tidy', dueAt: 0, running: 'k' }), null);
});

test('a certificate that does not come is told; what was erased, and what is of no interest, is not', async () => {
  const failed = {
    name: 'shop.example',
    issuer: 'acme',
    message: 'refused',
    failures: 1,
    nextTryAt: 0,
    heldUntil: null,
  };
  assert.equal(await kindOf('certificate-failed', failed), 'certificate-failed');
  const flagOff = { flag: 'menu', version: 2, state: { switched: 'off', defaultVariant: null, percentages: null } };
  assert.equal(await kindOf('flag-changed', flagOff), 'flag-off');
  assert.equal(await kindOf('flag-changed', flagOff, { actor: { kind: 'person', id: 'ada' } }), null);
  assert.equal(await kindOf('secret-expiring', { name: 'KEY', expiresAt: 0, days: 7 }), 'secret-expiring');
  assert.equal(await kindOf('secret-set', { name: 'X', version: '1' }), null);
  assert.equal(await kindOf('rollout-live', null, { erased: true }), null);
});

test('every kind has a sentence in both languages, without a gap where a detail is', () => {
  const data = {
    ...{ flag: 'menu', day: '2026-12-01', isOver: 'no' },
    ...{ release: 'r7', before: 'r6', what: 'approval', why: 'because', service: 'web', job: 'tidy', how: '1' },
    ...{ due: '03:30', count: '3', first: '03:30', name: 'shop.example', folder: '/state', free: '1 GB', isBack: 'no' },
  };
  const sentences = (['en', 'de'] as const).map((language) =>
    Object.keys(pressings).map((kind) => {
      const known = Object.keys(pressings).find((each): each is FactKind => each === kind);
      return sentenceOf({ id: '', kind: known ?? 'test', at: 0, data }, language);
    }),
  );
  for (const sentence of sentences.flat()) assert.doesNotMatch(sentence, /undefined|null/);
  assert.equal(new Set(sentences.flat()).size, Object.keys(pressings).length * 2);
});

test('of many facts of one kind ten are said, and how many more there were', () => {
  const facts = Array.from({ length: 13 }, (_, index) => {
    return { id: `${index}`, kind: 'job-overdue', at: 0, data: { job: 'tidy', due: `${index}` } } as const;
  });
  assert.equal(linesOf(facts, 'en').length, 11);
  assert.equal(linesOf(facts, 'de').at(-1), 'und 3 weitere');
});
