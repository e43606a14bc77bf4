import { arithmeticOperators } from './arithmetic-operators.ts';
import { comparisonOperators } from './comparison-operators.ts';
import { contextOperators } from './context-operators.ts';
import { flagdOperators } from './flagd-operators.ts';
import { listOperators } from './list-operators.ts';
import { logicOperators } from './logic-operators.ts';
import { isRecord, RuleProblem, type Operator, type Place, type Rule, type RulePath, type Term } from './rule.ts';

const operators: ReadonlyMap<string, Operator> = new Map([
  ...Object.entries(contextOperators),
  ...Object.entries(logicOperators),
  ...Object.entries(comparisonOperators),
  ...Object.entries(arithmeticOperators),
  ...Object.entries(listOperators),
  ...Object.entries(flagdOperators),
]);

/**
 * Compiles a rule in JsonLogic with flagd's operators (https://flagd.dev/schema/v0/targeting.json) to a function. What it
 * throws when it runs is the flag's error. Errors: `RuleProblem` says what is wrong with the rule, and where.
 */
export function compileRule(rule: unknown, flagKey: string, path: RulePath): Rule {
  return compile(rule, { flagKey, isRoot: true, path }).run;
}

function compile(node: unknown, place: Place): Term {
  if (Array.isArray(node)) return compileList(node, place);
  if (!isRecord(node)) return constant(node);
  const [[name, args] = [], second] = Object.entries(node);
  if (name === undefined) return constant(node);
  const operator = operators.get(name);
  const inside = { ...place, path: [...place.path, name] };
  if (operator === undefined) throw new RuleProblem(inside.path, `there is no operator ${JSON.stringify(name)}`);
  if (second !== undefined) throw new RuleProblem(inside.path, 'a rule has one operator');
  if (name === 'var' && args === '$flagd.flagKey' && place.isRoot) return constant(place.flagKey);
  return { run: operator(args, inside, compile), constant: null };
}

function compileList(nodes: readonly unknown[], place: Place): Term {
  const terms = nodes.map((node, index) => compile(node, { ...place, path: [...place.path, index] }));
  const known = terms.flatMap((term) => term.constant ?? []);
  if (known.length === terms.length) {
    const value = known.map((one) => one.value);
    return constant(value);
  }
  return { run: (context, nowS) => terms.map((term) => term.run(context, nowS)), constant: null };
}

function constant(value: unknown): Term {
  return { run: () => value, constant: { value } };
}
