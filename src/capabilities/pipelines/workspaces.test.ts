import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Workspaces } from './workspaces.ts';

async function world(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'lotse-workspaces-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const source = join(folder, 'source');
  mkdirSync(source);
  writeFileSync(join(source, 'lock'), '1');
  const tar = join(folder, 'source.tar');
  execFileSync('tar', ['-cf', tar, '-C', source, '.']);
  writeFileSync(join(folder, 'private'), 'key');
  const workspaces = new Workspaces(join(folder, 'state'));
  await workspaces.open();
  await workspaces.layOut('one', tar);
  return { folder, tar, workspaces, inside: (path: string) => join(workspaces.folderOf('one'), path) };
}

test('what is packed is laid out in another folder, and what is not there is named', async (t) => {
  const { folder, tar, workspaces, inside } = await world(t);
  mkdirSync(inside('deep/er'), { recursive: true });
  writeFileSync(inside('deep/er/file'), 'x');
  const kept = join(folder, 'kept.tar');
  await workspaces.pack('one', ['deep/er', 'lock'], kept);
  await workspaces.layOut('two', tar);
  assert.equal(await workspaces.restore('two', kept, ['deep/er', 'lock']), true);
  assert.equal(readFileSync(join(workspaces.folderOf('two'), 'deep/er/file'), 'utf8'), 'x');
  assert.equal(await workspaces.restore('two', join(folder, 'no.tar'), ['deep']), false);
  await assert.rejects(workspaces.pack('one', ['gone'], kept), /there is no gone/);
});

test('nothing is read or written through a link that leads out of the folder', async (t) => {
  const { folder, tar, workspaces, inside } = await world(t);
  symlinkSync(folder, inside('out'));
  symlinkSync(join(folder, 'private'), inside('report.xml'));
  await assert.rejects(workspaces.readFile('one', 'report.xml'), /there is no file report\.xml/);
  await assert.rejects(workspaces.readFile('one', 'out/private'), /leads out of the folder/);
  await assert.rejects(workspaces.pack('one', ['out/private'], join(folder, 'x.tar')), /leads out of the folder/);
  await assert.rejects(workspaces.readFile('one', '../two/lock'), /leads out of the folder/);
  // A cache that brings a link does not lead what comes after it elsewhere.
  const links = join(folder, 'links.tar');
  await workspaces.pack('one', ['out'], links);
  await workspaces.layOut('two', tar);
  await workspaces.restore('two', links, ['out']);
  await assert.rejects(workspaces.restore('two', links, ['out/deeper']), /leads out of the folder/);
  mkdirSync(inside('folder'));
  await assert.rejects(workspaces.readFile('one', 'folder'), /is no file/);
});

test('a cache has the name of what decides about it', async (t) => {
  const { workspaces, inside } = await world(t);
  const keyOf = async (paths: readonly string[], key: readonly string[]) =>
    await workspaces.cacheKey('one', { paths, key });
  const first = await keyOf(['a'], ['lock']);
  assert.equal(await keyOf(['a'], ['lock']), first);
  assert.notEqual(await keyOf(['b'], ['lock']), first);
  assert.notEqual(await keyOf(['a'], ['lock', 'gone']), first);
  writeFileSync(inside('lock'), '2');
  assert.notEqual(await keyOf(['a'], ['lock']), first);
});

test('caches that were used last stay, and folders of jobs that are no more go', async (t) => {
  const { workspaces, inside } = await world(t);
  writeFileSync(inside('big'), 'x'.repeat(50_000));
  for (const [place, key] of ['old', 'older', 'new'].entries()) {
    const file = workspaces.cacheOf('shop', key);
    await workspaces.pack('one', ['big'], file);
    const at = new Date(Date.UTC(2030, 0, [2, 1, 3][place]));
    utimesSync(file, at, at);
  }
  await workspaces.trimCaches('shop', 130_000);
  const left = ['old', 'older', 'new'].filter((key) => existsSync(workspaces.cacheOf('shop', key)));
  assert.deepEqual(left, ['old', 'new']);
  await workspaces.noteCacheKey('one', 'key');
  await workspaces.removeOthers(['one']);
  assert.equal(await workspaces.notedCacheKey('one'), 'key');
  await workspaces.removeOthers([]);
  assert.deepEqual([existsSync(workspaces.folderOf('one')), await workspaces.notedCacheKey('one')], [false, null]);
  assert.throws(() => workspaces.folderOf('../x'), /cannot be the name of a folder/);
});
