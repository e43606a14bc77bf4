import { isJsonObject } from '../documents/fields.ts';
import type { Json, JsonObject } from '../documents/documents.ts';

/** Reads fields of a stored document by their type; each throws with the field's name when it holds something else. */
export const textOf = (data: JsonObject, field: string): string => {
  const value = data[field];
  return typeof value === 'string' ? value : fail(field, 'a text', value);
};

export const numberOf = (data: JsonObject, field: string): number => {
  const value = data[field];
  return typeof value === 'number' ? value : fail(field, 'a number', value);
};

export const booleanOf = (data: JsonObject, field: string): boolean => {
  const value = data[field];
  return typeof value === 'boolean' ? value : fail(field, 'true or false', value);
};

export const objectOf = (data: JsonObject, field: string): JsonObject => {
  const value = data[field];
  return isJsonObject(value) ? value : fail(field, 'an object', value);
};

export const listOf = <T>(data: JsonObject, field: string, read: (item: JsonObject) => T): readonly T[] => {
  const value = data[field];
  if (!Array.isArray(value)) return fail(field, 'a list', value);
  const items: readonly Json[] = value;
  return items.map((item) => read(isJsonObject(item) ? item : fail(field, 'a list of objects', item)));
};

/** `null` stands for "not known yet"; so does a field that an older release never wrote. */
export const orNull = <T>(data: JsonObject, field: string, read: (data: JsonObject, field: string) => T): T | null =>
  data[field] === null || data[field] === undefined ? null : read(data, field);

export const oneOf = <T extends string>(data: JsonObject, field: string, allowed: readonly T[]): T => {
  const value = data[field];
  return allowed.find((one) => one === value) ?? fail(field, `one of ${allowed.join(', ')}`, value);
};

function fail(field: string, expected: string, value: Json | undefined): never {
  throw new Error(`"${field}" should be ${expected}, not ${JSON.stringify(value)}`);
}
