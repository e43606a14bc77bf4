import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { checkManifest } from '../parse-manifest.ts';
import type { SchemaNode } from './json-schema.ts';
import { describeSchema, editorSchema, partKeys } from './json-schema.ts';

const validate = new Ajv2020({
  strict: true,
  strictTypes: false,
  strictTuples: false,
  allowUnionTypes: true,
  formats: { email: true },
}).compile(editorSchema());

function fixture(name: string): string {
  return readFileSync(join(import.meta.dirname, '..', 'fixtures', name), 'utf8');
}

test('the schema for editors is valid draft 2020-12 and accepts the files that Lotse knows', () => {
  for (const name of ['smallest.yaml', 'bildwerk.yaml', 'bildwerk-full.yaml']) {
    assert.equal(validate(parse(fixture(name))), true, `${name}: ${JSON.stringify(validate.errors)}`);
  }
});

test('the schema for editors refuses unknown keys and wrong values', () => {
  for (const text of [
    'app: shop',
    'app: shop\nservices: { web: { prot: 1 } }',
    'app: shop\nservices: { web: { drain: 30 } }',
    'app: shop\nservices: { web: { drain: 30m1h } }',
    'app: shop\nservices: { web: {} }\nstores: { a: { folder: ../x } }',
    'app: shop\nservices: { Web: {} }',
    'app: shop\nservices: { web: { run: [] } }',
  ]) {
    assert.equal(validate(parse(text)), false, text);
  }
});

test('what is not built yet says so in the schema for editors', () => {
  const { properties, $defs } = editorSchema();
  assert.match($defs?.['Store']?.properties?.['rules']?.description ?? '', /Not built yet: refused\.$/);
  assert.doesNotMatch(properties?.['notify']?.description ?? '', /Not built yet/);
  assert.doesNotMatch(properties?.['secrets']?.description ?? '', /Not built yet/);
  assert.match(properties?.['target']?.description ?? '', /refused: kubernetes, cloud-run\.$/);
  assert.match($defs?.['PipelineJob']?.properties?.['image']?.description ?? '', /Not built yet/);
  assert.doesNotMatch($defs?.['Gates']?.properties?.['scans']?.description ?? '', /Not built yet/);
  assert.doesNotMatch($defs?.['Strategy']?.properties?.['canary']?.description ?? '', /Not built yet/);
  assert.doesNotMatch($defs?.['Service']?.properties?.['port']?.description ?? '', /Not built yet/);
});

/** Every key with its example, at the place it belongs. */
function exampleFile(): Record<string, unknown> {
  const schema = describeSchema();
  const examplesOf = (node: SchemaNode | undefined) =>
    Object.fromEntries(Object.entries(node?.properties ?? {}).map(([key, inner]) => [key, inner.examples?.[0]]));
  const part = (name: keyof typeof partKeys) => examplesOf(schema.$defs?.[name]);
  const production = { ...part('Environment'), after: 'staging', strategy: part('Strategy'), gates: part('Gates') };
  const pipelineJob = { ...part('PipelineJob'), cache: part('PipelineCache'), reports: part('PipelineReports') };
  return {
    ...examplesOf(schema),
    build: part('Build'),
    services: { web: part('Service') },
    jobs: { reindex: part('Job') },
    stores: { pictures: part('Store') },
    pipeline: { ...part('Pipeline'), jobs: { test: { run: 'true' }, scan: pipelineJob } },
    verify: part('Verify'),
    notify: part('Notify'),
    environments: { staging: {}, production: { ...production, services: { web: part('ServiceOverride') } } },
  };
}

test('every key has a description and an example, and every example is valid', () => {
  const schema = describeSchema();
  const nodes = [schema, ...Object.keys(partKeys).map((name) => schema.$defs?.[name] ?? {})];
  for (const [key, node] of nodes.flatMap((part) => Object.entries(part.properties ?? {}))) {
    assert.ok(node.description && node.examples?.length === 1, key);
    assert.ok(node.description.endsWith('.'), `${key}: a description is a sentence`);
  }
  const file = exampleFile();
  assert.equal(validate(file), true, JSON.stringify(validate.errors));
  const { problems } = checkManifest(JSON.stringify(file), { file: 'lotse.yaml', hasDockerfile: false });
  const wrong = problems.filter((problem) => problem.kind !== 'not-built-yet' && problem.kind !== 'meaning');
  assert.deepEqual(wrong, []);
});

test('every key that may be left out says what applies then', () => {
  const schema = describeSchema();
  for (const [part, node] of [['', schema] as const, ...Object.entries(schema.$defs ?? {})]) {
    for (const [key, inner] of Object.entries(node.properties ?? {})) {
      if (node.required?.includes(key)) continue;
      assert.ok(inner.leftOut !== undefined || inner.default !== undefined, `${part} ${key}`);
    }
  }
});
