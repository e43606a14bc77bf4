import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { noCommit, withPackedSource, type PackedSource, type SourceWishes } from './source-tar.ts';

const root = mkdtempSync(join(tmpdir(), 'lotse-tar-'));
after(() => rmSync(root, { recursive: true }));

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function git(folder: string, ...args: readonly string[]): string {
  const who = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org', '-c', 'init.defaultBranch=main'];
  return execFileSync('git', ['-C', folder, ...who, ...args], { encoding: 'utf8' });
}

interface Unpacked extends Omit<PackedSource, 'tar'> {
  readonly files: readonly string[];
  readonly hash: string;
  read(path: string): string;
}

async function pack(wishes: SourceWishes): Promise<Unpacked> {
  return withPackedSource(wishes, async ({ tar, ...rest }) => {
    const bytes = Buffer.from(await tar.arrayBuffer());
    const run = (...args: readonly string[]) => execFileSync('tar', [...args], { input: bytes, encoding: 'utf8' });
    const names = run('-t', '-f', '-')
      .split('\n')
      .filter((name) => name !== '' && !name.endsWith('/'));
    return {
      ...rest,
      files: names.map((name) => name.replace(/^\.\//, '')).toSorted(),
      hash: createHash('sha256').update(bytes).digest('hex'),
      read: (path) => run('-xO', '-f', '-', names.find((name) => name.replace(/^\.\//, '') === path) ?? path),
    };
  });
}

function repository(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(root, name);
  write(folder, files);
  git(folder, 'init', '-q');
  git(folder, 'add', '-A');
  git(folder, 'commit', '-q', '-m', 'first “words”');
  return folder;
}

test('a clean folder is packed as its commit, and the same commit gives the same bytes', async () => {
  const folder = repository('clean', {
    'lotse.yaml': 'app: a',
    'src/a b.js': '1',
    '.gitignore': 'out/\n',
    'out/x': 'built',
  });
  const first = await pack({ folder });
  assert.deepEqual(first.files, ['.gitignore', 'lotse.yaml', 'src/a b.js']);
  assert.equal(first.dirty, false);
  assert.equal(first.commit, git(folder, 'rev-parse', 'HEAD').trim());
  assert.equal(first.subject, 'first “words”');
  assert.match(first.branch ?? '', /^(main|master)$/);
  await new Promise((resolve) => setTimeout(resolve, 1100)); // tar keeps times in seconds
  assert.equal((await pack({ folder })).hash, first.hash);
});

test('a changed working tree is packed as it is and marked dirty', async () => {
  const folder = repository('dirty', {
    'lotse.yaml': 'app: a',
    'old.js': '1',
    'kept.js': '1',
    '.gitignore': '*.log\n',
  });
  write(folder, { 'kept.js': '2', 'new.js': '3', 'noise.log': 'x', '.lotse/client.json': '{}' });
  rmSync(join(folder, 'old.js'));
  const packed = await pack({ folder });
  assert.deepEqual(packed.files, ['.gitignore', 'kept.js', 'lotse.yaml', 'new.js']);
  assert.equal(packed.read('kept.js'), '2');
  assert.equal(packed.dirty, true);
  assert.deepEqual(packed.changed.toSorted(), ['kept.js', 'new.js', 'old.js']);
});

test('--commit takes the commit although the folder is changed', async () => {
  const folder = repository('named', { 'lotse.yaml': 'app: a', 'a.js': 'one' });
  git(folder, 'tag', 'v1');
  write(folder, { 'a.js': 'two' });
  git(folder, 'commit', '-q', '-am', 'second');
  write(folder, { 'a.js': 'three' });
  const packed = await pack({ folder, commit: 'v1' });
  assert.equal(packed.read('a.js'), 'one');
  assert.equal(packed.dirty, false);
  assert.equal(packed.subject, 'first “words”');
});

test('Lotse’s own state does not make a folder dirty', async () => {
  const folder = repository('state', { 'lotse.yaml': 'app: a' });
  write(folder, { '.lotse/client.json': '{}' });
  assert.equal((await pack({ folder })).dirty, false);
});

test('of a monorepo only the folder of the app is packed, with lotse.yaml at its root', async () => {
  const folder = repository('mono', {
    'apps/shop/lotse.yaml': 'app: a',
    'apps/shop/a.js': '1',
    'apps/other/b.js': '1',
    'c.js': '1',
  });
  const shop = join(folder, 'apps', 'shop');
  const clean = await pack({ folder: shop });
  assert.deepEqual(clean.files, ['a.js', 'lotse.yaml']);
  write(folder, { 'apps/other/b.js': '2' });
  assert.equal((await pack({ folder: shop })).dirty, false, 'what changed elsewhere does not count');
  write(shop, { 'a.js': '2' });
  const dirty = await pack({ folder: shop });
  assert.deepEqual([dirty.files, dirty.dirty], [['a.js', 'lotse.yaml'], true]);
});

test('without git everything is packed but node_modules and state', async () => {
  const folder = join(root, 'plain');
  write(folder, { 'lotse.yaml': 'app: a', 'src/-f.js': '1', 'node_modules/x/i.js': '1', '.lotse/client.json': '{}' });
  const packed = await pack({ folder });
  assert.deepEqual(packed.files, ['lotse.yaml', 'src/-f.js']);
  assert.deepEqual([packed.commit, packed.dirty], [noCommit, true]);
});

test('a repository without a commit is packed as its working tree', async () => {
  const folder = join(root, 'unborn');
  write(folder, { 'lotse.yaml': 'app: a' });
  git(folder, 'init', '-q');
  const packed = await pack({ folder });
  assert.deepEqual([packed.files, packed.commit, packed.dirty], [['lotse.yaml'], noCommit, true]);
});

test('a name that is no commit, or a commit without lotse.yaml, says so', async () => {
  const folder = repository('wrong', { 'a.js': '1' });
  await assert.rejects(pack({ folder, commit: '--output=/tmp/x' }), { code: 'not-found', message: /knows no commit/ });
  await assert.rejects(pack({ folder, commit: 'HEAD' }), { code: 'not-found', message: /has no lotse.yaml/ });
});
