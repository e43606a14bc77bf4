import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LotseError } from './errors.ts';
import {
  formatDurationMs,
  formatElapsedMs,
  formatPercent,
  formatRatePerSecond,
  formatSizeBytes,
  formatSizeRoughly,
  parseDurationMs,
  parsePercent,
  parseRatePerSecond,
  parseSizeBytes,
  readDurationMs,
  readPercent,
  readRatePerSecond,
  readSizeBytes,
} from './quantities.ts';

const isBadInput = (thrown: unknown) => thrown instanceof LotseError && thrown.code === 'bad-input';

test('durations are read as people write them', () => {
  const cases: readonly (readonly [string, number])[] = [
    ['30s', 30_000],
    ['30 s', 30_000],
    ['800ms', 800],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['0.1s', 100],
    ['2d', 172_800_000],
    ['1w2d', 777_600_000],
    ['0s', 0],
    ['1m1ms', 60_001],
  ];
  for (const [text, ms] of cases) assert.equal(parseDurationMs(text), ms, text);
});

test('what could be read in two ways is no duration', () => {
  const refused = [
    '',
    '30',
    '-5m',
    '+5m',
    '1,5h',
    '5mo',
    '1M',
    '1H',
    '30m1h',
    '1h1h',
    '030s',
    '1e3s',
    ' 1s',
    '1s ',
    '1h  3m',
  ];
  for (const text of [...refused, '0.0001s', '.5h', '1.h', '999999999999999w', '٣s', '1 h30', 's', 'forever']) {
    assert.equal(readDurationMs(text), null, text);
    assert.throws(() => parseDurationMs(text), isBadInput);
  }
});

test('a formatted duration reads back as the same number of milliseconds', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (ms) => {
      assert.equal(parseDurationMs(formatDurationMs(ms)), ms);
    }),
  );
  assert.equal(formatDurationMs(5_400_000), '1h30m');
  assert.equal(formatDurationMs(14 * 86_400_000), '14d');
  assert.throws(() => formatDurationMs(-1), RangeError);
  assert.throws(() => formatDurationMs(0.5), RangeError);
});

test('elapsed time is shown with its two largest units', () => {
  const cases: readonly (readonly [number, string])[] = [
    [-3, '0ms'],
    [85.4, '85ms'],
    [1449, '1.4s'],
    [9999, '9.9s'],
    [12_345, '12s'],
    [192_000, '3m12s'],
    [3_600_000, '1h'],
    [93_784_000, '1d2h'],
  ];
  for (const [ms, text] of cases) assert.equal(formatElapsedMs(ms), text);
});

test('sizes: MB counts in thousands, MiB in 1024s', () => {
  const cases: readonly (readonly [string, number])[] = [
    ['512 MB', 512_000_000],
    ['512MiB', 536_870_912],
    ['1.5 GB', 1_500_000_000],
    ['4.35 KB', 4350],
    ['0 B', 0],
    ['1 TB', 1e12],
  ];
  for (const [text, bytes] of cases) assert.equal(parseSizeBytes(text), bytes, text);
  for (const text of ['512', '512 mb', '512 M', '-1 GB', '1,5 GB', '1.5 B', '1  GB', '0512 MB', '9999999 TB', 'GB']) {
    assert.equal(readSizeBytes(text), null, text);
    assert.throws(() => parseSizeBytes(text), isBadInput);
  }
});

test('a formatted size reads back as the same number of bytes', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.constantFrom(1, 1000, 1024, 1e6, 2 ** 20), (count, unit) => {
      const bytes = Math.floor(count / unit) * unit;
      assert.equal(parseSizeBytes(formatSizeBytes(bytes)), bytes);
    }),
  );
  assert.equal(formatSizeBytes(536_870_912), '512 MiB');
  assert.equal(formatSizeBytes(512_000_000), '512 MB');
  assert.equal(formatSizeRoughly(1_234_567_890), '1.23 GB');
  assert.equal(formatSizeRoughly(999_999), '1 MB');
  assert.equal(formatSizeRoughly(999), '999 B');
});

test('percentages are shares from 0 to 1', () => {
  assert.equal(parsePercent('1%'), 0.01);
  assert.equal(parsePercent('0.5%'), 0.005);
  assert.equal(parsePercent('100%'), 1);
  for (const text of ['1', '101%', '100.5%', '-1%', '1 %', '1,5%', '01%', '0.0001%', '%']) {
    assert.equal(readPercent(text), null, text);
    assert.throws(() => parsePercent(text), isBadInput);
  }
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000 }), (thousandths) => {
      const text = `${thousandths / 1000}%`;
      assert.equal(formatPercent(parsePercent(text)), text);
    }),
  );
});

test('rates are so many per second, minute, hour or day', () => {
  assert.equal(parseRatePerSecond('5/s'), 5);
  assert.equal(parseRatePerSecond('120/m'), 2);
  assert.equal(parseRatePerSecond('1.5/h'), 1.5 / 3600);
  for (const text of ['5', '5/x', '/s', '5/ s', '-5/s', '5 per second'])
    assert.equal(readRatePerSecond(text), null, text);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.constantFrom('s', 'm', 'h', 'd'), (count, unit) => {
      const rate = parseRatePerSecond(`${count}/${unit}`);
      assert.equal(parseRatePerSecond(formatRatePerSecond(rate)), rate);
    }),
  );
  assert.equal(formatRatePerSecond(100 / 60), '100/m');
  assert.equal(formatRatePerSecond(0), '0/s');
});

test('no text makes a reader throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      for (const read of [readDurationMs, readSizeBytes, readPercent, readRatePerSecond]) {
        const value = read(text);
        assert.ok(value === null || value >= 0);
      }
    }),
  );
});
