import type { UnixMs } from '../../core/ids.ts';
import type { JudgeRules, SignalRule } from './judge-rules.ts';
import type { SignalReading } from './judgement.ts';

/** How often in a row something was bad, and since when. */
export interface Streak {
  readonly times: number;
  readonly since: UnixMs;
}

export interface SignalState {
  readonly streaks: Readonly<Record<string, Streak>>;
  /** One sentence for each that is broken, by what is broken; what was reached stays so. */
  readonly broken: Readonly<Record<string, string>>;
}

export const noSignals: SignalState = { streaks: {}, broken: {} };

/** How long a streak is that breaks something: so many readings, the last so long after the first (in milliseconds). */
interface Needed {
  readonly times: number;
  readonly leastMs: number;
}

/** What breaks a limit. */
export const limitReadings: Needed = { times: 3, leastMs: 30_000 };
/** After which one side is called worse than the other. */
export const worseReadings: Needed = { times: 5, leastMs: 0 };

/** Something that readings are held to. */
interface Held {
  readonly key: string;
  readonly needed: Needed;
  /** Null: the reading says nothing about it, and breaks no streak. */
  readonly sentenceIfBad: (reading: SignalReading) => { readonly sentence: string | null } | null;
}

/**
 * Takes readings in the order of their time. Limits hold for the new release alone, the comparison with the old one where
 * a reading has both. Nothing is known of how such numbers vary, so no probability of an error is claimed for either.
 */
export function takeReadings(state: SignalState, readings: readonly SignalReading[], rules: JudgeRules): SignalState {
  const streaks = { ...state.streaks };
  const broken = { ...state.broken };
  for (const reading of readings.toSorted((a, b) => a.at - b.at)) {
    for (const { key, needed, sentenceIfBad } of heldTo(reading.signal, rules)) {
      const seen = reading.hasOtherCause === true ? { sentence: null } : sentenceIfBad(reading);
      if (seen === null) continue;
      const now = streakAfter(streaks[key], seen.sentence !== null, reading.at);
      streaks[key] = now;
      if (seen.sentence !== null && isLongEnough(now, needed, reading.at)) broken[key] ??= seen.sentence;
    }
  }
  return { streaks, broken };
}

/** A clock that is put back makes no streak begin later than now: else it would be long enough only hours from now. */
export function streakAfter(before: Streak | undefined, isBad: boolean, at: UnixMs): Streak {
  if (!isBad) return { times: 0, since: at };
  const { times, since } = before ?? { times: 0, since: at };
  return { times: times + 1, since: times === 0 ? at : Math.min(since, at) };
}

export function isLongEnough({ times, since }: Streak, needed: Needed, at: UnixMs): boolean {
  return times >= needed.times && at - since >= needed.leastMs;
}

/** Is it on the bad side of a limit? */
export function isPast(value: number, limit: number, better: SignalRule['better']): boolean {
  return better === 'higher' ? value < limit : value > limit;
}

/** Is it worse than the other number by more than the margin, a factor from 1 on? */
export function isWorse(value: number, other: number, better: SignalRule['better'], margin: number): boolean {
  const worse = better === 'higher' ? other - value : value - other;
  return worse > (margin - 1) * Math.abs(other);
}

function heldTo(signal: string, { limits, signals, margin }: JudgeRules): readonly Held[] {
  const rule = signals.find((each) => each.signal === signal) ?? null;
  const better = rule?.better ?? 'lower';
  const ofLimits = limits.flatMap((limit): readonly Held[] => {
    if (limit.kind !== 'signal' || limit.signal !== signal) return [];
    const sentenceIfBad = ({ new: fresh }: SignalReading) => {
      if (fresh === null) return null;
      const bound = better === 'higher' ? 'at least' : 'at most';
      const text = `${signal} is ${showReading(fresh)}; ${bound} ${showReading(limit.value)} is allowed.`;
      return { sentence: isPast(fresh, limit.value, better) ? text : null };
    };
    return [{ key: `limit ${signal} ${limit.value}`, needed: limitReadings, sentenceIfBad }];
  });
  if (rule === null) return ofLimits;
  const sentenceIfBad = ({ new: fresh, old }: SignalReading) => {
    if (fresh === null || old === null) return null;
    const text = `${signal} is ${showReading(fresh)} with the new release and ${showReading(old)} with the old, ${worseReadings.times} times in a row.`;
    return { sentence: isWorse(fresh, old, better, margin) ? text : null };
  };
  return [...ofLimits, { key: `worse ${signal}`, needed: worseReadings, sentenceIfBad }];
}

export function showReading(value: number): string {
  return String(Number(value.toPrecision(3)));
}
