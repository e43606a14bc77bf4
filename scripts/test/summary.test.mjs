import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summaryLines } from './summary.mjs';

test('the end of a run names what failed, with the beginning of each error, and counts', () => {
  const error = Array.from({ length: 20 }, (_, index) => `line ${index}`).join('\n');
  const lines = summaryLines(
    [
      { file: 'a.test.ts', tests: [], problem: 'the file ended with SIGSEGV', output: '', durationMs: 1000 },
      {
        file: 'b.test.ts',
        tests: [
          { title: 'one', outcome: 'passed' },
          { title: 'two', outcome: 'failed', error },
        ],
        problem: undefined,
        output: '',
        durationMs: 2000,
      },
    ],
    3000,
  );
  assert.deepEqual(lines.slice(lines.indexOf('Failed:')), [
    'Failed:',
    '  a.test.ts: the file ended with SIGSEGV',
    '  b.test.ts: two',
    ...[0, 1, 2, 3, 4, 5].map((index) => `      line ${index}`),
    '',
    '1 passed, 2 failed, 0 skipped',
  ]);
});
