/** Numbers and times as people of a language write them. Pure. */

/** `en-GB` for `en` when the browser prefers that; else the language itself. */
export function localeOf(language: string, wanted: readonly string[]): string {
  return wanted.find((tag) => tag.toLowerCase().startsWith(`${language}-`)) ?? language;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

type Unit = 'millisecond' | 'second' | 'minute' | 'hour' | 'day';

function amount(value: number, unit: Unit, language: string, digits = 0): string {
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit,
    unitDisplay: 'narrow',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/** The two largest units that say something: `340ms`, `4.2s`, `42s`, `3m 5s`, `2h 4m`, `3d 2h`. */
export function formatDuration(ms: number, language: string): string {
  const rounded = Math.max(0, ms);
  if (rounded < 1_000) return amount(Math.round(rounded), 'millisecond', language);
  if (rounded < 9_950) return amount(rounded / 1_000, 'second', language, 1);
  if (rounded < minuteMs - 500) return amount(Math.round(rounded / 1_000), 'second', language);
  if (rounded < hourMs) return pair(rounded, 'minute', minuteMs, 'second', 1_000, language);
  if (rounded < dayMs) return pair(rounded, 'hour', hourMs, 'minute', minuteMs, language);
  return pair(rounded, 'day', dayMs, 'hour', hourMs, language);
}

function pair(ms: number, big: Unit, bigMs: number, small: Unit, smallMs: number, language: string): string {
  const inSmall = Math.round(ms / smallMs);
  const perBig = bigMs / smallMs;
  const rest = inSmall % perBig;
  const first = amount(Math.floor(inSmall / perBig), big, language);
  return rest === 0 ? first : `${first} ${amount(rest, small, language)}`;
}

/** Whole seconds, so that a running clock does not flicker: `0s`, `42s`, then as a duration. */
export function formatRunning(ms: number, language: string): string {
  const whole = Math.max(0, Math.floor(ms / 1_000)) * 1_000;
  return whole < minuteMs ? amount(whole / 1_000, 'second', language) : formatDuration(whole, language);
}

/** `12 sec. ago`, `in 3 hr.`; `at` and `now` in unix milliseconds. */
export function formatRelative(at: number, now: number, language: string): string {
  const formatter = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' });
  const awayMs = at - now;
  const size = Math.abs(awayMs);
  if (size < minuteMs) return formatter.format(Math.trunc(awayMs / 1_000), 'second');
  if (size < hourMs) return formatter.format(Math.trunc(awayMs / minuteMs), 'minute');
  if (size < dayMs) return formatter.format(Math.trunc(awayMs / hourMs), 'hour');
  return formatter.format(Math.trunc(awayMs / dayMs), 'day');
}

/** `22 Nov 2026, 03:50:12`, in the timezone of the browser. */
export function formatMoment(at: number, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(at);
}

export function formatClock(at: number, language: string): string {
  return new Intl.DateTimeFormat(language, { timeStyle: 'medium' }).format(at);
}

export function formatDay(at: number, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'full' }).format(at);
}

/** Thousandths as `25 %`, `0.5 %`. */
export function formatPermille(permille: number, language: string): string {
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 }).format(permille / 1_000);
}

export function formatBytes(bytes: number, language: string): string {
  const megabytes = bytes / 1_048_576;
  const digits = megabytes < 10 ? 1 : 0;
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: 'megabyte',
    unitDisplay: 'short',
    maximumFractionDigits: digits,
  }).format(megabytes);
}

/** A count, of failed requests also of parts of one: `1,234`, `3.2`. */
export function formatCount(count: number, language: string): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: count < 10 ? 1 : 0 }).format(count);
}

/** A rate of 0 … 1 with two digits that say something: `0.48 %`, `12 %`. */
export function formatRate(rate: number, language: string): string {
  return new Intl.NumberFormat(language, { style: 'percent', maximumSignificantDigits: 2 }).format(rate);
}
