import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { DockerEngine } from '../../../docker-engine/docker-engine.ts';
import { baseImage } from '../../../../test/harness/docker-base-image.ts';
import { startDockerBuilderTest } from '../../../../test/harness/docker-builder-setup.ts';
import { findTestEngine } from '../../../../test/harness/docker-engine.ts';
import { startOtherMachine } from '../../../../test/harness/other-machine.ts';
import { openDockerBuilder } from './docker-builder.ts';

const found = await findTestEngine();
const other = await startOtherMachine({ withBaseImage: false, diskBytes: 500 * 2 ** 20 });
const skip = found.skip === false ? other.skip : found.skip;
if (skip !== false) console.log(`skipped: ${skip}`);

describe('an engine with a small disk on another machine', { skip }, () => {
  if (found.skip !== false || other.skip !== false) return;
  const there = new DockerEngine(other.address);
  after(() => {
    there.close();
    other.release();
  });

  test('gets an image that was built here, ready to run, and the second time nothing', async () => {
    await using world = await startDockerBuilderTest(found);
    const { digest } = await world.build({ 'a.js': "console.log('from afar')" });
    await world.builder.deliver(digest, there, world.never);
    await world.builder.deliver(digest, there, world.never);
    const id = await there.containers.create('there', { Image: digest, Cmd: ['node', 'a.js'] });
    await there.containers.start(id);
    assert.equal(await there.containers.wait(id), 0);
    let text = '';
    for await (const { bytes } of there.containers.logs(id, {})) text += bytes.toString();
    assert.equal(text, 'from afar\n');
    const nobody = `sha256:${'0'.repeat(64)}`;
    await assert.rejects(world.builder.deliver(nobody, there, world.never), { code: 'not-found' });
    const [repository = '', tag = ''] = baseImage.split(':');
    await there.images.tag(digest, repository, tag); // For the next test: it has all that the base image has.
    await world.builder.tidy(there);
    assert.equal((await tagsOf(digest)).length, 1, 'what is kept here is kept there');
    await world.builder.collect('shop', []);
    const stranger = await openDockerBuilder({ stateDir: `${world.stateDir}-stranger`, engine: found.engine });
    await stranger.tidy(there);
    assert.equal((await tagsOf(digest)).length, 1, 'of others nothing is touched');
    await world.builder.tidy(there);
    assert.deepEqual(await tagsOf(digest), []);
    await there.containers.remove(id);
  });

  async function tagsOf(digest: string): Promise<readonly string[]> {
    return ((await there.images.inspect(digest)).RepoTags ?? []).filter((name) => name.startsWith('lotse/'));
  }

  test('a build for which there is no room says so, whichever builder it is, and nothing of it is kept', async () => {
    await using world = await startDockerBuilderTest(found);
    const builder = await openDockerBuilder({ stateDir: world.stateDir, engine: there });
    for (const mount of ['', '--mount=type=tmpfs,target=/scratch ']) {
      const step = `RUN ${mount}dd if=/dev/zero of=/large bs=1M count=600`;
      const order = world.order(await world.pack({ Dockerfile: `FROM ${baseImage}\n${step}\n` }));
      const building = builder.build(order, () => undefined, world.never);
      await assert.rejects(building, { code: 'disk-full', hint: /docker system df/ }, mount);
      assert.deepEqual(await builder.list('shop'), []);
    }
  });

  test('an engine that dies in the middle of a build ends it with what to do, and builds again afterwards', async () => {
    await using world = await startDockerBuilderTest(found);
    const builder = await openDockerBuilder({ stateDir: world.stateDir, engine: there });
    const order = world.order(await world.pack({ Dockerfile: `FROM ${baseImage}\nRUN echo waiting; sleep 60\n` }));
    const kills: Promise<void>[] = [];
    const onLine = (line: string): void => {
      if (line === 'waiting') kills.push(other.order('kill'));
    };
    await assert.rejects(builder.build(order, onLine, world.never), { code: 'unreachable', retriable: true });
    await Promise.all(kills);
    await other.order('start');
    const again = world.order(await world.pack({ Dockerfile: `FROM ${baseImage}\nRUN true\n` }));
    const artifact = await builder.build(again, () => undefined, world.never);
    assert.deepEqual(await builder.find(artifact.digest), artifact);
  });
});
