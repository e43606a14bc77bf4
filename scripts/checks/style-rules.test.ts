import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCode } from './parse-code.ts';
import { checkStyle } from './style-rules.ts';

function check(text: string, path = 'src/core/ids.ts'): readonly string[] {
  return checkStyle(parseCode({ path, text })).map(({ line, message }) => `${line} ${message}`);
}

function assertOne(found: readonly string[], expected: RegExp): void {
  assert.equal(found.length, 1, found.join('\n'));
  assert.match(found[0] ?? '', expected);
}

test('code in the house style is fine', () => {
  assert.deepEqual(
    check(`import { a as b } from './a.ts';
export type Id = { readonly any: string };
export const table = { id: b } as const satisfies Record<string, unknown>;
export const isId = (value: unknown): value is Id => value !== b;`),
    [],
  );
});

test('`any` is found wherever it stands, in tests too', () => {
  assertOne(check('export const a: Record<string, any> = {};'), /^1 `any`/);
  assertOne(check('export const a: any[] = [];', 'src/core/ids.test.ts'), /^1 `any`/);
});

test('casts of every form are found, in the line where the type stands', () => {
  assertOne(check('export const a = JSON.parse("1") as number;'), /^1 `as` outside a parser/);
  assertOne(check('export const a = <number>JSON.parse("1");'), /^1 a cast/);
  assertOne(check('export const a = [1].at(0)!;'), /^1 `!`/);
  assertOne(check('export const a = {\n  b: 1,\n} as unknown;'), /^3 `as`/);
});

test('parsers may cast, tests may cast, and a line may say why', () => {
  const cast = 'export const a = JSON.parse("1") as number;';
  for (const path of ['src/manifest/parse-duration.ts', 'src/proxy/head-parser.ts', 'src/proxy/parser/head.ts']) {
    assert.deepEqual(check(cast, path), []);
  }
  assert.deepEqual(check(cast, 'src/core/ids.test.ts'), []);
  assert.deepEqual(check(`${cast} // parsed: the row was written by the function above`), []);
  assert.deepEqual(check(`// parsed: checked by the schema\n${cast}`), []);
  assertOne(check(`${cast} // parsed:`), /`as`/);
  assertOne(check(cast, 'src/core/sparse.ts'), /`as`/);
});

test('only entry points read the environment', () => {
  const read = 'export const home = process.env.HOME;';
  assertOne(check(read), /reads process.env/);
  assertOne(check('export const { HOME } = process.env;'), /reads process.env/);
  const entries = ['src/main.ts', 'src/cli/lotse.ts', 'src/proxy/proxy.ts', 'src/ports/targets/process/launcher.ts'];
  for (const path of [...entries, 'scripts/x.ts', 'test/e2e/x.ts', 'bench/x.ts', 'src/core/ids.test.ts']) {
    assert.deepEqual(check(read, path), [], path);
  }
});

test('names say what is inside', () => {
  for (const path of [
    'src/utils/a.ts',
    'src/core/helpers.ts',
    'src/core/common.ts',
    'src/core/task-manager.ts',
    'src/core/index.ts',
  ]) {
    assertOne(check('export const a = 1;', path), /does not say what is inside/);
  }
  assert.deepEqual(check('export const a = 1;', 'src/core/common-prefix.ts'), []);
  assertOne(check('export const a = 1;', 'src/core/FileName.ts'), /in-kebab-case/);
  assertOne(check('export interface ITarget {}'), /without an I/);
  assertOne(check('export type ITarget = 1;'), /without an I/);
  assert.deepEqual(check('export type Id = 1; export type IO = 2; export interface Item {}'), []);
  assertOne(check('export class TaskManager {}'), /does not say what it does/);
});

test('exports have names, barrels and globals are found', () => {
  assertOne(check('export default 1;'), /export default/);
  assert.deepEqual(check('export default 1;', 'web/vite.config.ts'), []);
  assertOne(check(`export * from './a.ts';`), /barrel/);
  assertOne(check(`export { a } from './a.ts';\nexport { b } from './b.ts';`), /barrel/);
  assert.deepEqual(check(`export { a } from './a.ts';\nexport const b = 1;`), []);
  assertOne(check('let count = 0;\nexport const next = () => (count += 1);'), /global/);
  assertOne(check('export let count = 0;'), /global/);
});
