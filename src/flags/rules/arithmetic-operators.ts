import { RuleProblem, termsOf, unfitValue, type Operator, type Rule, type Term } from './rule.ts';

/** Arithmetic over numbers, and texts that are numbers. What gives no number is an error. */
export const arithmeticOperators: Readonly<Record<string, Operator>> = {
  '+': (args, place, compile) => {
    const terms = termsOf(args, place, compile, [1, Infinity]);
    return ofOneOrMore(terms, (value) => value, sum);
  },
  '-': (args, place, compile) => {
    const terms = termsOf(args, place, compile, [1, Infinity]);
    return ofOneOrMore(terms, (value) => -value, difference);
  },
  '*': (args, place, compile) => {
    const terms = termsOf(args, place, compile, [1, Infinity]);
    return (context, nowS) => product(listOf(terms, context, nowS));
  },
  '/': ofTwo((a, b) => a / b),
  '%': ofTwo((a, b) => a % b),
  max: (args, place, compile) => extreme(termsOf(args, place, compile, [1, Infinity]), Math.max),
  min: (args, place, compile) => extreme(termsOf(args, place, compile, [1, Infinity]), Math.min),
};

/** A single argument may be a list that is computed. */
function ofOneOrMore(
  terms: readonly Term[],
  ofOne: (value: number) => number,
  ofMore: (values: readonly unknown[]) => number,
): Rule {
  const [only] = terms;
  if (terms.length !== 1 || only === undefined) return (context, nowS) => ofMore(valuesOf(terms, context, nowS));
  return (context, nowS) => {
    const value = only.run(context, nowS);
    if (Array.isArray(value)) return ofMore(value);
    return !value ? 0 : result(ofOne(numberOf(value)));
  };
}

function valuesOf(terms: readonly Term[], context: unknown, nowS: number): readonly unknown[] {
  return terms.map((term) => term.run(context, nowS));
}

/** The same, where a single argument that is a list stands for its elements. */
function listOf(terms: readonly Term[], context: unknown, nowS: number): readonly unknown[] {
  return valuesOf(terms, context, nowS);
}

function sum(values: readonly unknown[]): number {
  return result(values.reduce((total: number, value) => total + numberOf(value), 0));
}

function difference(values: readonly unknown[]): number {
  const [first, ...rest] = values;
  if (values.length === 0) throw unfitValue;
  if (rest.length === 0) return -numberOf(first);
  return result(rest.reduce((total: number, value) => total - numberOf(value), numberOf(first)));
}

function product(values: readonly unknown[]): number {
  return result(values.reduce((total: number, value) => total * numberOf(value), 1));
}

function ofTwo(compute: (a: number, b: number) => number): Operator {
  return (args, place, compile) => {
    if (!Array.isArray(args)) throw new RuleProblem(place.path, 'takes two arguments');
    const [first, second] = termsOf(args, place, compile, [2, 2]).map((term) => term.run);
    if (first === undefined || second === undefined) return () => null;
    return (context, nowS) => {
      const value = compute(numberOf(first(context, nowS)), numberOf(second(context, nowS)));
      return Number.isFinite(value) ? value : result(Number.NaN);
    };
  };
}

function extreme(terms: readonly Term[], pick: (a: number, b: number) => number): Rule {
  return (context, nowS) => {
    const values = listOf(terms, context, nowS);
    return values.map(onlyNumber).reduce((a, b) => pick(a, b));
  };
}

function onlyNumber(value: unknown): number {
  if (typeof value !== 'number') throw unfitValue;
  return value;
}

function numberOf(value: unknown): number {
  if (typeof value === 'object' && value !== null) throw unfitValue;
  return Number(value);
}

function result(value: number): number {
  if (Number.isNaN(value)) throw unfitValue;
  return value;
}
