import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSizes, lineCount, median } from './check-sizes.ts';
import { parseCode } from './checks/parse-code.ts';

function check(path: string, text: string): { readonly fails: readonly string[]; readonly warns: readonly string[] } {
  const { failures, warnings } = checkSizes(parseCode({ path, text }));
  const inWords = ({ line, message }: { line: number; message: string }): string => `${line} ${message}`;
  return { fails: failures.map(inWords), warns: warnings.map(inWords) };
}

const body = (lines: number): string => '  1;\n'.repeat(lines - 2);

test('a file of 300 lines is fine, 301 warn, 501 fail, in tests too', () => {
  assert.deepEqual(check('src/a.ts', '1;\n'.repeat(300)), { fails: [], warns: [] });
  assert.deepEqual(check('src/a.ts', '1;\n'.repeat(301)).warns, ['1 file has 301 lines, over 300']);
  assert.deepEqual(check('src/a.ts', '1;\n'.repeat(500)).fails, []);
  assert.deepEqual(check('src/a.test.ts', '1;\n'.repeat(501)), {
    fails: ['1 file has 501 lines, over 500'],
    warns: [],
  });
});

test('functions of every form are measured and named', () => {
  const text = [
    `function declared() {\n${body(41)}}`,
    `const arrow = () => {\n${body(61)}};`,
    `const object = {\n method() {\n${body(62)}},\n};`,
    `class C {\n member() {\n${body(63)}}\n}`,
    `[arrow, object, C, declared].map(() => {\n${body(64)}});`,
  ].join('\n');
  const { fails, warns } = check('src/a.ts', text);
  assert.deepEqual(warns, ['1 function declared has 41 lines, over 40']);
  assert.deepEqual(
    fails.map((line) => line.replace(/^\d+ /, '')),
    [
      'function arrow has 61 lines, over 60',
      'function method has 62 lines, over 60',
      'function member has 63 lines, over 60',
      'function (nameless) has 64 lines, over 60',
    ],
  );
});

test('functions of tests and contract suites may be long', () => {
  const text = `const story = () => {\n${body(99)}};`;
  for (const path of ['src/a.test.ts', 'src/ports/targets/targets.contract.ts', 'test/e2e/story.ts']) {
    assert.deepEqual(check(path, text), { fails: [], warns: [] });
  }
});

test('a port has at most 8 methods; data beside them does not count', () => {
  const port = (methods: number): string =>
    `export interface Target { readonly name: string; ${'x(): void; y: () => void; '.repeat(methods / 2)} }`;
  assert.deepEqual(check('src/ports/targets/targets.ts', port(8)).fails, []);
  assert.deepEqual(check('src/ports/targets/targets.ts', port(10)).fails, ['1 port Target has 10 methods, over 8']);
  assert.deepEqual(check('src/ports/targets/targets.ts', port(10).replace('interface Target', 'type Target =')).fails, [
    '1 port Target has 10 methods, over 8',
  ]);
  assert.deepEqual(check('src/ports/targets/docker/docker.ts', port(10)).fails, []);
});

test('lines and medians count as people count them', () => {
  assert.deepEqual([lineCount(''), lineCount('a'), lineCount('a\n'), lineCount('a\nb')], [0, 1, 1, 2]);
  assert.deepEqual([median([]), median([3]), median([9, 1, 4]), median([1, 2, 3, 10])], [0, 3, 4, 2.5]);
});
