import type { z } from 'zod';
import { nearestKey, nearestOf } from './nearest.ts';
import type { Finding, Path } from './problem.ts';
import { formatPath } from './problem.ts';
import { SchemaGuide } from './schema-guide.ts';

type Issue = z.core.$ZodIssue;

/** What a value was expected to be, for the issues whose schema does not say it itself. */
export const expectedTexts: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return plainTypes[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.map(String).join(' or ');
    default:
      return 'another value';
  }
};

const plainTypes: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

/** Turns what the schema found into findings: what was expected, what was found, which key was probably meant. */
export function shapeFindings(issues: readonly Issue[], value: unknown): readonly Finding[] {
  const guide = new SchemaGuide();
  const findings = issues.flatMap((issue) => findingsOf(issue, [], value, guide));
  return findings.filter((finding) => !isExplained(finding, findings));
}

/** A missing key that stands there misspelled is one problem, not two. */
function isExplained(finding: Finding, findings: readonly Finding[]): boolean {
  if (finding.found !== nothing) return false;
  const around = formatPath(finding.path.slice(0, -1));
  return findings.some(
    (other) =>
      other.kind === 'unknown-key' &&
      other.nearest === finding.path.at(-1) &&
      formatPath(other.path.slice(0, -1)) === around,
  );
}

/** What is found where a key is missing. */
const nothing = 'nothing';

function findingsOf(issue: Issue, around: Path, value: unknown, guide: SchemaGuide): readonly Finding[] {
  const path = [...around, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((unknown) => unknownKey(unknown, path, guide));
    case 'invalid_key':
      return [mismatch(path, issue.issues[0]?.message ?? 'another name', JSON.stringify(path.at(-1)), 'key')];
    case 'custom':
      return [{ kind: 'shape', path, message: issue.message }];
    case 'invalid_union': {
      const meant = branchThatWasMeant(issue.errors);
      if (meant !== null) return meant.flatMap((inner) => findingsOf(inner, path, value, guide));
      return [wrongValue(path, issue.message, value, guide)];
    }
    case 'invalid_value':
      return [wrongValue(path, issue.message, value, guide)];
    default:
      return [wrongValue(path, issue.message, value)];
  }
}

/** The branch whose form fits, so that only something inside of it is wrong; null when none fits. */
function branchThatWasMeant(branches: readonly (readonly Issue[])[]): readonly Issue[] | null {
  const isInside = (issue: Issue) =>
    issue.path.length > 0 || issue.code === 'unrecognized_keys' || issue.code === 'custom';
  const fitting = branches.filter((branch) => branch.length > 0 && branch.every(isInside));
  return fitting.toSorted((a, b) => a.length - b.length)[0] ?? null;
}

function unknownKey(unknown: string, path: Path, guide: SchemaGuide): Finding {
  const keys = guide.keysAt(path);
  const nearest = nearestKey(unknown, keys);
  const advice = nearest === null ? `the keys here are ${keys.join(', ')}` : `did you mean "${nearest}"?`;
  return {
    kind: 'unknown-key',
    path: [...path, unknown],
    at: 'key',
    message: `there is no key ${JSON.stringify(unknown)} here; ${advice}`,
    expected: keys.join(', '),
    found: unknown,
    ...(nearest === null ? {} : { nearest }),
  };
}

/** With a guide one of the fixed words for the place may be suggested. */
function wrongValue(path: Path, expected: string, root: unknown, guide?: SchemaGuide): Finding {
  const value = valueAt(root, path);
  if (value === undefined && path.length > 0) {
    if (typeof path.at(-1) === 'number')
      return wrongValue(path.slice(0, -1), `a list that begins with ${expected}`, root);
    const message = `the key "${String(path.at(-1))}" is missing; expected ${expected}`;
    return { kind: 'shape', path, at: 'key', message, expected, found: nothing };
  }
  const nearest = typeof value === 'string' && guide !== undefined ? nearestOf(value, guide.wordsAt(path)) : null;
  return mismatch(path, expected, describeValue(value), 'value', nearest);
}

function mismatch(
  path: Path,
  expected: string,
  found: string,
  at: 'key' | 'value',
  nearest: string | null = null,
): Finding {
  const question = nearest === null ? '' : `; did you mean "${nearest}"?`;
  const message = `expected ${expected}; found ${found}${question}`;
  return { kind: 'shape', path, at, message, expected, found, ...(nearest === null ? {} : { nearest }) };
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.getOwnPropertyDescriptor(value, part)?.value;
  }
  return value;
}

function describeValue(value: unknown): string {
  if (value === null || value === undefined) return nothing;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = JSON.stringify(value) ?? nothing;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
