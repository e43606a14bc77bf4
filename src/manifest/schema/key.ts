import type { z } from 'zod';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** What the reference says about a key. */
export interface KeyDoc {
  /** What it does, in a sentence or two. */
  readonly description: string;
  readonly example: Json;
  /** The value that applies when the key is left out. */
  readonly default?: Json;
  /** What applies when the key is left out, where that is no single value. */
  readonly leftOut?: string;
}

/** A key that may be left out. */
export function key<S extends z.ZodType>(schema: S, doc: KeyDoc) {
  return schema.optional().meta(metaOf(doc));
}

/** A key that must be there. */
export function requiredKey<S extends z.ZodType>(schema: S, doc: KeyDoc): S {
  return schema.meta(metaOf(doc));
}

/** Under names of our own: the JSON Schema that zod makes drops `default` and `examples` of values that are transformed. */
function metaOf({ example, default: preset, ...rest }: KeyDoc) {
  return { ...rest, samples: [example], ...(preset === undefined ? {} : { preset }) };
}
