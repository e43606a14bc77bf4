import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { filesWith } from '../harness/find-leaks.ts';
import { shopManifest, shopTar } from '../harness/shop-app.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';

const at = '/apps/shop/environments/build/secrets';
const value = 'tell-nobody-4711';
const files = {
  'package.json': JSON.stringify({ scripts: { build: 'node build.mjs' } }),
  'build.mjs': `import { writeFileSync } from 'node:fs';
writeFileSync('length.txt', String(process.env.NPM_TOKEN.length));
console.log('with', process.env.NPM_TOKEN);
`,
};

test('a build whose secret has no value is refused with what to do; one that has it keeps nothing of it', async (t) => {
  const lotse = await temporaryLotse(t);
  await lotse.start();
  const manifest = shopManifest({ more: { build: { secrets: ['NPM_TOKEN'] } } });
  const tar = await shopTar(manifest, files);
  const refused = await lotse.client.build(tar);
  assert.match(JSON.stringify(refused.error), /lotse secret set NPM_TOKEN build/);

  await lotse.client.ask(`PUT ${at}/NPM_TOKEN`, { value });
  const rotation = await lotse.client.refusal(`POST ${at}/NPM_TOKEN/rotation`, { value: 'another-one' });
  assert.match(rotation.detail, /nothing to rotate/);

  const built = await lotse.client.build(tar);
  assert.equal(built.error, null, JSON.stringify(built));
  const holders = filesWith(join(lotse.state, 'builds', 'artifacts'), [String(value.length)]);
  const artifact = holders.find((path) => path.endsWith('length.txt'));
  assert.ok(artifact !== undefined, 'the build had it');
  assert.deepEqual(filesWith(lotse.state, [value]), []);
  const failing = { ...files, 'build.mjs': `${files['build.mjs']}process.exit(3);\n` };
  const failed = JSON.stringify(await lotse.client.build(await shopTar(manifest, failing)));
  assert.match(failed, /exit status 3/);
  assert.match(failed, /with \*\*\*/);
  assert.ok(!failed.includes(value));
  assert.deepEqual(filesWith(lotse.state, [value]), []);
  const journal = JSON.stringify(await lotse.client.ask('GET /apps/shop/journal?last=100'));
  assert.match(journal, /build-secrets-used/);
  assert.ok(!journal.includes(value));
});
