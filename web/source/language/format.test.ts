import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, formatPermille, formatRelative, formatRunning, localeOf } from './format.ts';

const plain = (text: string) => text.replace(/\s/g, ' ');

test('a duration says its two largest units', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0ms'],
    [340, '340ms'],
    [4_240, '4.2s'],
    [42_400, '42s'],
    [59_800, '1m'],
    [185_000, '3m 5s'],
    [7_440_000, '2h 4m'],
    [86_400_000, '1d'],
  ];
  for (const [ms, words] of cases) assert.equal(plain(formatDuration(ms, 'en-US')), words);
});

test('a duration is written as its language writes numbers', () => {
  assert.equal(plain(formatDuration(4_240, 'de')), '4,2 Sek.');
});

test('a running clock shows whole seconds and never goes below zero', () => {
  assert.equal(plain(formatRunning(1_990, 'en-US')), '1s');
  assert.equal(plain(formatRunning(-5_000, 'en-US')), '0s');
});

test('how long ago is said in the largest unit', () => {
  assert.equal(plain(formatRelative(0, 12_400, 'en-US')), '12 sec. ago');
  assert.equal(plain(formatRelative(3_600_000, 0, 'en-US')), 'in 1 hr.');
  assert.equal(plain(formatRelative(0, 12_400, 'de')), 'vor 12 Sek.');
});

test('thousandths become percent', () => {
  assert.equal(plain(formatPermille(5, 'en-US')), '0.5%');
  assert.equal(plain(formatPermille(950, 'de')), '95 %');
});

test('numbers follow the country of the browser where it speaks the language of the page', () => {
  assert.equal(localeOf('en', ['fr-FR', 'en-GB', 'en-US']), 'en-GB');
  assert.equal(localeOf('de', ['en-GB']), 'de');
});
