import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { PictureFiles } from './picture-files.ts';

async function open(t: TestContext): Promise<{ folder: string; files: PictureFiles }> {
  const folder = await mkdtemp(join(tmpdir(), 'bildwerk-files-'));
  t.after(() => rm(folder, { recursive: true }));
  return { folder, files: await PictureFiles.open(folder) };
}

const draft = (files: PictureFiles, id: string, file: string) =>
  files.writeDraft(id, file, (path) => writeFile(path, `${id} ${file}`));

test('an upload that fails leaves nothing', async (t) => {
  const { folder, files } = await open(t);
  const broken = Readable.from(
    (async function* () {
      yield Buffer.from('half');
      throw new Error('gone');
    })(),
  );
  await assert.rejects(files.receive('a', broken), /gone/);
  assert.deepEqual([await readdir(join(folder, 'incoming')), await readdir(join(folder, 'originals'))], [[], []]);
  assert.equal(await files.receive('a', Readable.from([Buffer.from('whole')])), 5);
  assert.equal(await readFile(files.original('a'), 'utf8'), 'whole');
});

test('publishing is all or nothing, and may be done twice, also at the same time', async (t) => {
  const { folder, files } = await open(t);
  await draft(files, 'a', '320.webp');
  await assert.rejects(files.publish('a', ['320.webp', '800.webp']));
  assert.deepEqual([await readdir(join(folder, 'published')), await readdir(join(folder, 'incoming'))], [[], []]);
  await draft(files, 'a', '800.webp');
  const names = ['320.webp', '800.webp'];
  await Promise.all([files.publish('a', names), files.publish('a', names), files.publish('a', names)]);
  await files.removeDrafts('a');
  await files.publish('a', names);
  assert.equal(await readFile(files.published('a', '800.webp'), 'utf8'), 'a 800.webp');
  assert.deepEqual(await readdir(join(folder, 'incoming')), []);
});

test('removing takes every trace, twice is fine', async (t) => {
  const { folder, files } = await open(t);
  await files.receive('a', Readable.from([Buffer.from('x')]));
  await draft(files, 'a', '320.webp');
  await files.publish('a', ['320.webp']);
  await files.remove('a');
  await files.remove('a');
  const places = await Promise.all((await readdir(folder)).map((place) => readdir(join(folder, place))));
  assert.deepEqual(places.flat(), []);
});

test('what was left half done is removed once it is old', async (t) => {
  const { folder, files } = await open(t);
  const left = join(folder, 'incoming', 'a.0123');
  await writeFile(left, 'half');
  await files.removeUnfinished(60_000);
  assert.deepEqual(await readdir(join(folder, 'incoming')), ['a.0123']);
  await utimes(left, new Date(0), new Date(0));
  await files.removeUnfinished(60_000);
  assert.deepEqual(await readdir(join(folder, 'incoming')), []);
});

test('a name never leads out of the folder', async (t) => {
  const { files } = await open(t);
  for (const name of ['../a', 'a/b', '..', '', '.a', 'a\0']) assert.throws(() => files.original(name), /not a name/);
});
