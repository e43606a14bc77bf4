import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readWorkingTree } from './read-working-tree.ts';

function appWith(t: TestContext, web: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'lotse-tree-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'lotse.yaml'), `app: shop\nservices:\n  web:\n    port: 3000\n${web}environments: {}\n`);
  writeFileSync(join(folder, 'Dockerfile'), 'FROM node\nCMD ["node", "server.js"]\n');
  return folder;
}

test('a service that leaves its start to its image is refused, with what to write', async (t) => {
  await assert.rejects(readWorkingTree(appWith(t, '')), {
    code: 'bad-input',
    message: /^services\.web has no `run`, and dev runs processes/,
    hint: /`run: node server\.js` under services\.web/,
  });
});

test('a service of an app with a Dockerfile runs as its `run` says', async (t) => {
  const { services } = await readWorkingTree(appWith(t, '    run: node server.js\n'));
  assert.deepEqual(
    services.map(({ definition }) => definition.argv),
    [['node', 'server.js']],
  );
});
