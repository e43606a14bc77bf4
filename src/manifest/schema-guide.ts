import type { Path } from './problem.ts';
import type { SchemaNode } from './reference/json-schema.ts';
import { describeSchema } from './reference/json-schema.ts';

/** Knows what may stand where. Lives while the mistakes of one file are explained; the description is made when first needed. */
export class SchemaGuide {
  #described: SchemaNode | null = null;

  /** The keys of the mapping at a place. */
  keysAt(path: Path): readonly string[] {
    return this.#nodesAt(path).flatMap((node) => Object.keys(node.properties ?? {}));
  }

  /** The fixed words that may stand at a place. */
  wordsAt(path: Path): readonly string[] {
    return this.#nodesAt(path).flatMap((node) => (node.enum ?? []).map(String));
  }

  /** Every description that holds for a place: a union has several. */
  #nodesAt(path: Path): readonly SchemaNode[] {
    const schema = (this.#described ??= describeSchema());
    const expand = (node: SchemaNode): readonly SchemaNode[] => {
      const target = node.$ref === undefined ? node : (schema.$defs?.[node.$ref.replace('#/$defs/', '')] ?? {});
      return target.anyOf === undefined ? [target] : target.anyOf.flatMap(expand);
    };
    let nodes = expand(schema);
    for (const part of path) {
      nodes = nodes.flatMap((node) => {
        const next = typeof part === 'number' ? node.items : (node.properties?.[part] ?? node.additionalProperties);
        return next === undefined || next === false ? [] : expand(next);
      });
    }
    return nodes;
  }
}
