import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { withoutIgnored } from './ignored-by-git.ts';
import { watchFiles } from './watch-files.ts';
import { isWatchedPath } from './watched-path.ts';

async function watchedFolder(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'lotse-watch-'));
  await mkdir(join(folder, 'src'));
  await mkdir(join(folder, 'node_modules/left'), { recursive: true });
  await writeFile(join(folder, 'src/server.js'), 'one');
  const batches: (readonly string[])[] = [];
  const waiting: ((paths: readonly string[]) => void)[] = [];
  const watch = await watchFiles({
    folder,
    isWatched: (path) => isWatchedPath(path, []),
    onChange: (paths) => {
      batches.push(paths);
      waiting.shift()?.(paths);
    },
    onProblem: (error) => assert.fail(String(error)),
  });
  t.after(async () => {
    await watch.close();
    await rm(folder, { recursive: true });
  });
  const next = () => new Promise<readonly string[]>((resolve) => waiting.push(resolve));
  return { folder, batches, next };
}

test('what changes together comes together, without what is not watched', async (t) => {
  const { folder, batches, next } = await watchedFolder(t);
  const batch = next();
  await writeFile(join(folder, 'node_modules/left/pad.js'), 'x');
  await writeFile(join(folder, 'src/server.js'), 'two');
  await mkdir(join(folder, 'src/new'));
  await writeFile(join(folder, 'src/new/page.js'), 'x');
  await rm(join(folder, 'src/server.js'));
  assert.deepEqual([...(await batch)].toSorted(), ['src/new/page.js', 'src/server.js']);
  assert.equal(batches.length, 1);
});

test('an editor that writes beside a file and renames has changed that file alone', async (t) => {
  const { folder, next } = await watchedFolder(t);
  const batch = next();
  await writeFile(join(folder, 'src/4913'), 'two');
  await rename(join(folder, 'src/4913'), join(folder, 'src/server.js'));
  assert.deepEqual(await batch, ['src/server.js']);
});

test('what git ignores is no change, but compiled code and local settings are', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'lotse-ignored-'));
  t.after(() => rm(folder, { recursive: true }));
  const paths = ['server.js', 'uploads/cat.png', 'dist/server.js', '.env', 'ümläut data.bin', 'page.html'];
  assert.deepEqual(await withoutIgnored(folder, paths), paths, 'outside git nothing is ignored');
  execFileSync('git', ['init', '-q', folder]);
  await writeFile(join(folder, '.gitignore'), 'uploads/\ndist/\n.env\n*.bin\n');
  assert.deepEqual(await withoutIgnored(folder, paths), ['server.js', 'dist/server.js', '.env', 'page.html']);
});
