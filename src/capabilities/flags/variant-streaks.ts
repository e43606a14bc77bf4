import type { UnixMs } from '../../core/ids.ts';
import type { VariantSignal } from '../../ports/signals/signals.ts';
import {
  isLongEnough,
  isPast,
  isWorse,
  limitReadings,
  showReading,
  streakAfter,
  worseReadings,
  type Streak,
} from '../../rollout/judge/signal-streaks.ts';

/** A number for those who get a variant, and for those who get what everybody gets while the flag is off. Null: there is none. */
export interface VariantReading {
  readonly at: UnixMs;
  readonly variant: string;
  readonly offVariant: string;
  readonly value: number | null;
  readonly offValue: number | null;
}

export type VariantStreaks = Readonly<Record<string, Streak>>;

interface VariantFinding {
  readonly streaks: VariantStreaks;
  /** Something is bad for this variant alone, if not long enough yet. */
  readonly isSuspect: boolean;
  /** What is bad, and was long enough; null: nothing. */
  readonly harm: string | null;
}

/**
 * Harm by variant, with the patience of the judge of releases: five times in a row worse than with the flag off, or for
 * half a minute past a limit that those with the flag off keep. What is as bad for both is not the flag's doing; a
 * reading without a number ends a streak, so that nothing is suspected for longer than it is seen.
 */
export function judgeVariant(before: VariantStreaks, reading: VariantReading, rule: VariantSignal): VariantFinding {
  const { at, variant, offVariant, value, offValue } = reading;
  const { signal, better, margin } = rule;
  const isBeyond = (number: number | null, limit: number) => number !== null && isPast(number, limit, better);
  const said = value === null ? '' : `${signal} is ${showReading(value)} for ${variant}`;
  const bound = better === 'higher' ? 'at least' : 'at most';
  const held = [
    {
      key: 'worse',
      needed: worseReadings,
      isBad: value !== null && offValue !== null && isWorse(value, offValue, better, margin),
      words: `${said} and ${showReading(offValue ?? 0)} for ${offVariant}, ${worseReadings.times} times in a row`,
    },
    ...rule.limits.map((limit) => ({
      key: `limit ${limit}`,
      needed: limitReadings,
      isBad: isBeyond(value, limit) && !isBeyond(offValue, limit),
      words: `${said}; ${bound} ${showReading(limit)} is allowed`,
    })),
  ];
  const now = held.map((each) => ({ ...each, streak: streakAfter(before[each.key], each.isBad, at) }));
  const harm = now.find(({ isBad, needed, streak }) => isBad && isLongEnough(streak, needed, at));
  return {
    streaks: Object.fromEntries(now.map(({ key, streak }) => [key, streak])),
    isSuspect: now.some(({ isBad }) => isBad),
    harm: harm?.words ?? null,
  };
}
