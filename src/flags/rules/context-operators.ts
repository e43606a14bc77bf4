import { isTruthy, termsOf, textOf, type Operator, type Rule } from './rule.ts';

/** `var`, `missing` and `missing_some`: what rules read of the context. */
export const contextOperators: Readonly<Record<string, Operator>> = {
  var: (args, place, compile) => {
    const [path, fallback] = termsOf(args, place, compile, [0, 2]);
    const otherwise = fallback?.run ?? nothing;
    if (path === undefined) return whole;
    if (path.constant !== null) return readConstant(path.constant.value, place, otherwise);
    return (context, nowS) => {
      const found = read(context, piecesOf(path.run(context, nowS)));
      return found === undefined ? otherwise(context, nowS) : found;
    };
  },
  missing: (args, place, compile) => {
    const terms = termsOf(args, place, compile);
    const [only] = terms;
    return (context, nowS) => {
      const values = terms.map((term) => term.run(context, nowS));
      // `{"missing": {"merge": […]}}`: the names are computed.
      const names = !Array.isArray(args) && only !== undefined && Array.isArray(values[0]) ? values[0] : values;
      return missingOf(context, names);
    };
  },
  missing_some: (args, place, compile) => {
    const [least, names] = termsOf(args, place, compile, [2, 2]);
    return (context, nowS) => {
      const wanted = names?.run(context, nowS);
      const list: readonly unknown[] = Array.isArray(wanted) ? wanted : [];
      const missing = missingOf(context, list);
      return list.length - missing.length >= Number(least?.run(context, nowS)) ? [] : missing;
    };
  },
};

const nothing: Rule = () => null;
const whole: Rule = (context) => context;

function readConstant(path: unknown, place: { flagKey: string; isRoot: boolean }, otherwise: Rule): Rule {
  const pieces = piecesOf(path);
  const [first = '', second] = pieces;
  if (pieces.length === 0) return whole;
  if (place.isRoot && first === '$flagd') return readOwn(pieces, place.flagKey, otherwise);
  if (pieces.length > 2) {
    return (context, nowS) => {
      const found = read(context, pieces);
      return found === undefined ? otherwise(context, nowS) : found;
    };
  }
  if (second === undefined) {
    return (context, nowS) => {
      const found = propertyOf(context, first);
      return found === undefined ? otherwise(context, nowS) : found;
    };
  }
  return (context, nowS) => {
    const found = propertyOf(propertyOf(context, first), second);
    return found === undefined ? otherwise(context, nowS) : found;
  };
}

/** `$flagd.flagKey` and `$flagd.timestamp`, which no context carries. */
function readOwn(pieces: readonly string[], flagKey: string, otherwise: Rule): Rule {
  const [, name] = pieces;
  if (name === undefined) return (_context, nowS) => ({ flagKey, timestamp: nowS });
  if (pieces.length > 2) return otherwise;
  if (name === 'flagKey') return () => flagKey;
  return name === 'timestamp' ? (_context, nowS) => nowS : otherwise;
}

/** Undefined: not there. */
function read(context: unknown, pieces: readonly string[]): unknown {
  let value = context;
  for (const piece of pieces) value = propertyOf(value, piece);
  return value;
}

/** Functions are no data. */
function propertyOf(value: unknown, name: string): unknown {
  const found = canBeRead(value) ? value[name] : undefined;
  return typeof found === 'function' ? undefined : found;
}

function canBeRead(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && value !== undefined;
}

/** `a.b` names b of a; `\.` is a dot. */
function piecesOf(path: unknown): readonly string[] {
  const text = textOf(path);
  if (text === '') return [];
  const pieces = [...text.matchAll(/(?:\\[\s\S]|[^.])+|(?<=\.|^)(?=\.|$)/g)].map(([piece]) => piece);
  return pieces.map((piece) => piece.replace(/\\([\\./])/g, '$1'));
}

function missingOf(context: unknown, names: readonly unknown[]): readonly unknown[] {
  return names.filter((name) => {
    const pieces = piecesOf(name);
    let value = context;
    for (const piece of pieces) {
      // As in flagd's engine: below what is 0 or empty there is nothing.
      if (!isTruthy(value) && !Array.isArray(value)) return true;
      value = propertyOf(value, piece);
    }
    return value === undefined;
  });
}
