import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buffer } from 'node:stream/consumers';
import { Secret } from '../../../core/secret.ts';
import { startDockerBuilderTest } from '../../../../test/harness/docker-builder-setup.ts';
import { findTestEngine } from '../../../../test/harness/docker-engine.ts';
import { builderContract } from '../builders.contract.ts';

const found = await findTestEngine();
if (found.skip !== false) console.log(`skipped: ${found.skip}`);
const value = 'tell-nobody-4711';
const secrets = { NPM_TOKEN: new Secret(value) };

describe('with BuildKit', { skip: found.skip }, () => {
  builderContract('docker builder', () => startDockerBuilderTest(found, { needsBuildKit: true }));

  test('a build secret is there for the step that asks for it, and in no layer, history or line', async () => {
    await using world = await startDockerBuilderTest(found);
    const lines: string[] = [];
    const dockerfile = [
      world.firstLines,
      'RUN --mount=type=secret,id=NPM_TOKEN,required=true wc -c < /run/secrets/NPM_TOKEN > /made',
      'RUN --mount=type=secret,id=NPM_TOKEN cat /run/secrets/NPM_TOKEN; echo',
    ].join('\n');
    const artifact = await world.build({ Dockerfile: dockerfile }, { secrets }, lines);
    assert.ok(lines.includes('***'), lines.join('\n'));
    assert.ok(!lines.join('\n').includes(value));
    const image = await buffer(await world.engine.images.save([artifact.digest]));
    assert.ok(image.includes('made'), 'the step has run');
    assert.ok(!image.includes(value), 'the value is in the image');
    assert.ok(!image.includes(Buffer.from(value).toString('base64')));
  });

  test('a build that needs a secret that nobody gave says which', async () => {
    await using world = await startDockerBuilderTest(found);
    const step = 'RUN --mount=type=secret,id=OTHER,required=true cat /run/secrets/OTHER';
    const building = world.build({ Dockerfile: `${world.firstLines}\n${step}` }, { secrets });
    await assert.rejects(building, { code: 'build-failed', message: /OTHER/ });
  });

  test('a secret that a failing step prints is in neither the message nor the details', async () => {
    await using world = await startDockerBuilderTest(found);
    const step = 'RUN --mount=type=secret,id=NPM_TOKEN cat /run/secrets/NPM_TOKEN; exit 3';
    const building = world.build({ Dockerfile: `${world.firstLines}\n${step}` }, { secrets });
    await assert.rejects(building, (error: Error & { readonly details: readonly string[] }) => {
      assert.match(error.message, /exit code: 3/);
      assert.ok(error.details.some((line) => line.includes('***')));
      assert.ok(!JSON.stringify([error.message, error.details, `${error.stack}`]).includes(value));
      return true;
    });
  });
});
