import type { JsonValue } from '../core/events.ts';
import type { FlagDefinition } from './definitions.ts';
import { hasRule } from './compile-flag.ts';

/**
 * What people, and what guards them, have said about a flag in one environment. It belongs to the environment: no release
 * changes it. All null: as the release defines it.
 */
export interface LiveState {
  /** `off` holds whatever the release says; `on` also where the release has it disabled or out of its time. */
  readonly switched: 'on' | 'off' | null;
  /** For those whom no rule names, in place of the release's. */
  readonly defaultVariant: string | null;
  /** Among those whom no rule names; the default variant gets what is left of 100. */
  readonly percentages: Percentages | null;
}

/** Variants in the order of their buckets, each with its percentage, in thousandths at the finest. */
export type Percentages = readonly { readonly variant: string; readonly percent: number }[];

export const asDefined: LiveState = { switched: null, defaultVariant: null, percentages: null };

/** Weights of flagd are whole numbers: thousandths of a percent. */
const weightOfPercent = 1000;
const wholeWeight = 100 * weightOfPercent;

/** Why the flag is off at this moment; null: it is on. */
export function offBy(
  { state, additions }: FlagDefinition,
  live: LiveState,
  nowMs: number,
): 'state' | 'definition' | 'schedule' | null {
  if (live.switched === 'off') return 'state';
  if (live.switched === 'on') return null;
  if (state === 'DISABLED') return 'definition';
  const { fromMs, untilMs } = additions;
  const isOutside = (fromMs !== null && nowMs < fromMs) || (untilMs !== null && nowMs >= untilMs);
  return isOutside ? 'schedule' : null;
}

/**
 * The flag as it holds at this moment, in flagd's own words, so that whoever evaluates it, here or in flagd, comes to the
 * same. What a live state names and the release does not have is read over.
 */
export function inForce(definition: FlagDefinition, live: LiveState, nowMs: number): FlagDefinition {
  const by = offBy(definition, live, nowMs);
  if (by === 'definition') return definition;
  if (by !== null) return switchedOff(definition);
  const known = (variant: string) => Object.hasOwn(definition.variants, variant);
  const own = live.defaultVariant;
  const defaultVariant = own !== null && known(own) ? own : definition.defaultVariant;
  const on = { ...definition, state: 'ENABLED', defaultVariant } as const;
  const percentages = live.percentages?.filter(({ variant }) => known(variant)) ?? [];
  return percentages.length === 0 ? on : { ...on, targeting: divided(on, percentages) };
}

/** The next moment at which the schedule of a flag changes something; null: none. */
export function nextTurnMs({ additions: { fromMs, untilMs } }: FlagDefinition, nowMs: number): number | null {
  const ahead = [fromMs, untilMs].filter((moment): moment is number => moment !== null && moment > nowMs);
  return ahead.length === 0 ? null : Math.min(...ahead);
}

function switchedOff(definition: FlagDefinition): FlagDefinition {
  const { offVariant } = definition.additions;
  if (offVariant === null) return { ...definition, state: 'DISABLED' };
  return { ...definition, state: 'ENABLED', defaultVariant: offVariant, targeting: null };
}

/** The release's rule decides first; whom it does not name is divided. */
function divided({ targeting, defaultVariant }: FlagDefinition, percentages: Percentages): JsonValue {
  const shares = percentages.map(({ variant, percent }) => [variant, Math.round(percent * weightOfPercent)] as const);
  const left = wholeWeight - shares.reduce((sum, [, weight]) => sum + weight, 0);
  const rest = left > 0 ? [[defaultVariant, left] as const] : [];
  const fractional = { fractional: [...shares, ...rest] };
  if (!hasRule(targeting)) return fractional;
  return { if: [{ '!==': [targeting, null] }, targeting, fractional] };
}
