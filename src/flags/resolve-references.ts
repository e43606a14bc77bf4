import type { JsonValue } from '../core/events.ts';
import { isRecord, RuleProblem, type RulePath } from './rules/rule.ts';

type Evaluators = Readonly<Record<string, JsonValue>>;

/**
 * A rule with each `{"$ref": "name"}` replaced by what `$evaluators` has under that name. Errors: `RuleProblem` for a name
 * that is not there, and for evaluators that lead back to themselves.
 */
export function resolveReferences(rule: JsonValue, evaluators: Evaluators, path: RulePath): JsonValue {
  return resolve(rule, { evaluators, open: [] }, path);
}

/** Evaluators that no flag uses must not lead back to themselves either. Errors: `RuleProblem`. */
export function checkEvaluators(evaluators: Evaluators): void {
  for (const [name, rule] of Object.entries(evaluators)) {
    resolve(rule, { evaluators, open: [name] }, ['$evaluators', name]);
  }
}

interface Walk {
  readonly evaluators: Evaluators;
  /** Those that are being written out. */
  readonly open: readonly string[];
}

function resolve(node: JsonValue, walk: Walk, path: RulePath): JsonValue {
  if (isList(node)) return node.map((item, index) => resolve(item, walk, [...path, index]));
  if (!isRecord(node)) return node;
  const name = node['$ref'];
  if (name === undefined) return resolveMembers(node, walk, path);
  const at = [...path, '$ref'];
  if (typeof name !== 'string' || Object.keys(node).length > 1) {
    throw new RuleProblem(at, 'a reference is `{"$ref": "name of an evaluator"}` and nothing else');
  }
  const found = Object.hasOwn(walk.evaluators, name) ? walk.evaluators[name] : undefined;
  if (found === undefined) throw new RuleProblem(at, `$evaluators has no ${JSON.stringify(name)}`);
  if (walk.open.includes(name)) {
    throw new RuleProblem(at, `the evaluator leads back to itself: ${[...walk.open, name].join(' → ')}`);
  }
  return resolve(found, { ...walk, open: [...walk.open, name] }, ['$evaluators', name]);
}

function resolveMembers(node: Readonly<Record<string, unknown>>, walk: Walk, path: RulePath): JsonValue {
  const members = Object.entries(node).map(([key, value]) => {
    // parsed: what is inside of a JSON value is one
    return [key, resolve(value as JsonValue, walk, [...path, key])] as const;
  });
  return Object.fromEntries(members);
}

function isList(node: JsonValue): node is readonly JsonValue[] {
  return Array.isArray(node);
}
