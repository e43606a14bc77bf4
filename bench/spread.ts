import { quantile } from './quantile.ts';

/** Middle, smallest and largest, as in a table; a dash for none. */
export function spread(values: readonly (number | null)[], digits = 0): string {
  const numbers = values.filter((value) => value !== null);
  const [middle, low, high] = [0.5, 0, 1].map((part) => quantile(numbers, part));
  if (middle == null || low == null || high == null) return '–';
  return `${middle.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}
