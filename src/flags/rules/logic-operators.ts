import { isTruthy, RuleProblem, termsOf, type Operator, type Rule, type Term } from './rule.ts';

/** `if`, `and`, `or`, `!`, `!!`. What decides alone is evaluated alone. */
export const logicOperators: Readonly<Record<string, Operator>> = {
  if: (args, place, compile) => {
    if (!Array.isArray(args)) throw new RuleProblem(place.path, 'takes a list');
    return branch(termsOf(args, place, compile, [1, Infinity]));
  },
  and: (args, place, compile) => chain(termsOf(args, place, compile, [1, Infinity]), false),
  or: (args, place, compile) => chain(termsOf(args, place, compile, [1, Infinity]), true),
  '!': (args, place, compile) => {
    const value = first(termsOf(args, place, compile));
    return (context, nowS) => !isTruthy(value(context, nowS));
  },
  '!!': (args, place, compile) => {
    const value = first(termsOf(args, place, compile));
    return (context, nowS) => isTruthy(value(context, nowS));
  },
};

const nothing: Rule = () => null;

function first(terms: readonly Term[]): Rule {
  return terms[0]?.run ?? nothing;
}

function branch(terms: readonly Term[]): Rule {
  const [condition, then, ...rest] = terms;
  if (condition === undefined) return nothing;
  if (then === undefined) return condition.run;
  const otherwise = branch(rest);
  const { run: isMet } = condition;
  const { run: onMet } = then;
  return (context, nowS) => (isTruthy(isMet(context, nowS)) ? onMet(context, nowS) : otherwise(context, nowS));
}

/** The first value that ends the chain, else the last one. */
function chain(terms: readonly Term[], endsWhen: boolean): Rule {
  const rules = terms.map((term) => term.run);
  return (context, nowS) => {
    let value: unknown = null;
    for (const rule of rules) {
      value = rule(context, nowS);
      if (isTruthy(value) === endsWhen) return value;
    }
    return value;
  };
}
