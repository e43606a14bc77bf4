/** Figures as people read them in a sentence. */

/** `0.5 %`, `12 %`: two digits that count. */
export function percent(rate: number): string {
  return `${twoDigits(rate * 100)} %`;
}

/** How unlikely evidence is by chance: `1 in 2,300`. `log`: its natural logarithm. */
export function oneIn(log: number): string {
  const times = Math.exp(Math.min(log, 700));
  return times >= 1_000_000 ? 'less than 1 in a million' : `1 in ${withThousands(twoDigits(Math.max(1, times)))}`;
}

/** `4 more minutes are`, `1 more minute is`: roughly, in one unit, at least half a minute. */
export function moreTime(ms: number): string {
  const minutes = ms / 60_000;
  if (minutes < 0.75) return 'half a minute more is';
  if (minutes < 90) return more(minutes, 'minute');
  return minutes < 36 * 60 ? more(minutes / 60, 'hour') : more(minutes / 60 / 24, 'day');
}

/** `web`, `web and api`, `web, api and admin`. */
export function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

function more(count: number, unit: string): string {
  const whole = Math.max(1, Math.round(count));
  return `${whole} more ${unit}${whole === 1 ? ' is' : 's are'}`;
}

function twoDigits(value: number): number {
  return Number(value.toPrecision(2));
}

function withThousands(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
