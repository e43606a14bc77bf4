import { LotseError } from './errors.ts';

/**
 * Durations, sizes, percentages and rates as people write them. The parsers are strict: a unit is always written, a
 * comma is never a decimal point, nothing is negative, nothing is rounded. `read…` answers null for text that does not
 * follow the rules, `parse…` throws LotseError `bad-input`.
 */

const number = String.raw`(?:0|[1-9]\d{0,15})(?:\.\d{1,9})?`;

/** `30s`, `1h30m`, `1h 30m`, `1.5h`; units from large to small, each once. */
export const durationPattern = new RegExp(`^(?=\\d)${['w', 'd', 'h', 'm', 's', 'ms'].map(unitPart).join('')}$`);
/** `512 MB`, `1.5GiB`. */
export const sizePattern = new RegExp(`^${number} ?(?:B|[KMGT]B|[KMGT]iB)$`);
/** `5%`, `0.5%`; at most 100 %. */
export const percentPattern = /^(?:100(?:\.0{1,3})?|(?:0|[1-9]\d?)(?:\.\d{1,3})?)%$/;
/** `100/m`: so many in a second, minute, hour or day. */
export const ratePattern = new RegExp(`^${number}/[smhd]$`);

function unitPart(unit: string): string {
  return `(?:${number} ?${unit}(?: (?=\\d)|(?=\\d)|$))?`;
}

const durationUnits = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

const sizeUnits = {
  B: 1,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
} as const;

const rateUnits = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Milliseconds, a whole number; null when `text` is not a duration. `1m` is a minute, a week has 7 days of 24 hours. */
export function readDurationMs(text: string): number | null {
  if (text.length > 60 || !durationPattern.test(text)) return null;
  let sum: number | null = 0;
  for (const part of text.matchAll(/(\d+(?:\.\d+)?) ?([a-z]+)/g)) {
    const unit = durationUnits.find(([name]) => name === part[2]);
    const value = multiplyExactly(part[1] ?? '', unit?.[1] ?? 0);
    if (value === null || sum === null) return null;
    sum += value;
  }
  return sum !== null && Number.isSafeInteger(sum) ? sum : null;
}

export function parseDurationMs(text: string): number {
  return orThrow(readDurationMs(text), text, 'a duration such as 30s, 10m or 1h30m');
}

/**
 * The canonical text: `1h30m`, `800ms`, `0s`. Days are the largest unit, so that `14d` stays `14d`. Reading it back gives
 * the same number. Throws RangeError for anything but a whole number of milliseconds from 0 on.
 */
export function formatDurationMs(durationMs: number): string {
  if (!Number.isSafeInteger(durationMs) || durationMs < 0)
    throw new RangeError(`${durationMs} is not a duration in ms`);
  if (durationMs === 0) return '0s';
  let rest = durationMs;
  let text = '';
  for (const [unit, unitMs] of durationUnits.slice(1)) {
    const count = Math.floor(rest / unitMs);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * unitMs;
  }
  return text;
}

/** For people who watch: the two largest units, `3m12s`, `1.4s`, `85ms`. Takes fractions; below zero counts as zero. */
export function formatElapsedMs(elapsedMs: number): string {
  const wholeMs = Math.max(0, Math.round(elapsedMs));
  if (wholeMs < 1000) return `${wholeMs}ms`;
  if (wholeMs < 10_000) return `${(Math.floor(wholeMs / 100) / 10).toFixed(1)}s`;
  const firstUnit = durationUnits.findIndex(([unit, unitMs]) => unit !== 'w' && unitMs <= wholeMs);
  const stepMs = Math.max(1000, durationUnits[firstUnit + 1]?.[1] ?? 1000);
  return formatDurationMs(Math.floor(wholeMs / stepMs) * stepMs);
}

/** Bytes, a whole number; null when `text` is not a size. `MB` is 1000 × 1000 bytes, `MiB` is 1024 × 1024 (IEC 80000-13). */
export function readSizeBytes(text: string): number | null {
  if (text.length > 40 || !sizePattern.test(text)) return null;
  const [, digits = '', unit = ''] = /^([\d.]+) ?(\w+)$/.exec(text) ?? [];
  return multiplyExactly(digits, sizeUnit(unit));
}

export function parseSizeBytes(text: string): number {
  return orThrow(readSizeBytes(text), text, 'a size such as 512 MB or 2 GiB');
}

/** The canonical text, exact: the largest unit that divides the number (`512 MB`, `512 MiB`), else bytes. */
export function formatSizeBytes(sizeBytes: number): string {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw new RangeError(`${sizeBytes} is not a size in bytes`);
  if (sizeBytes === 0) return '0 B';
  const units = Object.entries(sizeUnits).sort(([, a], [, b]) => b - a);
  for (const [unit, unitBytes] of units) {
    if (sizeBytes % unitBytes === 0) return `${sizeBytes / unitBytes} ${unit}`;
  }
  return `${sizeBytes} B`;
}

/** For people who watch: three digits, `1.23 GB`. Takes fractions; below zero counts as zero. */
export function formatSizeRoughly(sizeBytes: number): string {
  const bytes = Math.max(0, Math.round(sizeBytes));
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let step = 0;
  let value = bytes;
  while (value >= 999.5 && step < units.length - 1) {
    value /= 1000;
    step += 1;
  }
  return `${step === 0 ? value : Number(value.toPrecision(3))} ${units[step] ?? 'B'}`;
}

/** A share from 0 to 1 (`1%` is 0.01); null when `text` is not a percentage from 0% to 100%. At most three decimals. */
export function readPercent(text: string): number | null {
  return percentPattern.test(text) ? Number(text.slice(0, -1)) / 100 : null;
}

export function parsePercent(text: string): number {
  return orThrow(readPercent(text), text, 'a percentage such as 1% or 0.5%');
}

/** `share` from 0 to 1, written with at most three decimals. */
export function formatPercent(share: number): string {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`${share} is not a share from 0 to 1`);
  return `${Number((share * 100).toFixed(3))}%`;
}

/** How many per second; null when `text` is not a rate such as `5/s`, `100/m`, `1000/h`, `2/d`. */
export function readRatePerSecond(text: string): number | null {
  if (!ratePattern.test(text)) return null;
  const [digits = '', unit = 's'] = text.split('/');
  return Number(digits) / rateUnit(unit);
}

export function parseRatePerSecond(text: string): number {
  return orThrow(readRatePerSecond(text), text, 'a rate such as 5/s or 100/m');
}

/** The smallest unit of time in which the number has at most three decimals (`100/m`); else per second, to 9 digits. */
export function formatRatePerSecond(ratePerSecond: number): string {
  if (!(ratePerSecond >= 0 && ratePerSecond <= 1e12)) throw new RangeError(`${ratePerSecond} is not a rate`);
  for (const [unit, seconds] of Object.entries(rateUnits)) {
    const count = Number((ratePerSecond * seconds).toFixed(3));
    if (count / seconds === ratePerSecond) return `${count}/${unit}`;
  }
  return `${Number(Number(ratePerSecond.toPrecision(9)).toFixed(9))}/s`;
}

function sizeUnit(unit: string): number {
  return Object.entries(sizeUnits).find(([name]) => name === unit)?.[1] ?? 0;
}

function rateUnit(unit: string): number {
  return Object.entries(rateUnits).find(([name]) => name === unit)?.[1] ?? 1;
}

/** `digits` (decimal) × `unit` without rounding; null when that is not a whole, safe number. */
function multiplyExactly(digits: string, unit: number): number | null {
  const [whole = '', fraction = ''] = digits.split('.');
  const scaled = BigInt(whole + fraction) * BigInt(unit);
  const scale = 10n ** BigInt(fraction.length);
  const product = Number(scaled / scale);
  return scaled % scale === 0n && Number.isSafeInteger(product) ? product : null;
}

function orThrow(value: number | null, text: string, expected: string): number {
  if (value !== null) return value;
  throw new LotseError('bad-input', `${JSON.stringify(text.slice(0, 80))} is not ${expected}`);
}
