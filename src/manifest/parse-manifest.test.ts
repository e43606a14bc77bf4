import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseDocument } from 'yaml';
import { LotseError } from '../core/errors.ts';
import { checkManifest, parseManifest } from './parse-manifest.ts';
import { formatProblem } from './problem.ts';

const options = { file: 'lotse.yaml', hasDockerfile: false };

function fixture(name: string): string {
  return readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8');
}

function linesOf(text: string): readonly string[] {
  return checkManifest(text, options).problems.map(formatProblem);
}

const notBuiltInFullFile = [
  '20:41 jobs.purge.after',
  '20:57 jobs.purge.undo',
  '30:5 stores.documents.firestore',
  '31:5 stores.documents.rules',
  '32:5 stores.documents.migrate',
  '33:5 stores.documents.backup',
  '34:5 stores.documents.drill',
  '43:5 environments.staging.data',
];

test('the smallest file is accepted and every default is applied', () => {
  const golden: unknown = JSON.parse(fixture('smallest.golden.json'));
  assert.deepEqual(parseManifest(fixture('smallest.yaml'), options), golden);
});

test('the reference file is accepted and normalized', () => {
  const golden: unknown = JSON.parse(fixture('bildwerk.golden.json'));
  assert.deepEqual(parseManifest(fixture('bildwerk.yaml'), options), golden);
});

test('a manifest survives JSON unchanged', () => {
  const manifest = parseManifest(fixture('bildwerk.yaml'), options);
  assert.deepEqual(JSON.parse(JSON.stringify(manifest)), manifest);
});

test('the file with every part is refused by naming exactly the keys that are not built yet', () => {
  const { problems, manifest } = checkManifest(fixture('bildwerk-full.yaml'), options);
  assert.equal(manifest, undefined);
  assert.deepEqual([...new Set(problems.map((problem) => problem.kind))], ['not-built-yet']);
  const named = problems.map(({ line, column, message }) => `${line}:${column} ${/^`([^`]+)`/.exec(message)?.[1]}`);
  assert.deepEqual(named, notBuiltInFullFile);
});

test('without those keys the file with every part is accepted', () => {
  const text = fixture('bildwerk-full.yaml');
  const document = parseDocument(text);
  for (const problem of checkManifest(text, options).problems) document.deleteIn(problem.path.split('.'));
  document.deleteIn(['stores', 'documents']);
  const manifest = parseManifest(document.toString(), options);
  assert.deepEqual(Object.keys(manifest.services), ['dashboard', 'check', 'facts', 'sizes', 'publish']);
  assert.equal(manifest.environments.at(-1)?.strategy.watchMs, 3_600_000);
});

test('an error names file, line, column, what was expected, what was found and the nearest key', () => {
  const text = 'app: shop\nservices:\n  web:\n    prot: 3000\n    drain: 30\n';
  assert.deepEqual(
    checkManifest(text, options).problems,
    [
      {
        kind: 'unknown-key',
        file: 'lotse.yaml',
        line: 4,
        column: 5,
        path: 'services.web.prot',
        message: 'there is no key "prot" here; did you mean "port"?',
        expected:
          'run, port, path, ready, live, drain, instances, memory, cpu, stickiness, claim, root, config, assets, static, secrets_as',
        found: 'prot',
        nearest: 'port',
      },
      {
        kind: 'shape',
        file: 'lotse.yaml',
        line: 5,
        column: 12,
        path: 'services.web.drain',
        message: 'expected a duration such as 30s, 10m or 1h30m; found 30',
        expected: 'a duration such as 30s, 10m or 1h30m',
        found: '30',
        nearest: null,
      },
    ].toSorted((a, b) => a.line - b.line),
  );
});

test('all problems are told at once, in the order of the file', () => {
  assert.deepEqual(linesOf(fixture('broken.yaml')), fixture('broken.problems.txt').trimEnd().split('\n'));
});

test('a thrown error carries the code and one line for each problem', () => {
  const read = () => parseManifest('app: Shop\nservices: { web: {} }\nextra: 1\n', options);
  assert.throws(read, (thrown) => {
    assert.ok(thrown instanceof LotseError);
    assert.equal(thrown.code, 'manifest-invalid');
    assert.equal(thrown.message, 'lotse.yaml has 2 problems');
    assert.match(thrown.details[0] ?? '', /^lotse\.yaml:1:6 app: expected a name/);
    assert.match(thrown.details[1] ?? '', /^lotse\.yaml:3:1 extra: there is no key "extra" here/);
    return true;
  });
  assert.throws(
    () => parseManifest('app: shop\n', options),
    /^LotseError: lotse\.yaml:1:1 services: the key "services" is missing/,
  );
});

test('an empty file, a list and a text are told what a manifest begins with', () => {
  for (const text of ['', '# nothing\n', '[]', 'shop'])
    assert.match(linesOf(text)[0] ?? '', /^lotse\.yaml:1:\d+ expected a mapping that begins with `app: NAME`/);
});

test('a Dockerfile makes docker the target, where the file says no other; services run what the image does', () => {
  const read = (text: string, hasDockerfile: boolean) => {
    const { target, services, environments } = parseManifest(text, { ...options, hasDockerfile });
    return [target, environments.at(-1)?.target, Object.values(services)[0]?.argv];
  };
  const smallest = fixture('smallest.yaml');
  assert.deepEqual(read(smallest, false), ['process', 'process', ['npm', 'start']]);
  assert.deepEqual(read(smallest, true), ['docker', 'docker', []]);
  assert.deepEqual(read(`target: process\n${smallest}`, true), ['process', 'process', ['npm', 'start']]);
  assert.deepEqual(read(`target: docker\n${smallest}`, false), ['docker', 'docker', []]);
});

test('one environment on another target than its app is not built yet, and says where', () => {
  const text = 'app: shop\nservices: { web: { port: 1 } }\nenvironments:\n  production:\n    target: docker\n';
  const [problem, ...others] = checkManifest(text, options).problems;
  assert.deepEqual(others, []);
  assert.match(problem === undefined ? '' : formatProblem(problem), /^lotse\.yaml:5:13 .*not built yet/);
});
