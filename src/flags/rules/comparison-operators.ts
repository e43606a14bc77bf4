import { termsOf, unfitValue, type Operator } from './rule.ts';

/** Comparisons of two values; `<` and `<=` also of three: `{"<": [1, {"var": "x"}, 9]}`. */
export const comparisonOperators: Readonly<Record<string, Operator>> = {
  '<': loose([2, 3], (a, b) => a < b),
  '<=': loose([2, 3], (a, b) => a <= b),
  '>': loose([2, 2], (a, b) => a > b),
  '>=': loose([2, 2], (a, b) => a >= b),
  '==': loose([2, 2], (a, b) => a === b),
  '!=': loose([2, 2], (a, b) => a !== b),
  '===': strict((a, b) => a === b),
  '!==': strict((a, b) => a !== b),
};

/** Texts are compared as texts, all else as numbers. */
type Comparable = (a: string | number, b: string | number) => boolean;

function loose(counts: readonly [number, number], holds: Comparable): Operator {
  return (args, place, compile) => {
    const [first, second, third] = termsOf(args, place, compile, counts).map((term) => term.run);
    if (first === undefined || second === undefined) return () => null;
    if (third === undefined) return (context, nowS) => compare(first(context, nowS), second(context, nowS), holds);
    return (context, nowS) => {
      const middle = second(context, nowS);
      return compare(first(context, nowS), middle, holds) && compare(middle, third(context, nowS), holds);
    };
  };
}

function compare(a: unknown, b: unknown, holds: Comparable): boolean {
  if (typeof a === 'string' && typeof b === 'string') return holds(a, b);
  if (isTextOrNull(a) && isTextOrNull(b)) return compareWithNull(a, b, holds);
  const [one, other] = [numberOf(a), numberOf(b)];
  if (Number.isNaN(one) || (Number.isNaN(other) && a !== null)) throw unfitValue;
  return holds(one, other);
}

function isTextOrNull(value: unknown): value is string | null {
  return typeof value === 'string' || value === null;
}

/** As JavaScript does: null equals itself alone, and counts as 0 where it is measured. */
function compareWithNull(a: string | null, b: string | null, holds: Comparable): boolean {
  const isEqual = a === null && b === null;
  const asksForOrder = holds(0, 1) !== holds(1, 0);
  if (asksForOrder) return holds(Number(a), Number(b));
  return isEqual ? holds(0, 0) : holds(0, 1);
}

function numberOf(value: unknown): number {
  if (typeof value === 'object' && value !== null) throw unfitValue;
  return Number(value);
}

function strict(holds: (a: unknown, b: unknown) => boolean): Operator {
  return (args, place, compile) => {
    const [first, second] = termsOf(args, place, compile, [2, 2]).map((term) => term.run);
    if (first === undefined || second === undefined) return () => null;
    return (context, nowS) => holds(first(context, nowS), second(context, nowS));
  };
}
