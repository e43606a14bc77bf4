// `npm test`: sets everything up, then runs all tests on the pinned Node. Plain JavaScript for Node 20 and newer.
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupError } from './setup/steps.mjs';
import { pathOfRuntime, setUpToTest } from './setup/set-up.mjs';
import { pathWithTools } from './setup/system-packages.mjs';
import { findTestFiles, planTests } from './test/plan.mjs';
import { runTestFile } from './test/run-file.mjs';
import { countTests, exitCodeFor, failureLines, fileLine, summaryLines } from './test/summary.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** However many files there are: a run that takes longer than this hangs. */
const wholeRunMs = 75 * 60_000;

const help = `npm test [-- OPTION… PATTERN…]

Sets up the clone (packages, Debian packages when root and missing, the example app, the web page) and runs all tests,
or those whose path contains a PATTERN (\`*\` stands for anything): npm test -- core/ids 'rollout/*plan'

Options
  --list       only says which files would run
  --no-set-up  runs the tests on what is there
  --help       this text

The last line counts: N passed, N failed, N skipped. The exit code is 0 when tests ran and none failed.`;

/** @param {readonly string[]} args */
async function test(args) {
  const options = args.filter((arg) => arg.startsWith('-'));
  const unknown = options.find((option) => !['--list', '--no-set-up', '--help', '-h'].includes(option));
  if (unknown !== undefined) throw new SetupError(`Unknown option ${unknown}.\n\n${help}`);
  if (options.includes('--help') || options.includes('-h')) return console.log(help);
  const patterns = args.filter((arg) => !arg.startsWith('-'));
  const planned = planTests(findTestFiles(root), patterns);
  if (options.includes('--list')) return planned.forEach(({ files }) => console.log(files.join('\n')));
  if (planned.length === 0) throw new SetupError(`No test file matches ${patterns.join(' ')}.`);
  const node = await setUpToTest(root, { isComplete: !options.includes('--no-set-up') });
  const startedMs = performance.now();
  const results = await runAll(planned, node);
  for (const line of summaryLines(results, performance.now() - startedMs)) console.log(line);
  process.exitCode = exitCodeFor(countTests(results));
}

/**
 * @param {ReturnType<typeof planTests>} planned
 * @param {string} node
 */
async function runAll(planned, node) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), wholeRunMs);
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.once(signal, () => abort.abort());
  /** @type {import('./test/run-file.mjs').FileResult[]} */
  const results = [];
  for (const { group, files } of planned) {
    console.log(`\n${group.name}: ${files.length} files`);
    const waiting = [...files];
    const worker = async () => {
      for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
        const result = await runOne(group, file, node, abort.signal);
        results.push(result);
        console.log([fileLine(result), ...failureLines(result)].join('\n'));
      }
    };
    await Promise.all(Array.from({ length: group.concurrency }, worker));
  }
  clearTimeout(timer);
  return results;
}

/**
 * @param {import('./test/plan.mjs').TestGroup} group
 * @param {string} file
 * @param {string} node
 * @param {AbortSignal} signal
 * @returns {Promise<import('./test/run-file.mjs').FileResult>}
 */
async function runOne(group, file, node, signal) {
  if (signal.aborted)
    return { file, tests: [], problem: 'not run: the run was ended before', output: '', durationMs: 0 };
  const result = await runTestFile(relative(group.folder, file), {
    node,
    cwd: join(root, group.folder),
    withinMs: group.withinMs,
    env: testEnvironment(node),
    signal,
  });
  return { ...result, file };
}

/**
 * What a developer has set for their own Lotse must not reach the tests.
 * @param {string} node
 */
function testEnvironment(node) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('LOTSE_') && !name.startsWith('npm_'));
  const path = pathWithTools(root, pathOfRuntime(node, root, process.env.PATH ?? ''));
  return { ...Object.fromEntries(own), PATH: path };
}

try {
  await test(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof SetupError ? `\n${error.message}` : error);
  process.exitCode = 1;
}
