/**
 * The same flags for all contestants: whom a country names gets `on`, of the others a quarter. Each flag has countries of
 * its own, so that none can take over what it knows of another one.
 */

const countries = ['de', 'fr', 'ch', 'at', 'it', 'es', 'pl', 'nl', 'be', 'dk'] as const;

/** No interface: it is a context as it is. */
export type Visitor = Readonly<Record<'targetingKey' | 'country' | 'plan', string>>;

export const visitors: readonly Visitor[] = Array.from({ length: 1000 }, (_, index) => ({
  targetingKey: `visitor-${index}`,
  country: countries[index % countries.length] ?? '',
  plan: index % 3 === 0 ? 'pro' : 'free',
}));

export function flagNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `flag-${index}`);
}

export function countriesOf(index: number): readonly string[] {
  return [countries[index % 10] ?? '', countries[(index + 3) % 10] ?? ''];
}

export function flagdFlags(count: number) {
  const flags = flagNames(count).map((name, index) => [
    name,
    {
      state: 'ENABLED',
      variants: { on: true, off: false },
      defaultVariant: 'off',
      targeting: {
        if: [
          { in: [{ var: 'country' }, countriesOf(index)] },
          'on',
          { fractional: [{ cat: [{ var: '$flagd.flagKey' }, { var: 'targetingKey' }] }, ['on', 25], ['off', 75]] },
        ],
      },
    },
  ]);
  return { flags: Object.fromEntries(flags) };
}
