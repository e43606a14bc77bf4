/** 0 is Monday, 6 is Sunday. */
export type Weekday = 0 | 1 | 2 | 3 | 4 | 5 | 6;

/** Minutes count from midnight, local time; `toMinute` is not inside and at most 1440 (24:00). */
export interface HoursWindow {
  readonly days: readonly Weekday[];
  readonly fromMinute: number;
  readonly toMinute: number;
}

/** When something may go out. Open while any window is open. */
export interface Hours {
  /** IANA name, for example Europe/Berlin. */
  readonly timezone: string;
  readonly windows: readonly HoursWindow[];
}

const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
const day = `(?:${dayNames.join('|')})`;
const time = String.raw`(?:[01]\d|2[0-3]):[0-5]\d`;

/** `Mon-Thu 09:00-16:00`, `Mon,Wed,Fri-Sat 22:00-24:00`, `09:00-16:00` (every day). */
export const hoursPattern = new RegExp(`^(?:${day}(?:-${day})?(?:,${day}(?:-${day})?)* )?${time}-(?:${time}|24:00)$`);

/** One window; null when `text` is none, or when it would end before it begins. */
export function readHoursWindow(text: string): HoursWindow | null {
  if (text.length > 60 || !hoursPattern.test(text)) return null;
  const times = text.slice(-11);
  const fromMinute = minuteOf(times.slice(0, 5));
  const toMinute = minuteOf(times.slice(6));
  if (fromMinute >= toMinute) return null;
  const names = text.slice(0, -11).trim();
  const days = names === '' ? weekdays() : names.split(',').flatMap(daysOf);
  return { days: weekdays().filter((weekday) => days.includes(weekday)), fromMinute, toMinute };
}

/** The canonical text of a window. */
export function formatHoursWindow(window: HoursWindow): string {
  const times = `${formatMinute(window.fromMinute)}-${formatMinute(window.toMinute)}`;
  if (window.days.length === 7) return times;
  const runs: Weekday[][] = [];
  for (const weekday of window.days) {
    const run = runs.at(-1);
    if (run !== undefined && run.at(-1) === weekday - 1) run.push(weekday);
    else runs.push([weekday]);
  }
  return `${runs.map(formatRun).join(',')} ${times}`;
}

/** Does `wider` allow every minute of the week that `narrower` allows? Two timezones are not compared: false. */
export function hoursContain(wider: Hours, narrower: Hours): boolean {
  if (wider.timezone !== narrower.timezone) return false;
  const open = openMinutes(wider);
  return [...openMinutes(narrower)].every((minute) => open.has(minute));
}

function openMinutes(hours: Hours): Set<number> {
  const minutes = new Set<number>();
  for (const { days, fromMinute, toMinute } of hours.windows) {
    for (const weekday of days) {
      for (let minute = fromMinute; minute < toMinute; minute += 1) minutes.add(weekday * 1440 + minute);
    }
  }
  return minutes;
}

/** `Mon`, `Mon-Thu`; `Fri-Mon` goes over the weekend. */
function daysOf(text: string): readonly Weekday[] {
  const [first = '', last = first] = text.split('-');
  const from = dayNames.findIndex((name) => name === first);
  const to = dayNames.findIndex((name) => name === last);
  return weekdays().filter((weekday) =>
    from <= to ? from <= weekday && weekday <= to : weekday >= from || weekday <= to,
  );
}

function weekdays(): readonly Weekday[] {
  return [0, 1, 2, 3, 4, 5, 6];
}

function minuteOf(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
}

function formatMinute(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}

function formatRun(run: readonly Weekday[]): string {
  const first = dayNames[run[0] ?? 0];
  const last = dayNames[run.at(-1) ?? 0];
  return run.length === 1 ? first : `${first}-${last}`;
}
