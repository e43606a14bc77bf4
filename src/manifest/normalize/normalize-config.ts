import type { ConfigDeclaration } from '../app-manifest.ts';
import { expectedConfigValue, type ConfigKind } from '../config-values.ts';
import { reservedVariable } from '../names.ts';
import type { Path } from '../problem.ts';
import type { ConfigType } from '../schema/config.ts';
import type { Context } from './context.ts';
import { reportMeaning } from './context.ts';

type Plain = string | number | boolean;
interface WrittenDeclaration {
  readonly type: ConfigType;
  readonly values?: readonly Plain[] | undefined;
  readonly default?: Plain | undefined;
  readonly required?: boolean | undefined;
  readonly description?: string | undefined;
}
type Written<T> = Readonly<Record<string, T>> | undefined;

/** What is declared for the app or for a service. */
export function normalizeDeclarations(written: Written<Plain | WrittenDeclaration>, path: Path, context: Context) {
  const declarations: Record<string, ConfigDeclaration> = {};
  for (const [variable, entry] of Object.entries(written ?? {})) {
    const place = [...path, variable];
    checkVariable(variable, place, context);
    declarations[variable] =
      typeof entry === 'object'
        ? normalizeDeclaration(entry, place, context)
        : { type: 'string', value: plainText(entry, place, context), required: true, description: null };
  }
  return declarations;
}

/** What an environment or the build gives: the text of each value, exactly as written. */
export function normalizeValues(written: Written<Plain>, path: Path, context: Context): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [variable, value] of Object.entries(written ?? {})) {
    const place = [...path, variable];
    checkVariable(variable, place, context);
    values[variable] = plainText(value, place, context);
  }
  return values;
}

/** Reports a value that does not suit its type. */
export function checkConfigValue(kind: ConfigKind, text: string, path: Path, context: Context): void {
  const expected = expectedConfigValue(kind, text);
  if (expected === null) return;
  const found = JSON.stringify(text);
  context.report({ kind: 'shape', path, message: `expected ${expected}; found ${found}`, expected, found });
}

function normalizeDeclaration(written: WrittenDeclaration, path: Path, context: Context): ConfigDeclaration {
  const place = [...path, 'default'];
  const value = written.default === undefined ? null : plainText(written.default, place, context);
  const kind = kindOf(written, path, context);
  if (value !== null) checkConfigValue(kind, value, place, context);
  return {
    ...kind,
    value,
    required: written.required ?? true,
    description: written.description ?? null,
  };
}

function kindOf({ type, values }: WrittenDeclaration, path: Path, context: Context): ConfigKind {
  const isEnum = type === 'enum';
  if (isEnum && values === undefined) {
    reportMeaning(context, [...path, 'type'], 'an enum says what it may be: add `values: [a, b]`');
  }
  if (!isEnum && values !== undefined) {
    reportMeaning(context, [...path, 'values'], `only an enum has \`values\`, and this is ${type}`, 'key');
  }
  if (!isEnum) return { type };
  return { type, values: (values ?? []).map((each, index) => plainText(each, [...path, 'values', index], context)) };
}

/** `1.10` stays `1.10` and `TRUE` stays `TRUE`: a service gets what the user sees in the file. */
function plainText(value: Plain, path: Path, context: Context): string {
  return typeof value === 'string' ? value : (context.source.textAt(path) ?? String(value));
}

function checkVariable(variable: string, path: Path, context: Context): void {
  const reason = reservedVariable(variable);
  if (reason !== null) reportMeaning(context, path, `the variable ${variable} is taken: ${reason}`, 'key');
}
