import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Hours } from './hours.ts';
import { formatHoursWindow, hoursContain, readHoursWindow } from './hours.ts';

function hours(...texts: readonly string[]): Hours {
  const windows = texts.map((text) => readHoursWindow(text)).filter((window) => window !== null);
  assert.equal(windows.length, texts.length);
  return { timezone: 'Europe/Berlin', windows };
}

test('hours are days and a stretch of the day', () => {
  assert.deepEqual(readHoursWindow('Mon-Thu 09:00-16:00'), { days: [0, 1, 2, 3], fromMinute: 540, toMinute: 960 });
  assert.deepEqual(readHoursWindow('Fri-Mon,Wed 22:30-24:00'), {
    days: [0, 2, 4, 5, 6],
    fromMinute: 1350,
    toMinute: 1440,
  });
  assert.deepEqual(readHoursWindow('00:00-24:00')?.days.length, 7);
});

test('hours that end before they begin, or are written otherwise, are none', () => {
  for (const text of [
    'Mon 16:00-09:00',
    'Mon 09:00-09:00',
    'mon 09:00-10:00',
    'Mon 9:00-10:00',
    'Mon 09:00-25:00',
    'Mo 09:00-10:00',
    '',
    'Mon',
  ]) {
    assert.equal(readHoursWindow(text), null, text);
  }
});

test('a formatted window reads back as the same window', () => {
  const days = fc.subarray([0, 1, 2, 3, 4, 5, 6] as const, { minLength: 1 });
  fc.assert(
    fc.property(days, fc.integer({ min: 0, max: 1438 }), fc.integer({ min: 1, max: 1440 }), (list, from, length) => {
      const window = { days: list, fromMinute: from, toMinute: Math.min(1440, from + length) };
      assert.deepEqual(readHoursWindow(formatHoursWindow(window)), window);
    }),
  );
});

test('hours contain others when every minute of the week is inside', () => {
  assert.ok(hoursContain(hours('Mon-Fri 09:00-12:00', 'Mon-Fri 12:00-17:00'), hours('Tue 10:00-16:00')));
  assert.ok(!hoursContain(hours('Mon-Fri 09:00-12:00'), hours('Tue 10:00-12:01')));
  assert.ok(!hoursContain({ ...hours('00:00-24:00'), timezone: 'UTC' }, hours('Mon 09:00-10:00')));
});
