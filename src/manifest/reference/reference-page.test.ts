import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeSchema } from './json-schema.ts';
import { referencePage } from './reference-page.ts';

test('the page names every key of the schema', () => {
  const page = referencePage();
  const schema = describeSchema();
  for (const node of [schema, ...Object.values(schema.$defs ?? {})]) {
    for (const key of Object.keys(node.properties ?? {})) assert.ok(page.includes(`**\`${key}\`**`), key);
  }
});

test('every link on the page leads to a heading of it', () => {
  const page = referencePage();
  const anchors = [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title.toLowerCase().replaceAll(' ', '-'));
  const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
  assert.ok(links.length > 50);
  for (const link of links) assert.ok(anchors.includes(link), link);
});

test('docs/reference holds what the generator writes', () => {
  const root = join(import.meta.dirname, '..', '..', '..');
  const script = join(root, 'scripts', 'generate-manifest-reference.ts');
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8', timeout: 180_000 });
  assert.equal(status, 0, stderr);
});
