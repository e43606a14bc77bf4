/**
 * @typedef {import('./run-file.mjs').FileResult} FileResult
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 */

/** Of each error, at the end of the run. */
const errorLines = 6;

/**
 * A problem with a whole file counts as one failed test.
 * @param {readonly FileResult[]} results
 * @returns {Counts}
 */
export function countTests(results) {
  const tests = results.flatMap((result) => result.tests);
  /** @param {string} outcome */
  const count = (outcome) => tests.filter((test) => test.outcome === outcome).length;
  const problems = results.filter((result) => result.problem !== undefined).length;
  return { passed: count('passed'), failed: count('failed') + problems, skipped: count('skipped') };
}

/** @param {FileResult} result @returns {string} one line for a file that has ended */
export function fileLine(result) {
  const { passed, failed, skipped } = countTests([result]);
  const parts = [`${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`].filter(
    Boolean,
  );
  return `${failed > 0 ? '✗' : '✓'} ${result.file}: ${parts.join(', ')} (${(result.durationMs / 1000).toFixed(1)} s)`;
}

/** @param {FileResult} result @returns {string[]} all that helps to find out why a file failed */
export function failureLines(result) {
  const failed = result.tests.filter((test) => test.outcome === 'failed');
  if (failed.length === 0 && result.problem === undefined) return [];
  /** @param {string} text */
  const indent = (text) => text.trimEnd().replace(/^/gm, '    ');
  return [
    ...(result.problem === undefined ? [] : [`  ✗ ${result.problem}`]),
    ...failed.flatMap((test) => [`  ✗ ${test.title}`, indent(test.error ?? '')]),
    ...(result.output.trim() === '' ? [] : ['  what it printed:', indent(result.output.slice(-8_000))]),
  ];
}

/**
 * @param {readonly FileResult[]} results
 * @param {number} durationMs
 * @returns {string[]} the end of the run: slowest files, skipped and failed tests by name, and the counts as last line
 */
export function summaryLines(results, durationMs) {
  const skipped = results.flatMap(({ file, tests }) =>
    tests.filter((test) => test.outcome === 'skipped').map((test) => `  ${file}: ${test.title}: ${test.reason}`),
  );
  const failed = results.flatMap(({ file, tests, problem }) => [
    ...(problem === undefined ? [] : [`  ${file}: ${problem}`]),
    ...tests.flatMap(({ title, outcome, error }) =>
      outcome === 'failed' ? [`  ${file}: ${title}`, ...beginningOf(error)] : [],
    ),
  ]);
  const slowest = [...results]
    .sort((left, right) => right.durationMs - left.durationMs)
    .slice(0, 5)
    .map((result) => `  ${(result.durationMs / 1000).toFixed(1)} s ${result.file}`);
  const counts = countTests(results);
  return [
    '',
    `Slowest of ${results.length} files, ${(durationMs / 1000).toFixed(0)} s in all:`,
    ...slowest,
    ...(skipped.length === 0 ? [] : ['', 'Skipped:', ...skipped]),
    ...(failed.length === 0 ? [] : ['', 'Failed:', ...failed]),
    '',
    `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`,
  ];
}

/** @param {string | undefined} error @returns {string[]} enough to know it by; the whole stands at its file */
function beginningOf(error) {
  const lines = (error ?? '').trim().split('\n');
  return lines.slice(0, errorLines).map((line) => `      ${line}`);
}

/** @param {Counts} counts @returns {number} the exit code: a run in which no test ran has shown nothing */
export function exitCodeFor(counts) {
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}
