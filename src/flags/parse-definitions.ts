import { z } from 'zod';
import { LotseError } from '../core/errors.ts';
import type { JsonValue } from '../core/events.ts';
import { compileFlag } from './compile-flag.ts';
import type { FlagDefinition, FlagSet } from './definitions.ts';
import { findRepeated, offsetOf, positionOf } from './json-places.ts';
import { checkEvaluators, resolveReferences } from './resolve-references.ts';
import { RuleProblem, type RulePath } from './rules/rule.ts';

/** Beside lotse.yaml. The name is the one by which editors know flagd's schema. */
export const flagsFile = 'flags.flagd.json';

const json: z.ZodType<JsonValue> = z.json();
const metadata = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const moment = z.iso.datetime({ offset: true, error: 'a moment such as 2027-01-31T08:00:00+01:00' });

const additions = z.strictObject({
  off: z.string().min(1).optional(),
  from: moment.optional(),
  until: moment.optional(),
  guard: z.array(z.string()).min(1).max(5).optional(),
});

const flag = z.object({
  state: z.enum(['ENABLED', 'DISABLED']),
  variants: z.record(z.string().min(1), json),
  defaultVariant: z.string().nullish(),
  targeting: z.record(z.string(), json).optional(),
  metadata: metadata.optional(),
  lotse: additions.optional(),
});

const file = z.object({
  $schema: z.string().optional(),
  flags: z.record(z.string().regex(/^[^\p{Cc}/\\]{1,200}$/u), flag),
  $evaluators: z.record(z.string(), json).optional(),
  metadata: metadata.optional(),
});

/** Of a flag that is guarded. */
const variantInQueries = /^[\w-]{1,100}$/;

/** One thing that is wrong, with the place of it. Lines and columns count from 1. */
export interface FlagProblem {
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
}

/**
 * Reads the flags of an app. Everything is compiled once to see that it can be. Errors: `manifest-invalid`, whose details
 * are a line for each problem, `flags.flagd.json:12:5 flags.new-menu.targeting.if: …`.
 */
export function parseDefinitions(text: string): FlagSet {
  const value = readJson(text);
  const problems: FlagProblem[] = [];
  const report = (path: RulePath, message: string) =>
    problems.push({ ...positionOf(text, offsetOf(text, path)), path: path.join('.'), message });
  const parsed = file.safeParse(value);
  if (!parsed.success) for (const issue of parsed.error.issues) report(pathOf(issue.path), issue.message);
  const set = parsed.success ? setOf(parsed.data, report) : null;
  if (set === null || problems.length > 0) throw invalidDefinitions(problems);
  return set;
}

function readJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const found = / at position (\d+)/.exec(message)?.[1];
    const where = positionOf(text, found === undefined ? text.length : Number(found));
    throw invalidDefinitions([
      { ...where, path: '', message: `this is not valid JSON: ${message.replace(/ \(line.*$/, '')}` },
    ]);
  }
  const repeated = findRepeated(text);
  if (repeated === null) return value;
  const { name, offset } = repeated;
  throw invalidDefinitions([
    { ...positionOf(text, offset), path: name, message: 'this name stands here twice; keep one' },
  ]);
}

type Report = (path: RulePath, message: string) => void;

function setOf({ flags, $evaluators = {}, metadata: own = {} }: z.infer<typeof file>, report: Report): FlagSet {
  const known = new Map<string, FlagDefinition>();
  attempt(report, () => checkEvaluators($evaluators));
  for (const [key, declared] of Object.entries(flags)) {
    attempt(report, () => {
      const definition = definitionOf(key, declared, $evaluators);
      checkVariants(key, definition, report);
      checkGuard(key, definition, report);
      compileFlag(key, { ...definition, state: 'ENABLED' }, own);
      known.set(key, definition);
    });
  }
  return { flags: known, metadata: own };
}

function attempt(report: Report, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (error instanceof RangeError) return report([], 'a rule is nested too deeply');
    if (!(error instanceof RuleProblem)) throw error;
    report(error.path, error.message);
  }
}

function definitionOf(
  key: string,
  { state, variants, defaultVariant, targeting, metadata: own, lotse }: z.infer<typeof flag>,
  evaluators: Readonly<Record<string, JsonValue>>,
): FlagDefinition {
  const path = ['flags', key, 'targeting'];
  return {
    ...{ state, variants, metadata: own ?? {} },
    // As in flagd, an empty name is none.
    defaultVariant: defaultVariant || null,
    targeting: targeting === undefined ? null : resolveReferences(targeting, evaluators, path),
    additions: {
      offVariant: lotse?.off ?? null,
      fromMs: msOf(lotse?.from),
      untilMs: msOf(lotse?.until),
      guard: lotse?.guard ?? [],
    },
  };
}

function checkVariants(
  key: string,
  { variants, defaultVariant, additions: own }: FlagDefinition,
  report: Report,
): void {
  const at = (...path: readonly string[]) => ['flags', key, ...path];
  const names = Object.keys(variants);
  const isKnown = (name: string | null) => name === null || Object.hasOwn(variants, name);
  if (names.length === 0) report(at('variants'), 'a flag has at least one variant');
  const kinds = new Set(Object.values(variants).map(kindOf));
  if (kinds.size > 1) report(at('variants'), `variants are all of one type, not ${[...kinds].join(' and ')}`);
  if (kinds.has('null') || kinds.has('array')) {
    report(at('variants'), 'a variant is true, false, a number, a text or an object');
  }
  if (!isKnown(defaultVariant)) report(at('defaultVariant'), unknown(defaultVariant, names));
  if (!isKnown(own.offVariant)) report(at('lotse', 'off'), unknown(own.offVariant, names));
  if (own.fromMs !== null && own.untilMs !== null && own.untilMs <= own.fromMs) {
    report(at('lotse', 'until'), 'it ends before it begins');
  }
}

/** What tells variants apart in a query is their names; what they are compared with is what everybody gets when it is off. */
function checkGuard(key: string, { variants, additions: { guard, offVariant } }: FlagDefinition, report: Report): void {
  if (guard.length === 0) return;
  const at = ['flags', key, 'lotse', 'guard'];
  const names = Object.keys(variants);
  if (offVariant === null)
    report(at, 'with `guard` there is also `off`: the variant that the others are compared with');
  else if (names.length < 2) report(at, 'there is no other variant that could do harm');
  const unfit = names.find((name) => !variantInQueries.test(name));
  if (unfit === undefined) return;
  const message = `this name stands in queries of signals: letters, digits, _ and -, not ${JSON.stringify(unfit)}`;
  report(['flags', key, 'variants', unfit], message);
}

function unknown(name: string | null, names: readonly string[]): string {
  return `there is no variant ${JSON.stringify(name)}; there are ${names.join(', ')}`;
}

function kindOf(value: JsonValue): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function msOf(text: string | undefined): number | null {
  return text === undefined ? null : Date.parse(text);
}

function pathOf(path: readonly PropertyKey[]): RulePath {
  return path.map((part) => (typeof part === 'number' ? part : String(part)));
}

export function invalidDefinitions(problems: readonly FlagProblem[]): LotseError {
  const lines = problems.map(({ line, column, path, message }) => {
    const place = `${flagsFile}:${line}:${column}`;
    return path === '' ? `${place} ${message}` : `${place} ${path}: ${message}`;
  });
  const summary = lines.length === 1 ? (lines[0] ?? '') : `${flagsFile} has ${lines.length} problems`;
  const hint = 'docs/guides/flags.md shows what a flag consists of.';
  return new LotseError('manifest-invalid', summary, { hint, details: lines });
}
