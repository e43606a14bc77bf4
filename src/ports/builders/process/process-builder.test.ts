import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Secret } from '../../../core/secret.ts';
import { startProcessBuilderTest } from '../../../../test/harness/process-builder-setup.ts';
import type { SourceEntry } from '../builders.contract.ts';
import { builderContract } from '../builders.contract.ts';
import type { BuildOrder } from '../builders.ts';

builderContract('process builder', () => startProcessBuilderTest());

const isRoot = process.getuid?.() === 0;
const never = new AbortController().signal;

test('locked packages are installed, the build script sees those for development, and they go again', async () => {
  await using world = await start();
  const lines: string[] = [];
  const artifact = await world.build(appWithPackages, {}, lines);
  const folder = (await world.builder.artifactFolder(artifact.digest)) ?? '';
  assert.equal(await readFile(join(folder, 'built.txt'), 'utf8'), 'tool and library');
  assert.deepEqual(await readdir(join(folder, 'node_modules')), ['.package-lock.json', 'library']);
  assert.ok(lines.includes('npm ci --include=dev') && lines.includes('npm prune --omit=dev'), lines.join('\n'));
});

test('without a lockfile packages are installed all the same, and a line says what that means', async () => {
  await using world = await start();
  const { 'package-lock.json': _, ...unlocked } = appWithPackages;
  const lines: string[] = [];
  await world.build(unlocked, {}, lines);
  assert.ok(
    lines.some((line) => line.startsWith('There is no package-lock.json')),
    lines.join('\n'),
  );
});

test('each root with a package.json is built in its own folder', async () => {
  await using world = await start();
  const script = "require('fs').writeFileSync('where.txt', process.cwd())";
  const app = { 'package.json': JSON.stringify({ scripts: { build: 'node build.js' } }), 'build.js': script };
  const source = Object.fromEntries(
    ['apps/web', 'apps/api'].flatMap((root) => Object.entries(app).map(([name, text]) => [`${root}/${name}`, text])),
  );
  const artifact = await world.build(source, { roots: ['.', 'apps/web', 'apps/api'] });
  const folder = (await world.builder.artifactFolder(artifact.digest)) ?? '';
  for (const root of ['apps/web', 'apps/api']) {
    assert.equal(await readFile(join(folder, root, 'where.txt'), 'utf8'), join(folder, root));
  }
});

test('an artifact is sealed: readable by all, writable by nobody, owned by Lotse', async () => {
  await using world = await start();
  const artifact = await world.build({ 'run.sh': { text: '#!/bin/sh\n', mode: 0o4700 }, 'a/b.txt': 'b' });
  const folder = (await world.builder.artifactFolder(artifact.digest)) ?? '';
  for (const [name, mode] of [
    ['.', 0o555],
    ['run.sh', 0o555],
    ['a', 0o555],
    ['a/b.txt', 0o444],
  ] as const) {
    const found = await stat(join(folder, name));
    assert.equal(found.mode & 0o7777, mode, name);
    assert.equal(found.uid, process.getuid?.());
  }
});

test('a build runs as a user of its own', { skip: !isRoot }, async () => {
  await using world = await start();
  const lines: string[] = [];
  const source = {
    'package.json': JSON.stringify({ scripts: { build: 'id -u; id -G; ls $HOME/../../../records || true' } }),
  };
  await world.build(source, {}, lines);
  const user = lines.map(Number).find((number) => number >= 80_000 && number < 90_000);
  assert.ok(user !== undefined, lines.join('\n'));
  assert.ok(lines.includes(String(user)) && !lines.includes('0'), lines.join('\n'));
  assert.ok(
    lines.some((line) => /Permission denied/.test(line)),
    lines.join('\n'),
  );
});

test('a source that leads out of its folder is refused before anything is written', async () => {
  await using world = await start();
  const tar = join(world.folder, 'evil.tar');
  await mkdir(join(world.folder, 'inner'));
  await writeFile(join(world.folder, 'inner/x'), 'x');
  await writeFile(join(world.folder, 'y'), 'y');
  for (const [options, name] of [
    [['-P'], '../y'],
    [['-P'], join(world.folder, 'y')],
  ] as const) {
    execFileSync('tar', ['-cf', tar, ...options, '-C', join(world.folder, 'inner'), name]);
    await assert.rejects(world.run(tar), { code: 'bad-input', message: /leads out of/ });
  }
});

test('a file behind a link that leads out is not written', async () => {
  await using world = await start();
  const tar = join(world.folder, 'evil.tar');
  const inner = join(world.folder, 'inner');
  await mkdir(inner);
  await writeFile(join(world.folder, 'victim'), 'untouched', { mode: 0o666 });
  execFileSync('ln', ['-s', world.folder, join(inner, 'out')]);
  execFileSync('tar', ['-cf', tar, '-C', inner, 'out']);
  await writeFile(join(world.folder, 'new'), 'changed');
  execFileSync('tar', ['-rf', tar, '-C', world.folder, '--transform', 's,new,out/victim,', 'new']);
  await world.run(tar).catch(() => undefined);
  assert.equal(await readFile(join(world.folder, 'victim'), 'utf8'), 'untouched');
});

test('a build that needs more than its memory fails, and says so', { skip: !isRoot }, async (t) => {
  await using world = await start();
  const eat = 'const eaten = []; for (;;) eaten.push(Buffer.alloc(8e6, 1))';
  const source = { 'package.json': JSON.stringify({ scripts: { build: 'node eat.js' } }), 'eat.js': eat };
  const lines: string[] = [];
  const building = world.build(source, { memoryBytes: 300e6, withinMs: 15_000 }, lines);
  const error = await building.then(
    () => null,
    (thrown: unknown) => (thrown instanceof Error ? thrown : null),
  );
  if (lines.some((line) => line.includes('is not limited'))) return t.skip('no memory controller');
  assert.match(error?.message ?? '', /for want of memory/);
});

test('a full disk is called so, and the half that was built is gone', { skip: !isRoot }, async () => {
  await using outer = await start();
  const stateDir = join(outer.folder, 'small');
  await mkdir(stateDir);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m,mode=711', 'tmpfs', stateDir]);
  try {
    await using world = await start({ stateDir });
    const fill = "require('fs').writeFileSync('big', Buffer.alloc(8e6))";
    const source = { 'package.json': JSON.stringify({ scripts: { build: 'node fill.js' } }), 'fill.js': fill };
    await assert.rejects(world.build(source), { code: 'disk-full' });
    assert.deepEqual(await readdir(join(stateDir, 'artifacts/shop')), []);
  } finally {
    execFileSync('umount', [stateDir]);
  }
});

test('an artifact that something runs from is not collected', async () => {
  await using world = await start();
  const artifact = await world.build({ 'server.js': 'hello' });
  const cwd = (await world.builder.artifactFolder(artifact.digest)) ?? '';
  const running = spawn('sleep', ['60'], { cwd });
  try {
    assert.deepEqual(await world.builder.collect('shop', []), []);
  } finally {
    running.kill('SIGKILL');
    await new Promise((resolve) => running.once('exit', resolve));
  }
  assert.deepEqual(await world.builder.collect('shop', []), [artifact.digest]);
  assert.deepEqual(await readdir(join(world.folder, 'state/artifacts/shop')), []);
});

const value = 'tell-nobody-4711';
const secrets = { NPM_TOKEN: new Secret(value) };

test('a build secret is a variable of the commands of its build, and in no file, record or line of what stays', async () => {
  await using world = await start();
  const build = [
    "const { NPM_TOKEN: token = '', npm_config_cache: cache } = process.env;",
    'console.log(token); console.error(Buffer.from(token).toString("base64"));',
    "require('fs').writeFileSync('length.txt', String(token.length));",
    "require('fs').mkdirSync(cache, { recursive: true });",
    "require('fs').writeFileSync(cache + '/mine', token);",
  ].join('\n');
  const source = {
    'package.json': JSON.stringify({ scripts: { build: 'node build.js' } }),
    '.npmrc': '//registry.example/:_authToken=${NPM_TOKEN}\n',
    'build.js': build,
  };
  const lines: string[] = [];
  const artifact = await world.build(source, { secrets }, lines);
  const folder = (await world.builder.artifactFolder(artifact.digest)) ?? '';
  assert.equal(await readFile(join(folder, 'length.txt'), 'utf8'), String(value.length));
  assert.equal(lines.filter((line) => line === '***').length, 1, lines.join('\n'));
  const encoded = Buffer.from(value).toString('base64').slice(0, -3);
  for (const text of [value, encoded]) {
    assert.ok(!lines.join('\n').includes(text), lines.join('\n'));
    const found = spawnSync('grep', ['-rl', text, world.folder]);
    assert.equal(found.stdout.toString(), '', 'it lies below the state folder');
  }
});

test('a build that writes its secret into what is built fails, names the file and keeps nothing', async () => {
  await using world = await start();
  for (const [key, written] of [
    ['plain', 'token'],
    ['base64', "Buffer.from('x' + token).toString('base64')"],
    ['far', "'.'.repeat(65_530) + token"],
  ] as const) {
    const script = `const token = process.env.NPM_TOKEN; require('fs').writeFileSync('kept.txt', ${written})`;
    const source = { 'package.json': JSON.stringify({ scripts: { build: 'node build.js' } }), 'build.js': script };
    await assert.rejects(world.build(source, { key, secrets }), (error: Error) => {
      assert.match(error.message, /wrote the secret NPM_TOKEN into kept\.txt/, key);
      assert.ok(!JSON.stringify([error, error.message, `${error.stack}`]).includes(value));
      return true;
    });
  }
  assert.deepEqual(await readdir(join(world.folder, 'state/artifacts/shop')), []);
});

test('logins at registries are refused where no image is made', async () => {
  await using world = await start();
  const registries = { 'ghcr.io': { username: 'ada', password: new Secret(value) } };
  await assert.rejects(world.build({ 'server.js': 'hello' }, { registries }), {
    code: 'bad-input',
    message: /build\.registries/,
  });
});

const library = {
  'packages/library/package.json': JSON.stringify({ name: 'library', version: '1.0.0', main: 'index.js' }),
};
const tool = { 'packages/tool/package.json': JSON.stringify({ name: 'tool', version: '1.0.0', main: 'index.js' }) };
const wanted = {
  dependencies: { library: 'file:packages/library' },
  devDependencies: { tool: 'file:packages/tool' },
};
const appWithPackages = {
  ...library,
  ...tool,
  'packages/library/index.js': "module.exports = 'library'",
  'packages/tool/index.js': "module.exports = 'tool'",
  'build.js': "require('fs').writeFileSync('built.txt', `${require('tool')} and ${require('library')}`)",
  'package.json': JSON.stringify({ name: 'app', version: '1.0.0', scripts: { build: 'node build.js' }, ...wanted }),
  'package-lock.json': JSON.stringify({
    name: 'app',
    version: '1.0.0',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { name: 'app', version: '1.0.0', ...wanted },
      'node_modules/library': { resolved: 'packages/library', link: true },
      'node_modules/tool': { resolved: 'packages/tool', link: true },
      'packages/library': { version: '1.0.0' },
      'packages/tool': { version: '1.0.0', dev: true },
    },
  }),
};

async function start(options: Parameters<typeof startProcessBuilderTest>[0] = {}) {
  const setup = await startProcessBuilderTest(options);
  const builder = await setup.open();
  const order = {
    app: 'shop',
    key: 'one',
    roots: ['.'],
    run: null,
    variables: {},
    withinMs: 60_000,
    memoryBytes: null,
  };
  const run = (sourceTar: string, change: Partial<BuildOrder> = {}, lines: string[] = []) =>
    builder.build({ ...order, sourceTar, ...change }, (line) => lines.push(line), never);
  return {
    folder: setup.folder,
    builder,
    run,
    build: async (
      source: Readonly<Record<string, SourceEntry>>,
      change: Partial<BuildOrder> = {},
      lines: string[] = [],
    ) => run(await setup.pack(source), change, lines),
    [Symbol.asyncDispose]: () => setup.dispose(),
  };
}
