import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDockerIgnore } from './docker-ignore.ts';

const cases: readonly (readonly [ignore: string, leftOut: readonly string[], kept: readonly string[]])[] = [
  ['node_modules', ['node_modules', 'node_modules/a/b.js'], ['web/node_modules', 'node_modules.txt']],
  ['**/node_modules', ['node_modules/a', 'web/node_modules', 'a/b/node_modules/c'], ['web/other']],
  ['/dist/', ['dist', 'dist/a'], ['web/dist']],
  ['*.log', ['a.log'], ['a/b.log', 'alog', 'a.log.txt']],
  ['**/*.log', ['a.log', 'a/b/c.log'], ['a/log']],
  ['a/**', ['a/b', 'a/b/c'], ['a', 'ab']],
  ['# words\n\n  tmp  ', ['tmp/x'], ['# words']],
  ['*\n!src\n!package.json', ['web', 'web/a', '.env'], ['src', 'src/a/b', 'package.json']],
  ['docs\n!docs/keep.md', ['docs/a.md'], ['docs/keep.md']],
  ['!docs/keep.md\ndocs', ['docs/keep.md'], []],
  ['file?.txt', ['file1.txt'], ['file.txt', 'file12.txt', 'file/.txt']],
  ['file[0-9].txt', ['file7.txt'], ['filea.txt']],
  ['./a/../b', ['b', 'b/c'], ['a']],
  ['a.b', ['a.b'], ['axb']],
  ['\\*.txt', ['*.txt'], ['a.txt']],
  ['.', ['a', 'a/b'], ['Dockerfile']],
  ['Dockerfile\n*', ['a'], ['Dockerfile']],
];

for (const [ignore, leftOut, kept] of cases) {
  test(`${JSON.stringify(ignore)} leaves out what it names, and nothing else`, () => {
    const isLeftOut = readDockerIgnore(ignore);
    assert.deepEqual(
      leftOut.filter((path) => !isLeftOut(path)),
      [],
    );
    assert.deepEqual(kept.filter(isLeftOut), []);
  });
}
