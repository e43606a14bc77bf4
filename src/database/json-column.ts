import { LotseError } from '../core/errors.ts';

/** Anything that checks an unknown value and gives it a type, e.g. a zod schema. */
export interface Parser<T> {
  parse(value: unknown): T;
}

/** JSON text for a column. Throws a TypeError for what JSON cannot hold as a whole (undefined, a function). */
export function encodeJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (typeof text !== 'string') throw new TypeError(`A JSON column cannot hold ${typeof value}.`);
  return text;
}

/** The value of a JSON column, checked by `parser`; `where` names table and row in the error `journal-damaged`. */
export function decodeJson<T>(text: string, parser: Parser<T>, where: string): T {
  try {
    return parser.parse(JSON.parse(text));
  } catch (error) {
    throw new LotseError('journal-damaged', `${where} does not hold what this version of Lotse expects.`, {
      hint: 'Was the state edited by hand, or written by another version? `lotse journal check` tells what still verifies.',
      cause: error,
    });
  }
}
