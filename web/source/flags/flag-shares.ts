import type { FlagView, LiveStateView } from '../../../src/capabilities/flags/flags-api.ts';

export interface VariantShare {
  readonly variant: string;
  /** 0 … 100 */
  readonly percent: number;
}

/** Who gets what while it is on, among those whom no rule names; the default variant gets what is left of 100. */
export function sharesOf({ live, variants, defaultVariant }: FlagView): readonly VariantShare[] {
  const said = live?.percentages?.filter(({ variant }) => variants.includes(variant)) ?? [];
  return withRest(said, defaultVariant);
}

export function withRest(said: readonly VariantShare[], defaultVariant: string | null): readonly VariantShare[] {
  const rest = 100 - said.reduce((sum, { percent }) => sum + percent, 0);
  if (defaultVariant === null || rest <= 0) return said;
  const own = said.find(({ variant }) => variant === defaultVariant);
  if (own === undefined) return [...said, { variant: defaultVariant, percent: rest }];
  return said.map((each) => (each === own ? { ...each, percent: each.percent + rest } : each));
}

/** Nobody has said anything that holds: it is as its release defines it. */
export function isAsReleased({ switched, defaultVariant, percentages }: LiveStateView): boolean {
  return switched === null && defaultVariant === null && percentages === null;
}

/**
 * What was typed, as percentages; an empty field is none. Null: a number is missing its sense, or the sum is over 100.
 */
export function readPercentages(typed: Readonly<Record<string, string>>): readonly VariantShare[] | null {
  const shares = Object.entries(typed)
    .map(([variant, text]) => ({ variant, percent: Number(text.trim().replace(',', '.')) }))
    .filter(({ percent }) => percent !== 0);
  const isSound = shares.every(({ percent }) => percent > 0 && percent <= 100);
  const sum = shares.reduce((all, { percent }) => all + percent, 0);
  return isSound && sum <= 100.000_5 ? shares : null;
}
