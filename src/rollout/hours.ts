import type { UnixMs } from '../core/ids.ts';
import type { HoursWindow } from './plan.ts';

const minuteMs = 60_000;
const daysAhead = 8;

/**
 * When releases may start next: `now` itself inside a window, a later minute, or null when no window ever opens.
 * Wall-clock rules of the timezone hold, also across changes of daylight saving time.
 */
export function nextOpening(windows: readonly HoursWindow[], timezone: string, now: UnixMs): UnixMs | null {
  const clock = wallClock(timezone);
  const isInside = (at: UnixMs) => {
    const { weekday, minute } = clock(at);
    return windows.some((w) => w.weekdays.includes(weekday) && minute >= w.fromMinute && minute < w.toMinute);
  };
  if (isInside(now)) return now;
  const start = Math.floor(now / minuteMs) * minuteMs;
  for (let at = start + minuteMs; at < start + daysAhead * 86_400_000; at += minuteMs) {
    if (isInside(at)) return at;
  }
  return null;
}

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

function wallClock(timezone: string): (at: UnixMs) => { weekday: number; minute: number } {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return (at) => {
    const parts = new Map(format.formatToParts(at).map((part) => [part.type, part.value]));
    const weekday = weekdays.indexOf(parts.get('weekday') ?? '') + 1;
    return { weekday, minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) };
  };
}
