import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findTestFiles, planTests } from './plan.mjs';

/** @param {readonly string[]} files @param {readonly string[]} patterns */
const plan = (files, ...patterns) =>
  planTests(files, patterns).map(({ group, files: planned }) => `${group.name}: ${planned.join(' ')}`);

test('quick groups run first, heavy ones one file at a time', () => {
  const files = [
    'test/chaos/kill.test.ts',
    'test/simulation/rollouts.test.ts',
    'test/e2e/first-run.test.ts',
    'examples/bildwerk/a.test.ts',
    'web/a.test.ts',
    'src/core/ids.test.ts',
    'scripts/a.test.mjs',
  ];
  assert.deepEqual(plan(files), [
    'unit: src/core/ids.test.ts scripts/a.test.mjs',
    'example app: examples/bildwerk/a.test.ts',
    'web page: web/a.test.ts',
    'end to end: test/e2e/first-run.test.ts',
    'chaos: test/chaos/kill.test.ts',
    'integration: test/simulation/rollouts.test.ts',
  ]);
  const heavy = planTests(files, ['test/e2e', 'test/chaos']);
  assert.deepEqual(
    heavy.map(({ group }) => group.concurrency),
    [1, 1],
  );
});

test('patterns are parts of a path, with * for anything and no other magic', () => {
  const files = ['src/core/ids.test.ts', 'src/rollout/plan.test.ts', 'src/rollout/judge/plan.test.ts'];
  assert.deepEqual(plan(files, 'core/'), ['unit: src/core/ids.test.ts']);
  assert.deepEqual(plan(files, 'rollout/*plan'), ['unit: src/rollout/plan.test.ts src/rollout/judge/plan.test.ts']);
  assert.deepEqual(plan(files, 'ids', 'judge'), ['unit: src/core/ids.test.ts src/rollout/judge/plan.test.ts']);
  assert.deepEqual(plan(files, 'id..test'), []);
});

test('a test file that no group runs is an error, not forgotten', () => {
  assert.throws(() => plan(['elsewhere/a.test.ts']), /No group in scripts\/test\/plan.mjs runs elsewhere\/a.test.ts/);
});

test('every test file that git knows is found and planned', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const tracked = execFileSync('git', ['ls-files', '--', '*.test.ts', '*.test.tsx', '*.test.mjs', '*.test.js'], {
    cwd: root,
    encoding: 'utf8',
  });
  const planned = new Set(planTests(findTestFiles(root), []).flatMap(({ files }) => files));
  assert.ok(planned.size > 0);
  assert.deepEqual(
    tracked.split('\n').filter((file) => file !== '' && !planned.has(file)),
    [],
  );
});
