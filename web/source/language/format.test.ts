import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, formatPermille, formatRelative, formatRunning, localeOf } from './format.ts';

const plain = (text: string) => text.replace(/\s/g, ' ');

test('a duration says its two largest units', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0 ms'],
    [340, '340 ms'],
    [4_240, '4.2 sec'],
    [42_400, '42 sec'],
    [59_800, '1 min'],
    [185_000, '3 min 5 sec'],
    [7_440_000, '2 hr 4 min'],
    [86_400_000, '1 day'],
  ];
  for (const [ms, words] of cases) assert.equal(plain(formatDuration(ms, 'en-US')), words);
});

test('a duration is written as its language writes numbers', () => {
  assert.equal(plain(formatDuration(4_240, 'de')), '4,2 Sek.');
});

test('a running clock shows whole seconds and never goes below zero', () => {
  assert.equal(plain(formatRunning(1_990, 'en-US')), '1 sec');
  assert.equal(plain(formatRunning(-5_000, 'en-US')), '0 sec');
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
