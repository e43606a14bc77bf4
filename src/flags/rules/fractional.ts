import { murmur3, saltedMurmur3 } from '../murmur3.ts';
import {
  isRecord,
  RuleProblem,
  textOf,
  type CompileTerm,
  type Operator,
  type Place,
  type Rule,
  type Term,
} from './rule.ts';

/** Above it a weight times a hash is not exact as a number any more. */
const exactWeight = 2 ** 21;
const maxWeight = 2 ** 31 - 1;

/** Shares by their upper ends: `[100, 'new'], [1000, 'old']`. */
interface Shares {
  readonly ends: readonly number[];
  readonly variants: readonly unknown[];
  readonly total: number;
}

/**
 * `{"fractional": [{"var": "email"}, ["new", 10], ["old", 90]]}`: by whom it goes is hashed to a place among the weights.
 * Without the first argument it goes by the flag's key and the targeting key. No share, or nobody to hash: null.
 */
export const fractional: Operator = (args, place, compile) => {
  if (!Array.isArray(args) || args.length === 0) throw new RuleProblem(place.path, 'takes a list of shares');
  const [first, ...rest] = args;
  const inPlace = (index: number): Place => ({ ...place, path: [...place.path, index] });
  if (Array.isArray(first)) return bySalt(place, sharesRule(args, 0, inPlace, compile));
  const shares = sharesRule(rest, 1, inPlace, compile);
  const salted = saltedKey(first, inPlace(0), compile);
  if (salted !== null) {
    const { hash, key } = salted;
    return (context, nowS) => {
      const by = key(context, nowS);
      return pick(shares(context, nowS), hash(textOf(by)));
    };
  }
  const key = compile(first, inPlace(0));
  return (context, nowS) => {
    const by = key.run(context, nowS);
    const found = shares(context, nowS);
    return typeof by === 'string' ? pick(found, murmur3(by)) : null;
  };
};

/** `{"cat": [salt, key]}` with a salt that is known, as flagd's documents write it. Null: something else. */
function saltedKey(node: unknown, place: Place, compile: CompileTerm): { hash: Hash; key: Rule } | null {
  const parts: unknown = isRecord(node) && Object.keys(node).length === 1 ? node['cat'] : null;
  if (!Array.isArray(parts) || parts.length !== 2) return null;
  const [salt, key] = parts.map((part, index) => compile(part, { ...place, path: [...place.path, 'cat', index] }));
  if (salt === undefined || key === undefined || typeof salt.constant?.value !== 'string') return null;
  return { hash: saltedMurmur3(salt.constant.value), key: key.run };
}

type Hash = (text: string) => number;

function bySalt({ flagKey }: Place, shares: SharesRule): Rule {
  const hash = saltedMurmur3(flagKey);
  return (context, nowS) => {
    const found = shares(context, nowS);
    const key = isRecord(context) ? context['targetingKey'] : undefined;
    if (typeof key !== 'string' && typeof key !== 'number') return null;
    return key === '' || key === 0 ? null : pick(found, hash(String(key)));
  };
}

type SharesRule = (context: unknown, nowS: number) => Shares | null;

function sharesRule(
  nodes: readonly unknown[],
  from: number,
  inPlace: (index: number) => Place,
  compile: CompileTerm,
): SharesRule {
  const entries = nodes.map((node, index): readonly [Term, Term | null] => {
    const place = inPlace(index + from);
    if (!Array.isArray(node) || node.length === 0 || node.length > 2) {
      throw new RuleProblem(place.path, 'a share is `["variant", weight]`');
    }
    const weight = node.length === 2 ? compile(node[1], { ...place, path: [...place.path, 1] }) : null;
    if (weight?.constant != null && !isWeight(weight.constant.value)) {
      throw new RuleProblem([...place.path, 1], 'a weight is a whole number');
    }
    return [compile(node[0], { ...place, path: [...place.path, 0] }), weight];
  });
  const isConstant = entries.every(([variant, weight]) => variant.constant !== null && weight?.constant !== null);
  const compute: SharesRule = (context, nowS) =>
    add(
      entries.map(([variant]) => variant.run(context, nowS)),
      entries.map(([, weight]) => (weight === null ? 1 : weight.run(context, nowS))),
    );
  if (!isConstant) return compute;
  const known = compute(null, 0);
  return () => known;
}

function isWeight(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value);
}

/** A weight below 0, which may have been computed, is none. */
function add(variants: readonly unknown[], weights: readonly unknown[]): Shares | null {
  const ends: number[] = [];
  let total = 0;
  for (const [index, weight] of weights.entries()) {
    if (!isWeight(weight) || isContainer(variants[index])) return null;
    total += Math.max(0, weight);
    ends.push(total);
  }
  return total > maxWeight ? null : { ends, variants, total };
}

function isContainer(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function pick(shares: Shares | null, hash: number): unknown {
  if (shares === null) return null;
  const { ends, variants, total } = shares;
  const place =
    total <= exactWeight ? Math.floor((hash * total) / 2 ** 32) : Number((BigInt(hash) * BigInt(total)) >> 32n);
  for (let index = 0; index < ends.length; index += 1) if ((ends[index] ?? 0) > place) return variants[index];
  return null;
}
