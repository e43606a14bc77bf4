import { DocumentsError } from './documents.ts';
import type { Fields, Json, JsonObject } from './documents.ts';

/** `steps.check.state` → `['steps', 'check', 'state']`. Throws `invalid-argument` unless each part is a plain word. */
export function splitFieldPath(path: string): readonly [string, ...string[]] {
  const [first = '', ...rest] = path.split('.');
  if (![first, ...rest].every((part) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(part))) {
    throw new DocumentsError('invalid-argument', `"${path}" is not a field path: words joined by dots`);
  }
  return [first, ...rest];
}

/** The document with the named fields changed. Objects on the way are made where there are none. */
export function applyFields(data: JsonObject, fields: Fields): JsonObject {
  return Object.entries(fields).reduce((result, [path, value]) => withField(result, splitFieldPath(path), value), data);
}

function withField(data: JsonObject, path: readonly [string, ...string[]], value: Json): JsonObject {
  const [first, second, ...rest] = path;
  if (second === undefined) return { ...data, [first]: value };
  const inner = data[first];
  return { ...data, [first]: withField(isJsonObject(inner) ? inner : {}, [second, ...rest], value) };
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
