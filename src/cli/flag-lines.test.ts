import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlagView } from '../capabilities/flags/flags-api.ts';
import { historyLine, offWords, whoGetsWhat } from './flag-lines.ts';

const live = { version: 1, switched: null, changedAt: 0, changedBy: { kind: 'person', id: 'ada' } } as const;
const flag: FlagView = {
  ...{ flag: 'menu', isOn: true, offBy: null, variants: ['new', 'old'], defaultVariant: 'old', offVariant: null },
  ...{ hasRule: false, from: null, until: null, release: 'r1', live: null, usedAt: null, notes: [] },
  guard: [],
};
const noShares = { defaultVariant: null, percentages: null };
const percent = (...percentages: { variant: string; percent: number }[]): FlagView => {
  return { ...flag, hasRule: true, live: { ...live, defaultVariant: null, percentages } };
};

test('who gets what of a flag that is on: rules first, then parts, then the rest', () => {
  assert.equal(whoGetsWhat(flag), 'old');
  assert.equal(whoGetsWhat({ ...flag, defaultVariant: null }), 'the default of the code');
  assert.equal(whoGetsWhat(percent({ variant: 'new', percent: 10 })), 'by a rule, then 10% new, then old');
  assert.equal(whoGetsWhat(percent({ variant: 'new', percent: 100 })), 'by a rule, then 100% new');
});

test('who turned it off is said, and why in its history', () => {
  const off = (kind: 'person' | 'system') =>
    offWords({ ...flag, offBy: 'state', live: { ...live, ...noShares, changedBy: { kind, id: 'x' } } });
  assert.deepEqual([off('person'), off('system')], ['turned off here', 'turned off by its guard']);
  const version = { ...live, ...noShares, switched: 'off', by: 'Ada', reason: 'orders fail' } as const;
  assert.match(historyLine(version), /^ {2}version 1 {2}\S.* {2}Ada {2}off {2}\(orders fail\)$/);
});

test('while it is off everybody gets the same, whatever its rules say', () => {
  const off = { ...percent({ variant: 'new', percent: 10 }), isOn: false, offBy: 'state' } as const;
  assert.equal(whoGetsWhat(off), 'the default of the code');
  assert.equal(whoGetsWhat({ ...off, offVariant: 'old' }), 'old');
});
