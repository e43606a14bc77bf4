import type { FlagVersionView, FlagView } from '../capabilities/flags/flags-api.ts';
import { formatTime, type Output } from './output.ts';

/** Rows of `lotse flag list`. */
export function flagRow(out: Output, flag: FlagView): readonly string[] {
  const state = flag.isOn ? out.paint('on', 'green') : out.paint(`off (${offWords(flag)})`, 'yellow');
  return [flag.flag, state, whoGetsWhat(flag), flag.usedAt === null ? 'never' : formatTime(flag.usedAt)];
}

export const flagColumns = ['flag', 'state', 'who gets what', 'last asked for'] as const;

/** Why it is off, in a few words. */
export function offWords({ offBy, live, from, until }: FlagView): string {
  switch (offBy) {
    case 'state':
      return live?.changedBy.kind === 'system' ? 'turned off by its guard' : 'turned off here';
    case 'definition':
      return 'disabled by the release';
    case 'schedule':
      return from !== null && from > Date.now() ? `from ${formatTime(from)}` : `until ${formatTime(until ?? 0)}`;
    case null:
      return '';
  }
}

const codeDefault = 'the default of the code';

export function whoGetsWhat({ isOn, offVariant, hasRule, live, defaultVariant, variants }: FlagView): string {
  if (!isOn) return offVariant ?? codeDefault;
  const known = live?.percentages?.filter(({ variant }) => variants.includes(variant)) ?? [];
  const shares = known.map(({ variant, percent }) => `${percent}% ${variant}`);
  const rest = defaultVariant ?? codeDefault;
  const whole = known.reduce((sum, { percent }) => sum + percent, 0) >= 100;
  return [...(hasRule ? ['by a rule'] : []), ...shares, ...(whole ? [] : [rest])].join(', then ');
}

/** `version 3  2026-11-22 21:30:00  Ada  off; default: old  (orders fail)`. */
export function historyLine({ version, changedAt, by, reason, ...state }: FlagVersionView): string {
  const { switched, defaultVariant, percentages } = state;
  const parts = [
    switched,
    defaultVariant === null ? null : `default: ${defaultVariant}`,
    percentages?.map(({ variant, percent }) => `${variant}=${percent}%`).join(' '),
  ].filter((part) => part != null);
  const said = parts.length === 0 ? 'as releases say' : parts.join('; ');
  const why = reason === null ? '' : `  (${reason})`;
  return `  version ${version}  ${formatTime(changedAt)}  ${by}  ${said}${why}`;
}
