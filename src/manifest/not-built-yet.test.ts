import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findNotBuilt, notBuiltYet } from './not-built-yet.ts';
import type { SchemaNode } from './reference/json-schema.ts';
import { describeSchema } from './reference/json-schema.ts';

/** An object that has just one key, `x` standing for any name. */
function onlyKey(key: string, value: unknown): unknown {
  return key.split('.').reduceRight<unknown>((inner, part) => ({ [part === '*' ? 'x' : part]: inner }), value);
}

function resolve(schema: SchemaNode, node: SchemaNode): readonly SchemaNode[] {
  const target = node.$ref === undefined ? node : (schema.$defs?.[node.$ref.replace('#/$defs/', '')] ?? {});
  return target.anyOf === undefined ? [target] : target.anyOf.flatMap((branch) => resolve(schema, branch));
}

test('every key of the table is a key of the schema', () => {
  const schema = describeSchema();
  for (const { key } of notBuiltYet) {
    let nodes = resolve(schema, schema);
    for (const part of key.split('.')) {
      nodes = nodes.flatMap((node) => {
        const next = part === '*' ? node.additionalProperties : node.properties?.[part];
        return next ? resolve(schema, next) : [];
      });
    }
    assert.ok(nodes.length > 0, `${key} is in the table and not in the schema`);
  }
});

test('every key of the table is refused by name, whatever stands behind it', () => {
  for (const { key, values } of notBuiltYet) {
    const name = key.replaceAll('*', 'x');
    for (const value of values ?? [null, 1, 'text', [], {}]) {
      const messages = findNotBuilt(onlyKey(key, value)).map((finding) => finding.message);
      assert.equal(messages.length, 1, key);
      const what = values === undefined ? name : `${name}: ${String(value)}`;
      assert.ok(messages[0]?.startsWith(`\`${what}\` is part of the manifest but not built yet`), messages[0]);
    }
  }
});

test('the values of a key that are built are not refused', () => {
  assert.deepEqual(findNotBuilt({ target: 'process', stores: { x: { share: 'none' } } }), []);
  assert.deepEqual(findNotBuilt({ target: 'docker', environments: { production: { target: 'docker' } } }), []);
});
