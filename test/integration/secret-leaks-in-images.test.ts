import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { DockerEngine } from '../../src/docker-engine/docker-engine.ts';
import { findTestEngine } from '../harness/docker-engine.ts';
import { instanceImage, removeAllOf } from '../harness/docker-target-setup.ts';
import { filesWith, writtenForms } from '../harness/find-leaks.ts';
import type { Shop } from '../harness/shop-app.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { visit } from '../harness/visit.ts';

const found = await findTestEngine();
if (found.skip !== false) console.log(`skipped: ${found.skip}`);

const web = `import { createServer } from 'node:http';
createServer((request, response) => response.end(String(process.env.SESSION_KEY?.length))).listen(process.env.PORT);
`;
const files = { Dockerfile: 'FROM node:24-slim\nWORKDIR /app\nCOPY . .\nCMD ["node", "web.mjs"]\n', 'web.mjs': web };
const shop: Shop = { web: { run: undefined }, more: { target: undefined, secrets: ['SESSION_KEY'] } };
const value = `for images "${randomBytes(12).toString('hex')}" & 100 %\\ ä/+`;

/** Those of the texts that stand in an image, in its layers or in what is said about it. */
async function inImage(engine: DockerEngine, image: string, texts: readonly string[]): Promise<readonly string[]> {
  const escaped = (text: string) => JSON.stringify(text).slice(1, -1);
  const wanted = texts.map((text) => [text, Buffer.from(text), Buffer.from(escaped(text))] as const);
  const overlap = Math.max(...wanted.map(([, , bytes]) => bytes.length));
  const seen = new Set<string>();
  let rest = Buffer.alloc(0);
  for await (const chunk of await engine.images.save([image], { timeoutMs: 120_000 })) {
    const bytes = Buffer.concat([rest, chunk]);
    for (const [text, ...forms] of wanted) if (forms.some((form) => bytes.includes(form))) seen.add(text);
    rest = bytes.subarray(-overlap);
  }
  return texts.filter((text) => seen.has(text));
}

test(
  'a value that containers are given is in no image, and in nothing that is written',
  { skip: found.skip },
  async (t) => {
    assert.ok(found.skip === false);
    const { engine, address } = found;
    const lotse = await temporaryLotse(t);
    let state = '';
    lotse.beforeRemoval(() => (state = readFileSync(join(lotse.state, 'docker/target/id'), 'utf8').trim()));
    t.after(async () => await removeAllOf(engine, state));
    await lotse.start({ flags: ['--docker', `unix://${address.path}`] });
    await lotse.client.ask('PUT /apps/shop/environments/production/secrets/SESSION_KEY', { value, reason: 'new' });
    const release = await lotse.client.release(shop, { files });
    await lotse.client.deploy(release.id);
    assert.equal((await visit(await lotse.port())).body, String(value.length), 'the container has it');

    const forms = writtenForms(value);
    assert.deepEqual(await inImage(engine, release.artifact, forms), []);
    assert.deepEqual(filesWith(lotse.state, forms), []);

    // The same search finds each form in a layer.
    const plant = forms.map((form, number) => {
      const bytes = `Buffer.from('${Buffer.from(form).toString('hex')}', 'hex')`;
      return `RUN node -e "require('fs').writeFileSync('/tmp/planted-${number}', ${bytes})"`;
    });
    const planted = await instanceImage(engine, `${plant.join('\n')}\n`);
    t.after(async () => await engine.images.remove(planted));
    assert.deepEqual(await inImage(engine, planted, forms), forms);
  },
);
