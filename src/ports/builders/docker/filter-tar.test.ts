import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { filterTar } from './filter-tar.ts';

const long = `${'deep-folder/'.repeat(12)}file-with-a-very-long-name-${'x'.repeat(80)}.txt`;
let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lotse-filter-tar-'));
  const source = join(folder, 'source');
  await mkdir(join(source, long, '..'), { recursive: true });
  await writeFile(join(source, long), 'long');
  await mkdir(join(source, 'dropped'));
  await writeFile(join(source, 'dropped/large'), Buffer.alloc(300_000, 1));
  await writeFile(join(source, 'kept'), Buffer.alloc(100_001, 2));
  await writeFile(join(source, 'grüße'), 'x');
  await symlink('kept', join(source, 'link'));
});

after(() => rm(folder, { recursive: true, force: true }));

for (const format of ['gnu', 'posix', 'ustar']) {
  test(`a tar (${format}) loses what is left out and nothing else`, async (t) => {
    const tar = join(folder, `${format}.tar`);
    const names = format === 'ustar' ? ['dropped', 'kept', 'link', 'grüße'] : ['.'];
    if (!packs(format, tar, names)) return t.skip('this tar(1) does not know the format');
    assert.deepEqual(await filtered(tar, () => false), list(tar));
    const isDropped = (path: string): boolean => path.startsWith('dropped') || path === long || path === 'grüße';
    const kept = list(tar).filter((name) => !isDropped(name.replace(/^\.\//, '').replace(/\/$/, '')));
    assert.deepEqual(await filtered(tar, isDropped), kept);
  });
}

function packs(format: string, tar: string, names: readonly string[]): boolean {
  try {
    execFileSync('tar', ['-c', `--format=${format}`, '-f', tar, '-C', join(folder, 'source'), ...names], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

function list(tar: string): readonly string[] {
  return execFileSync('tar', ['-t', '--quoting-style=literal', '-f', tar], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
}

/** In pieces that do not end at blocks, and unpacked by tar(1), which checks all sums. */
async function filtered(tar: string, isLeftOut: (path: string) => boolean): Promise<readonly string[]> {
  const parts: Buffer[] = [];
  for await (const part of filterTar(createReadStream(tar, { highWaterMark: 1000 }), isLeftOut)) parts.push(part);
  const out = `${tar}.filtered`;
  await writeFile(out, Buffer.concat(parts));
  return list(out);
}
