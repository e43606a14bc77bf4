import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nextOpening } from './hours.ts';

const workdays = [{ weekdays: [1, 2, 3, 4], fromMinute: 9 * 60, toMinute: 16 * 60 }];
const opening = (now: string, windows = workdays, timezone = 'Europe/Berlin') => {
  const at = nextOpening(windows, timezone, Date.parse(now));
  return at === null ? null : new Date(at).toISOString();
};

describe('the next opening', () => {
  it('is now inside a window, to the millisecond', () => {
    assert.equal(opening('2030-01-07T08:00:00Z'), '2030-01-07T08:00:00.000Z');
    assert.equal(opening('2030-01-07T12:34:56.789Z'), '2030-01-07T12:34:56.789Z');
    assert.equal(opening('2030-01-07T14:59:59.999Z'), '2030-01-07T14:59:59.999Z');
  });

  it('is the first minute of the next window; the end of a window is outside', () => {
    assert.equal(opening('2030-01-07T07:59:59.999Z'), '2030-01-07T08:00:00.000Z');
    assert.equal(opening('2030-01-07T15:00:00Z'), '2030-01-08T08:00:00.000Z');
  });

  it('skips days without a window', () => {
    assert.equal(opening('2030-01-10T15:00:00Z'), '2030-01-14T08:00:00.000Z');
  });

  it('is the earliest of several windows, also past midnight', () => {
    const nights = [
      { weekdays: [7], fromMinute: 22 * 60, toMinute: 1440 },
      { weekdays: [2], fromMinute: 7, toMinute: 30 },
    ];
    assert.equal(opening('2030-01-07T12:00:00Z', nights, 'UTC'), '2030-01-08T00:07:00.000Z');
    assert.equal(opening('2030-01-08T00:30:00Z', nights, 'UTC'), '2030-01-13T22:00:00.000Z');
  });

  it('is never where no window is', () => {
    assert.equal(opening('2030-01-07T12:00:00Z', []), null);
    assert.equal(opening('2030-01-07T12:00:00Z', [{ weekdays: [], fromMinute: 0, toMinute: 1440 }]), null);
  });
});

describe('daylight saving time in Berlin', () => {
  it('moves the opening an hour back in UTC when clocks go forward (31 March 2030)', () => {
    assert.equal(opening('2030-03-28T16:00:00Z'), '2030-04-01T07:00:00.000Z');
  });

  it('moves the opening an hour on in UTC when clocks go back (27 October 2030)', () => {
    assert.equal(opening('2030-10-24T16:00:00Z'), '2030-10-28T08:00:00.000Z');
  });

  const sunday = (from: number, to: number) => [{ weekdays: [7], fromMinute: from, toMinute: to }];

  it('a window inside the skipped hour opens a week later', () => {
    assert.equal(opening('2030-03-31T00:30:00Z', sunday(120, 180)), '2030-04-07T00:00:00.000Z');
    assert.equal(opening('2030-03-24T02:00:00Z', sunday(120, 180)), '2030-04-07T00:00:00.000Z');
  });

  it('a window that begins inside the skipped hour opens when the clock is there again', () => {
    assert.equal(opening('2030-03-31T00:59:00Z', sunday(150, 300)), '2030-03-31T01:00:00.000Z');
  });

  it('a window inside the repeated hour opens twice', () => {
    assert.equal(opening('2030-10-26T23:00:00Z', sunday(130, 140)), '2030-10-27T00:10:00.000Z');
    assert.equal(opening('2030-10-27T00:20:00Z', sunday(130, 140)), '2030-10-27T01:10:00.000Z');
  });
});

it('timezones with half and quarter hours keep their minutes', () => {
  const nine = [{ weekdays: [1, 2, 3, 4, 5, 6, 7], fromMinute: 540, toMinute: 600 }];
  assert.equal(opening('2030-01-07T00:00:00Z', nine, 'Asia/Kathmandu'), '2030-01-07T03:15:00.000Z');
  assert.equal(opening('2030-01-07T00:00:00Z', nine, 'Asia/Kolkata'), '2030-01-07T03:30:00.000Z');
  assert.equal(opening('2030-01-06T10:00:00Z', nine, 'Australia/Lord_Howe'), '2030-01-06T22:00:00.000Z');
});

it('where midnight lies inside a half hour of UTC, the day changes there, also from Sunday to Monday', () => {
  const earlyOn = (weekday: number) => [{ weekdays: [weekday], fromMinute: 5, toMinute: 10 }];
  assert.equal(opening('2030-01-06T18:00:00Z', earlyOn(1), 'Asia/Kathmandu'), '2030-01-06T18:20:00.000Z');
  assert.equal(opening('2030-01-07T18:00:00Z', earlyOn(2), 'Asia/Kathmandu'), '2030-01-07T18:20:00.000Z');
  const atMidnight = [{ weekdays: [1], fromMinute: 0, toMinute: 10 }];
  assert.equal(opening('2030-01-06T18:00:00Z', atMidnight, 'Asia/Kathmandu'), '2030-01-06T18:15:00.000Z');
});
