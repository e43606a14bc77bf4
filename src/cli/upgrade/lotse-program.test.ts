import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readProgram, refuseBroken } from './lotse-program.ts';
import { unpackProgram } from './unpack-program.ts';

/** The least that a folder of Lotse has. */
function programIn(t: TestContext, says: string): { readonly folder: string; readonly root: string } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lotse-program-')));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const root = join(folder, 'package');
  for (const part of ['src', 'bin', 'node_modules']) mkdirSync(join(root, part), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{"name":"lotse","version":"7.1.0"}');
  writeFileSync(join(root, 'src', 'main.ts'), '');
  writeFileSync(join(root, 'bin', 'lotse.mjs'), says);
  return { folder, root };
}

test('a folder of Lotse says its version; one that does not start is refused with what it said', async (t) => {
  const { root } = programIn(t, "console.log('7.1.0')");
  const program = readProgram(root);
  assert.deepEqual(program, {
    root,
    version: '7.1.0',
    nodePath: process.execPath,
    mainFile: join(root, 'src', 'main.ts'),
  });
  await refuseBroken(program);
  writeFileSync(join(root, 'bin', 'lotse.mjs'), "throw new Error('a package is missing')");
  await assert.rejects(refuseBroken(program), (error: Error & { details: readonly string[] }) => {
    assert.match(error.message, /Lotse 7\.1\.0 in .* does not start/);
    assert.match(error.details.join('\n'), /a package is missing/);
    return true;
  });
});

test('a folder of something else is no Lotse', (t) => {
  const { folder, root } = programIn(t, '');
  assert.throws(() => readProgram(folder), { code: 'bad-input', message: /is no folder of Lotse/ });
  rmSync(join(root, 'src'), { recursive: true });
  assert.throws(() => readProgram(root), { code: 'bad-input' });
});

test('a tarball is unpacked once, where others may read it; one that is none leaves nothing', async (t) => {
  const { folder } = programIn(t, "console.log('7.1.0')");
  const tarball = join(folder, 'lotse-7.1.0.tgz');
  execFileSync('tar', ['-czf', tarball, '-C', folder, 'package']);
  const program = await unpackProgram(tarball, folder);
  assert.deepEqual([program.root, program.version], [join(folder, 'programs', '7.1.0'), '7.1.0']);
  assert.ok(existsSync(program.mainFile));
  assert.equal(statSync(program.root).mode & 0o755, 0o755);
  await assert.rejects(unpackProgram(tarball, folder), { code: 'conflict', message: /is there already/ });
  writeFileSync(tarball, 'no tarball');
  await assert.rejects(unpackProgram(tarball, folder), { code: 'bad-input' });
  assert.deepEqual(readdirSync(join(folder, 'programs')), ['7.1.0']);
});
