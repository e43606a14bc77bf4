import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runTestFile } from './run-file.mjs';
import { countTests, exitCodeFor, failureLines, fileLine, summaryLines } from './summary.mjs';

const folder = mkdtempSync(join(tmpdir(), 'lotse-run-file-'));
after(() => rmSync(folder, { recursive: true }));
// A test that runs tests: the runner must not take the inner ones for its own.
const env = { ...process.env, NODE_TEST_CONTEXT: undefined };

/** @param {string} text @param {number} [withinMs] */
async function run(text, withinMs = 20_000) {
  const file = join(folder, 'made-up.test.mjs');
  writeFileSync(file, `import { describe, it, test, before } from 'node:test';\n${text}`);
  const result = await runTestFile(file, { node: process.execPath, cwd: folder, withinMs, env });
  return { ...result, file: 'made-up.test.mjs', counts: countTests([result]) };
}

test('passed, failed, skipped and still-to-do tests are counted, suites are not', async () => {
  const { counts, tests, problem } = await run(`
    test('good', () => {});
    test('not here', { skip: 'no chromium' }, () => {});
    test('finds out', (t) => t.skip('no network'));
    test.todo('later');
    describe('suite', () => { it('good', () => {}); it('bad', () => { throw new Error('wrong'); }); });
    test('parent', async (t) => { await t.test('child', () => {}); });
    describe('skipped suite', { skip: 'not built yet' }, () => { it('inner', () => {}); });`);
  assert.deepEqual(counts, { passed: 4, failed: 1, skipped: 4 });
  assert.equal(problem, undefined);
  assert.deepEqual(
    tests.filter((one) => one.outcome === 'skipped').map((one) => `${one.title}: ${one.reason}`),
    ['not here: no chromium', 'finds out: no network', 'later: to do', 'skipped suite: not built yet'],
  );
  assert.match(tests.find((one) => one.title === 'bad')?.error ?? '', /Error: wrong[\s\S]*made-up.test.mjs:7/);
});

test('a failing hook fails the file', async () => {
  const { counts } = await run(
    `describe('suite', () => { before(() => { throw new Error('no') }); it('a', () => {}); });`,
  );
  assert.ok(counts.failed > 0);
});

test('a file without tests, one that cannot be loaded and one that leaves early count as failed', async () => {
  assert.equal((await run('1;')).problem, 'the file ran no test');
  const broken = await run(`throw new Error('at load');`);
  assert.equal(broken.problem, 'the file ended with code 1');
  assert.match(broken.output, /at load/);
  assert.deepEqual(broken.counts, { passed: 0, failed: 1, skipped: 0 });
  const early = await run(`test('a', () => {}); test('b', () => process.exit(0)); test('c', () => { throw 1; });`);
  assert.equal(early.counts.failed, 1);
});

test('a file that hangs is ended with all that it started in its group', async () => {
  const started = join(folder, 'child.pid');
  const hanging = await run(
    `import { spawn } from 'node:child_process';
     import { writeFileSync } from 'node:fs';
     const child = spawn('sleep', ['1000'], { stdio: 'inherit' });
     writeFileSync(${JSON.stringify(started)}, String(child.pid));
     test('hangs', () => new Promise((resolve) => setTimeout(resolve, 1_000_000)));`,
    1_500,
  );
  assert.equal(hanging.problem, 'the file took longer than 1.5 s and was ended');
  assert.ok(existsSync(started));
  const stat = `/proc/${readFileSync(started, 'utf8')}/stat`;
  // Nobody may have buried it yet: a zombie runs no longer.
  if (existsSync(stat)) assert.match(readFileSync(stat, 'utf8'), /\) Z /);
});

test('a file is ended when the run is', async () => {
  const file = join(folder, 'endless.test.mjs');
  writeFileSync(file, `import { test } from 'node:test'; test('a', () => new Promise((r) => setTimeout(r, 1e6)));`);
  const signal = AbortSignal.timeout(300);
  const result = await runTestFile(file, { node: process.execPath, cwd: folder, withinMs: 20_000, env, signal });
  assert.equal(result.problem, 'the run was ended before the file had finished');
});

test('the summary names what was skipped and what failed, and its last line counts', async () => {
  const result = await run(`
    test('good', () => {});
    test('not here', { skip: 'no chromium' }, () => {});
    test('bad', () => { console.log('said before'); throw new Error('wrong'); });`);
  assert.match(fileLine(result), /^✗ made-up.test.mjs: 1 passed, 1 failed, 1 skipped \(\d+\.\d s\)$/);
  assert.match(failureLines(result).join('\n'), /✗ bad\n {4}Error: wrong[\s\S]*said before/);
  const summary = summaryLines([result], 1_000);
  assert.ok(summary.includes('  made-up.test.mjs: not here: no chromium'));
  assert.ok(summary.includes('  made-up.test.mjs: bad'));
  assert.equal(summary.at(-1), '1 passed, 1 failed, 1 skipped');
});

test('a run fails when a test failed, and when none ran', () => {
  assert.equal(exitCodeFor({ passed: 2, failed: 0, skipped: 3 }), 0);
  assert.equal(exitCodeFor({ passed: 2, failed: 1, skipped: 0 }), 1);
  assert.equal(exitCodeFor({ passed: 0, failed: 0, skipped: 3 }), 1);
});
