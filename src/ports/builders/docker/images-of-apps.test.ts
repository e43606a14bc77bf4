import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Secret } from '../../../core/secret.ts';
import { DockerEngine } from '../../../docker-engine/docker-engine.ts';
import { startDockerBuilderTest } from '../../../../test/harness/docker-builder-setup.ts';
import { findTestEngine } from '../../../../test/harness/docker-engine.ts';
import { startTinyRegistry } from '../../../../test/harness/tiny-registry.ts';
import { openDockerBuilder } from './docker-builder.ts';

const found = await findTestEngine();
if (found.skip !== false) console.log(`skipped: ${found.skip}`);

describe('images of apps', { skip: found.skip }, () => {
  test('an image carries its app as label, and a tag that keeps it from being pruned', async () => {
    await using world = await startDockerBuilderTest(found);
    const { digest } = await world.build({ 'a.js': '1' });
    const image = await world.engine.images.inspect(digest);
    assert.equal(image.Config.Labels?.['lotse.app'], 'shop');
    assert.match(image.RepoTags?.join(' ') ?? '', /^lotse\/shop:[0-9a-f]{10}-[0-9a-f]{16}$/);
  });

  test('a source without a Dockerfile is refused with what to do', async () => {
    await using world = await startDockerBuilderTest(found);
    const building = world.buildPlain({ 'server.js': '1', 'deploy/Dockerfile.web': 'FROM scratch' });
    await assert.rejects(building, { code: 'bad-input', message: /no Dockerfile .*deploy\/Dockerfile\.web/ });
  });

  test('a Dockerfile that the engine does not understand fails the build with its words', async () => {
    await using world = await startDockerBuilderTest(found);
    await assert.rejects(world.build({ Dockerfile: 'FROM scratch\nBLAH x\n' }), {
      code: 'build-failed',
      message: /BLAH/i,
    });
  });

  test('what .dockerignore names is not in the image, whichever builder it is', async () => {
    await using world = await startDockerBuilderTest(found);
    for (const [key, step] of [
      ['classic', ''],
      ['BuildKit', 'RUN --mount=type=tmpfs,target=/scratch true\n'],
    ] as const) {
      const lines: string[] = [];
      const source = {
        Dockerfile: `${world.firstLines}\n${step}COPY . /app\nRUN find /app -type f | sort\n`,
        '.dockerignore': '**/*.log\nnode_modules\n!keep.log\n',
        'keep.log': '1',
        'web/a.log': '1',
        'node_modules/b.js': '1',
        'web/c.js': '1',
      };
      await world.build(source, { key }, lines);
      const files = lines.filter((line) => line.startsWith('/app/') && !/ockerfile|dockerignore/.test(line));
      assert.deepEqual(files, ['/app/keep.log', '/app/web/c.js'], key);
    }
  });

  test('collect never takes an image that a container is made of, running or not', async () => {
    await using world = await startDockerBuilderTest(found);
    const { digest } = await world.build({ 'a.js': '1' });
    const { containers } = world.engine;
    const id = await containers.create(`lotse-test-${world.world}`, { Image: digest, Cmd: ['sleep', '60'] });
    try {
      assert.deepEqual(await world.builder.collect('shop', []), []);
      await containers.start(id);
      assert.deepEqual(await world.builder.collect('shop', []), []);
      assert.notEqual(await world.builder.find(digest), null);
    } finally {
      await containers.remove(id, { force: true });
    }
    assert.deepEqual(await world.builder.collect('shop', []), [digest]);
    await assert.rejects(world.engine.images.inspect(digest), { failure: 'not-found' });
  });

  test('collect leaves images alone that another control plane on the same engine has built', async () => {
    await using world = await startDockerBuilderTest(found);
    const elsewhere = await openDockerBuilder({ stateDir: join(world.folder, 'other'), engine: world.engine });
    const sourceTar = await world.pack({ 'a.js': '1' });
    const one = await world.run(sourceTar);
    const other = await elsewhere.build(world.order(sourceTar), () => undefined, world.never);
    assert.equal(one.digest, other.digest, 'the cache of the engine has all steps');
    assert.deepEqual(await world.builder.collect('shop', []), [one.digest]);
    assert.deepEqual(await elsewhere.find(other.digest), other);
    assert.deepEqual(await elsewhere.collect('shop', []), [other.digest]);
  });

  test('an image that somebody removed is not found, and the same build makes it again', async () => {
    await using world = await startDockerBuilderTest(found);
    const { digest } = await world.build({ 'a.js': '1' });
    for (const tag of (await world.engine.images.inspect(digest)).RepoTags ?? []) await world.engine.images.remove(tag);
    assert.equal(await world.builder.find(digest), null);
    assert.deepEqual(await world.builder.list('shop'), []);
    const again = await world.build({ 'a.js': '1' });
    assert.deepEqual(await world.builder.find(again.digest), again);
  });

  test('an engine that does not answer is an error, not an image that is gone', async () => {
    await using world = await startDockerBuilderTest(found);
    const { digest } = await world.build({ 'a.js': '1' });
    const engine = new DockerEngine({ kind: 'socket', path: '/no/such.sock' });
    const blind = await openDockerBuilder({ stateDir: world.stateDir, engine });
    await assert.rejects(blind.find(digest), { code: 'unreachable', message: /No Docker engine/ });
    const order = world.order(await world.pack({ 'b.js': '1' }), { key: 'new' });
    await assert.rejects(
      blind.build(order, () => undefined, world.never),
      { code: 'unreachable', retriable: true },
    );
  });

  test('a step of a cancelled build does not go on', async () => {
    await using world = await startDockerBuilderTest(found);
    const stop = new AbortController();
    const mark = `71${Math.floor(Math.random() * 1e6)}`;
    const source = { Dockerfile: `${world.firstLines}\nRUN echo waiting; sleep ${mark}\n` };
    const order = world.order(await world.pack(source));
    const building = world.builder.build(order, (line) => line === 'waiting' && stop.abort(), stop.signal);
    await assert.rejects(building, { code: 'cancelled' });
    // A container may go between the list and the look at it.
    const commandOf = async (id: string) =>
      (await world.engine.containers.inspect(id).catch(() => null))?.Config.Cmd?.join(' ') ?? '';
    const runs = async () => {
      const running = await world.engine.containers.list({ status: ['running'] });
      return (await Promise.all(running.map(({ Id }) => commandOf(Id)))).some((command) => command.includes(mark));
    };
    for (let tries = 0; tries < 600 && (await runs()); tries++) await pause(100);
    assert.equal(await runs(), false);
  });

  test('a build that needs more than its memory fails, and says so', async (t) => {
    await using world = await startDockerBuilderTest(found);
    if (!(await world.engine.info()).MemoryLimit) return t.skip('the engine cannot limit memory');
    const eat = 'const e = []; for (;;) e.push(Buffer.alloc(8e6, 1))';
    const source = { Dockerfile: `${world.firstLines}\nRUN node -e "${eat}"\n` };
    await assert.rejects(world.build(source, { memoryBytes: 200e6 }), {
      code: 'build-failed',
      message: /want of memory/,
    });
  });
});

describe('images to begin with', { skip: found.skip }, () => {
  const login = { username: 'lotse', password: 'pass-4711-word' };

  for (const [builder, step] of [
    ['classic', ''],
    ['BuildKit', 'COPY --chmod=0644 Dockerfile /with-build-kit\n'],
  ] as const) {
    test(`a private registry gets its credentials, and nobody else hears of them (${builder})`, async () => {
      await using outer = await startDockerBuilderTest(found);
      const folder = join(outer.folder, 'layer');
      await mkdir(folder);
      await writeFile(join(folder, 'hello.txt'), outer.world);
      const registry = await startTinyRegistry({ login, folder });
      try {
        const dockerfile = `FROM ${registry.image}\nLABEL world=${outer.world}\n${step}`;
        await assert.rejects(outer.build({ Dockerfile: dockerfile }), { code: 'build-failed', hint: /credentials/ });
        assert.ok(registry.refused.length > 0);
        const credential = { username: login.username, password: new Secret(login.password) };
        const lines: string[] = [];
        const registries = { [registry.name]: credential };
        const { digest } = await outer.build({ Dockerfile: dockerfile }, { registries }, lines);
        assert.ok((await outer.engine.images.inspect(digest)).Size > 0);
        assert.ok(!lines.join('\n').includes(login.password));
        await outer.engine.images.remove(registry.image).catch(() => undefined); // BuildKit pulls without a tag.
      } finally {
        await registry.stop();
      }
    });
  }

  for (const [builder, step] of [
    ['classic', ''],
    ['BuildKit', 'COPY --chmod=0644 Dockerfile /with-build-kit\n'],
  ] as const) {
    test(`a registry that refuses fails the build with what to do about it (${builder})`, async () => {
      await using world = await startDockerBuilderTest(found);
      const folder = join(world.folder, 'nothing');
      await mkdir(folder);
      for (const [status, code, message, hint] of [
        [401, 'UNAUTHORIZED', 'authentication required', /docker login/],
        [403, 'DENIED', 'requested access to the resource is denied', /docker login/],
        [404, 'MANIFEST_UNKNOWN', 'manifest unknown', /the tag after FROM/],
        [429, 'TOOMANYREQUESTS', 'You have reached your pull rate limit', /limits how often/],
      ] as const) {
        const registry = await startTinyRegistry({ login: null, folder, refusal: { status, code, message } });
        const building = world.build({ Dockerfile: `FROM ${registry.image}\n${step}` }, { key: code });
        await assert.rejects(building, { code: 'build-failed', retriable: true, hint }, `${status}`);
        await registry.stop();
      }
    });
  }

  test('an image that no registry has fails the build, and says what to look at', async () => {
    await using world = await startDockerBuilderTest(found);
    const registry = await startTinyRegistry({ login: null, folder: world.folder });
    try {
      const building = world.build({ Dockerfile: `FROM ${registry.name}/nothing:2\n` });
      await assert.rejects(building, { code: 'build-failed', message: /nothing/, hint: /FROM/ });
    } finally {
      await registry.stop();
    }
  });
});
