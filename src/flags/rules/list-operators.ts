import { isTruthy, RuleProblem, termsOf, textOf, unfitValue, type Operator, type Rule } from './rule.ts';

/** Lists and texts. Inside of `map` and its like `var` reads the element. */
export const listOperators: Readonly<Record<string, Operator>> = {
  in: (args, place, compile) => {
    const [wantedTerm, amongTerm] = termsOf(args, place, compile, [2, 2]);
    if (wantedTerm === undefined || amongTerm === undefined) return () => null;
    const { run: item } = wantedTerm;
    const { run: list, constant } = amongTerm;
    if (constant !== null && Array.isArray(constant.value)) return inConstant(item, constant.value);
    return (context, nowS) => {
      const among = list(context, nowS);
      const wanted = item(context, nowS);
      if (!among) return false;
      if (Array.isArray(among)) return among.includes(wanted);
      if (typeof among === 'string') return among.includes(String(wanted));
      throw unfitValue;
    };
  },
  cat: (args, place, compile) => {
    const [first, second, ...rest] = termsOf(args, place, compile, [1, Infinity]);
    const one = first?.run ?? (() => '');
    const two = second?.run ?? (() => '');
    // Most have two parts: a salt and a key.
    if (rest.length === 0) return (context, nowS) => textOf(one(context, nowS)) + textOf(two(context, nowS));
    return (context, nowS) =>
      rest.reduce(
        (text, term) => text + textOf(term.run(context, nowS)),
        textOf(one(context, nowS)) + textOf(two(context, nowS)),
      );
  },
  substr: (args, place, compile) => {
    const [text, from, length] = termsOf(args, place, compile, [2, 3]).map((term) => term.run);
    return (context, nowS) => {
      const whole = text?.(context, nowS);
      if (typeof whole !== 'string') throw unfitValue;
      return part(whole, Number(from?.(context, nowS)), length === undefined ? null : Number(length(context, nowS)));
    };
  },
  merge: (args, place, compile) => {
    const terms = termsOf(args, place, compile);
    return (context, nowS) => terms.flatMap((term) => term.run(context, nowS));
  },
  map: each((list, of) => list.map(of)),
  filter: each((list, of) => list.filter((item) => isTruthy(of(item)))),
  some: each((list, of) => list.some((item) => isTruthy(of(item)))),
  none: each((list, of) => !list.some((item) => isTruthy(of(item)))),
  all: each((list, of) => list.length > 0 && list.every((item) => isTruthy(of(item)))),
  reduce: (args, place, compile) => {
    if (!Array.isArray(args)) throw new RuleProblem(place.path, 'takes a list');
    const [list, , start] = termsOf(args, place, compile, [2, 3]).map((term) => term.run);
    const step = compile(args[1], { ...place, isRoot: false, path: [...place.path, 1] }).run;
    return (context, nowS) => {
      const of = (accumulator: unknown, current: unknown) => step({ accumulator, current }, nowS);
      const items = itemsOf(list?.(context, nowS));
      if (start !== undefined) return items.reduce(of, start(context, nowS));
      if (items.length === 0) throw unfitValue;
      return items.reduce(of);
    };
  },
};

type Each = (list: readonly unknown[], of: (item: unknown) => unknown) => unknown;

function each(work: Each): Operator {
  return (args, place, compile): Rule => {
    if (!Array.isArray(args) || args.length !== 2) throw new RuleProblem(place.path, 'takes a list and a rule');
    const list = compile(args[0], { ...place, path: [...place.path, 0] }).run;
    const rule = compile(args[1], { ...place, isRoot: false, path: [...place.path, 1] }).run;
    return (context, nowS) => work(itemsOf(list(context, nowS)), (item) => rule(item, nowS));
  };
}

function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (!value) return [];
  throw unfitValue;
}

/** A long list is looked up, a short one is looked through. */
function inConstant(item: Rule, list: readonly unknown[]): Rule {
  if (list.length <= 8) return (context, nowS) => list.includes(item(context, nowS));
  const set = new Set(list);
  return (context, nowS) => set.has(item(context, nowS));
}

/** A `length` below 0 counts from the end. */
function part(text: string, from: number, length: number | null): string {
  const start = from < 0 ? Math.max(0, text.length + from) : from;
  const rest = text.slice(start);
  if (length === null) return rest;
  return length < 0 ? rest.slice(0, Math.max(0, rest.length + length)) : rest.slice(0, length);
}
