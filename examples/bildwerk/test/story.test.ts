import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { text } from 'node:stream/consumers';
import { accounts } from '../model/account.ts';
import { pictures } from '../model/picture.ts';
import { openPlayground } from './app-under-test.ts';
import { badReleases, goodRelease } from './bad-releases.ts';
import type { Patch } from './bad-releases.ts';

const root = join(import.meta.dirname, '..');
const allWorkers = { check: 1, facts: 1, sizes: 1, publish: 1 };

type Told = { readonly code: number | null; readonly output: string };

async function run(file: string, env: NodeJS.ProcessEnv): Promise<Told> {
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await closed;
  return { code: child.exitCode, output: out + error };
}

const tellStory = (url: string, env: NodeJS.ProcessEnv = {}) =>
  run(join(root, 'test/story.ts'), { BASE_URL: url, ...env });

test('the story passes against a running app, pinned to its release, and leaves nothing', async (t) => {
  const playground = await openPlayground(t);
  const { url } = await playground.run({ workers: allWorkers, release: 'r7' });
  const { code, output } = await tellStory(url, { LOTSE_PINNED: '1', LOTSE_RELEASE: 'r7' });
  assert.equal(code, 0, output);
  assert.match(output, /story: passed/);
  assert.deepEqual(await pictures(playground.stores.documents).get(), []);
  assert.deepEqual(await accounts(playground.stores.documents).get(), []);
});

test('pinned, the story fails when a worker of another release did the work; it cleans up all the same', async (t) => {
  const playground = await openPlayground(t);
  const { url } = await playground.run({ workers: allWorkers, release: 'r7' });
  const { code, output } = await tellStory(url, { LOTSE_PINNED: '1', LOTSE_RELEASE: 'r8' });
  assert.equal(code, 1);
  assert.match(output, /the worker "check" that did it is of release r7/);
  assert.deepEqual(await accounts(playground.stores.documents).get(), []);
});

test('the story says which address did not answer', async () => {
  const { code, output } = await tellStory('http://127.0.0.1:9');
  assert.equal(code, 1);
  assert.match(output, /FAILED the app says that it is up: .*127\.0\.0\.1:9/);
});

test('a release whose dashboard will not start ends with the reason', async (t) => {
  const folder = await patched(t, badReleases.wontStart);
  const { code, output } = await run(join(folder, 'dashboard/server.ts'), {
    DOCUMENTS_DIR: folder,
    PICTURES_DIR: folder,
  });
  assert.equal(code, 1);
  assert.match(output, /DOCUMENTS_DIR is not set/);
});

test('a release that is unhealthy answers 503', async (t) => {
  const app = await runPatched(t, badReleases.unhealthy);
  assert.equal((await fetch(`${app.url}/up`)).status, 503);
});

test('of a release that is healthy but wrong, only the story notices', async (t) => {
  const app = await runPatched(t, badReleases.verificationFails);
  assert.equal((await fetch(`${app.url}/up`)).status, 200);
  const { code, output } = await tellStory(app.url);
  assert.equal(code, 1);
  assert.match(output, /there are the widths 320, 800, not 320, 800, 1400/);
});

test('a release that crashes later passes its story before', async (t) => {
  const crash = badReleases.crashesLater;
  const app = await runPatched(t, { ...crash, replace: crash.replace.replace('60_000', '6_000') });
  assert.equal((await tellStory(app.url)).code, 0);
  const deadline = Date.now() + 60_000;
  while (app.dashboard?.exitCode === null && Date.now() < deadline) await new Promise((wake) => setTimeout(wake, 50));
  assert.equal(app.dashboard?.exitCode, 1);
});

test('a good release shows its line at the foot of the page', async (t) => {
  const app = await runPatched(t, goodRelease);
  assert.match(await (await fetch(app.url)).text(), new RegExp(goodRelease.replace));
});

test('the README shows each patch as it is', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  for (const { file, find } of [...Object.values(badReleases), goodRelease]) {
    assert.ok(readme.includes(file), `${file} is not in the README`);
    assert.equal((await readFile(join(root, file), 'utf8')).split(find).length, 2, `"${find}" is not once in ${file}`);
  }
});

/** A copy of the app with one change. */
async function patched(t: TestContext, { file, find, replace }: Patch): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bildwerk-patched-'));
  t.after(() => rm(folder, { recursive: true }));
  const skipped = [join(root, 'node_modules'), join(root, '.data')];
  await cp(root, folder, { recursive: true, filter: (path) => !skipped.includes(path) });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const before = await readFile(join(folder, file), 'utf8');
  await writeFile(
    join(folder, file),
    before.replace(find, () => replace),
  );
  return folder;
}

async function runPatched(t: TestContext, patch: Patch) {
  const playground = await openPlayground(t);
  const folder = await patched(t, patch);
  const app = await playground.run({ workers: allWorkers, appDir: folder });
  return { url: app.url, dashboard: app.processes[0]?.process };
}
