/** What a rule becomes: given the context (inside of `map` and its like the element) and the time in Unix seconds. */
export type Rule = (context: unknown, nowS: number) => unknown;

/** A part of a rule. `constant` is set where the value is known beforehand. */
export interface Term {
  readonly run: Rule;
  readonly constant: { readonly value: unknown } | null;
}

/** Where in a flag a part of its rule stands. */
export interface Place {
  readonly flagKey: string;
  /** False inside of `map` and its like, where `var` reads the element. */
  readonly isRoot: boolean;
  readonly path: RulePath;
}

export type RulePath = readonly (string | number)[];

/** A rule that can never be evaluated. */
export class RuleProblem extends Error {
  readonly path: RulePath;

  constructor(path: RulePath, message: string) {
    super(message);
    this.path = path;
  }
}

/** Values that an operator cannot work with: the flag answers with an error. One for all, since it is thrown per evaluation. */
export const unfitValue = new Error('an operator got values that it cannot work with');

export type CompileTerm = (node: unknown, place: Place) => Term;

/** Makes a rule of the arguments of an operator. `args` is what stands behind its name. */
export type Operator = (args: unknown, place: Place, compile: CompileTerm) => Rule;

/** JsonLogic's own: an empty list and an empty object are false, too. */
export function isTruthy(value: unknown): boolean {
  if (value === true || value === false) return value;
  if (typeof value !== 'object' || value === null) return Boolean(value);
  return Array.isArray(value) ? value.length > 0 : Object.keys(value).length > 0;
}

/** As JavaScript writes it, which is how JsonLogic compares; nothing is an empty text. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  // oxlint-disable-next-line typescript/no-base-to-string
  return value === null || value === undefined ? '' : String(value);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The arguments as a list of terms; one that stands alone is a list of one. Problems: `RuleProblem` for a wrong number. */
export function termsOf(
  args: unknown,
  place: Place,
  compile: CompileTerm,
  [least, most]: readonly [number, number] = [0, Infinity],
): readonly Term[] {
  const list: readonly unknown[] = Array.isArray(args) ? args : [args];
  if (list.length < least || list.length > most) {
    const wanted = least === most ? `${least}` : most === Infinity ? `at least ${least}` : `${least} to ${most}`;
    throw new RuleProblem(place.path, `takes ${wanted} arguments, not ${list.length}`);
  }
  return list.map((node, index) =>
    compile(node, Array.isArray(args) ? { ...place, path: [...place.path, index] } : place),
  );
}
