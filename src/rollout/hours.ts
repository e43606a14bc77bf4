import type { UnixMs } from '../core/ids.ts';
import type { HoursWindow } from './plan.ts';

const minuteMs = 60_000;
/** Clocks are changed at full or half hours of UTC only, so inside such a block the wall clock runs evenly. */
const blockMs = 30 * minuteMs;
/** A weekly window that a change of clocks skips comes again within two weeks. */
const daysAhead = 15;

/**
 * When releases may start next: `now` itself inside a window, a later minute, or null when no window ever opens.
 * Wall-clock rules of the timezone hold, also across changes of daylight saving time.
 */
export function nextOpening(windows: readonly HoursWindow[], timezone: string, now: UnixMs): UnixMs | null {
  const clock = wallClock(timezone);
  const end = now + daysAhead * 86_400_000;
  for (let from = now; from < end; from = nextBlock(from)) {
    const { weekday, minute } = clock(from);
    const minutes = Math.ceil((nextBlock(from) - from) / minuteMs);
    for (let ahead = 0; ahead < minutes; ahead++) {
      if (!isInside(windows, weekday, minute + ahead)) continue;
      return ahead === 0 ? from : (Math.floor(from / minuteMs) + ahead) * minuteMs;
    }
  }
  return null;
}

function nextBlock(at: UnixMs): UnixMs {
  return (Math.floor(at / blockMs) + 1) * blockMs;
}

/** `minute` may lie beyond midnight: then the next day is meant. */
function isInside(windows: readonly HoursWindow[], weekday: number, minute: number): boolean {
  const day = minute < 1440 ? weekday : (weekday % 7) + 1;
  const ofDay = minute % 1440;
  return windows.some((w) => w.weekdays.includes(day) && ofDay >= w.fromMinute && ofDay < w.toMinute);
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
