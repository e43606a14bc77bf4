import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatProblem } from './problem.ts';
import { maxSourceLength, readSource } from './source.ts';

function problemsOf(text: string): readonly string[] {
  return readSource(text, 'lotse.yaml').problems.map(formatProblem);
}

test('syntax errors name line and column', () => {
  assert.match(problemsOf('app: shop\nservices: [a, b\n')[0] ?? '', /^lotse\.yaml:3:1 this is not valid YAML: /);
  assert.deepEqual(problemsOf('app: shop\n\tservices: {}\n'), [
    'lotse.yaml:2:1 a tab is used to indent; YAML takes spaces only',
  ]);
});

test('a key that stands twice is refused at its second place', () => {
  assert.deepEqual(problemsOf('app: shop\nservices: {}\napp: other\n'), [
    'lotse.yaml:3:1 this key stands here twice; keep one',
  ]);
  assert.deepEqual(problemsOf('a:\n  1: x\n  "1": y\n'), ['lotse.yaml:3:3 a.1: this key stands here twice; keep one']);
});

test('anchors, aliases, merge keys, tags and a second document are refused', () => {
  assert.deepEqual(problemsOf('a: &x { b: 1 }\nc: *x\n'), [
    'lotse.yaml:1:7 a: the anchor &x is refused: write each value where it is used',
    'lotse.yaml:2:4 c: the alias *x is refused: write the value out',
  ]);
  assert.match(problemsOf('a:\n  <<: { b: 1 }\n')[0] ?? '', /^lotse\.yaml:2:3 a: merge keys/);
  assert.match(problemsOf('a: !env X\n')[0] ?? '', /^lotse\.yaml:1:\d+ a: a tag/);
  assert.match(problemsOf('a: 1\n---\nb: 2\n')[0] ?? '', /^lotse\.yaml:2:1 there is a second document/);
  assert.match(problemsOf('%YAML 1.1\n---\na: yes\n')[0] ?? '', /YAML 1\.1/);
});

test('keys that would reach into the prototype are refused', () => {
  for (const key of ['__proto__', 'constructor', 'toString']) {
    assert.match(problemsOf(`a:\n  ${key}: 1\n`)[0] ?? '', /^lotse\.yaml:2:3 a: .* cannot be used as a key/);
  }
});

test('YAML 1.2: yes is text, and a number that could be read in two ways stays text', () => {
  const { value, problems } = readSource('[yes, on, 022, 0x1F, 1e3, .inf, 12, -1.5, true, null, ~]', 'lotse.yaml');
  assert.deepEqual(problems, []);
  assert.deepEqual(value, ['yes', 'on', '022', '0x1F', '1e3', '.inf', 12, -1.5, true, null, null]);
});

test('the text of a scalar is kept as it was written', () => {
  const source = readSource('version: 1.10\nquoted: "1.10"\nlist: [TRUE]\n', 'lotse.yaml');
  assert.equal(source.textAt(['version']), '1.10');
  assert.equal(source.textAt(['quoted']), '1.10');
  assert.equal(source.textAt(['list', 0]), 'TRUE');
  assert.equal(source.textAt(['list']), null);
});

test('a place that is not in the file counts as the mapping that lacks it', () => {
  const source = readSource('a:\n  b:\n    c: 1\n', 'lotse.yaml');
  const { line, column, path } = source.locate({ kind: 'shape', path: ['a', 'b', 'd'], message: '' });
  assert.deepEqual({ line, column, path }, { line: 2, column: 3, path: 'a.b.d' });
});

test('absurd nesting and absurd length are problems, not crashes', () => {
  for (const text of [
    '['.repeat(3000),
    '- '.repeat(3000),
    '{a: '.repeat(3000),
    `a: ${'[['.repeat(25)}${']]'.repeat(25)}`,
  ]) {
    assert.match(problemsOf(text).join('\n'), /nested too deeply/);
  }
  assert.match(problemsOf('#'.repeat(maxSourceLength + 1))[0] ?? '', /characters/);
});
