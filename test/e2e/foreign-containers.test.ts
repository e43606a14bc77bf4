import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseManifest } from '../../src/manifest/parse-manifest.ts';
import { findTestEngine } from '../harness/docker-engine.ts';
import { removeAllOf } from '../harness/docker-target-setup.ts';
import { foreignHarbour } from '../harness/foreign-harbour.ts';
import { sail } from '../harness/sail.ts';

const found = await findTestEngine();
if (found.skip !== false) console.log(`skipped: ${found.skip}`);

describe('a web app with a Dockerfile', { skip: found.skip }, () => {
  if (found.skip !== false) return;
  const { engine, address } = found;
  const arrive = foreignHarbour(['--docker', `unix://${address.path}`], async (state) => {
    await removeAllOf(engine, readFileSync(join(state, 'docker/target/id'), 'utf8').trim());
  });

  test('goes out as containers of its image, from init to down', async () => {
    const app = arrive('dashboard');
    const { stderr } = await app.init();
    assert.match(stderr, /There is a Dockerfile: it goes out as containers/);
    const manifest = parseManifest(app.manifest, { file: 'lotse.yaml', hasDockerfile: true });
    assert.deepEqual([manifest.app, manifest.target], ['dashboard', 'docker']);
    const [before, after] = ['<h1>dashboard v1</h1>', '<h1>dashboard v2</h1>'];
    await sail(app, { file: 'src/build.mjs', from: /v1/, to: 'v2', before, after });
  });
});
