import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endOfFile } from './event-reporter.mjs';

const reporter = fileURLToPath(new URL('event-reporter.mjs', import.meta.url));
const graceMs = 5_000;
const outputAfterEndMs = 1_000;
/** Of what a file prints only the end is kept. */
const keptCharacters = 100_000;

/**
 * @typedef {import('./event-reporter.mjs').TestEnd} TestEnd
 * @typedef {object} FileResult
 * @property {string} file
 * @property {readonly TestEnd[]} tests in the order in which they ended
 * @property {string | undefined} problem with the file as a whole; it counts as a failed test
 * @property {string} output what the file printed, at most its last 100,000 characters
 * @property {number} durationMs
 */

/**
 * Runs one test file in a process group of its own and ends the whole group afterwards.
 * @param {string} file absolute or relative to `cwd`
 * @param {{ node: string, cwd: string, withinMs: number, env: NodeJS.ProcessEnv, signal?: AbortSignal }} options
 *   `signal` ends it early
 * @returns {Promise<FileResult>}
 */
export async function runTestFile(file, options) {
  const startedMs = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'lotse-test-'));
  const events = join(folder, 'events.jsonl');
  const child = spawn(options.node, [`--test-reporter=${reporter}`, `--test-reporter-destination=${events}`, file], {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  /** @param {Buffer} chunk */
  const keep = (chunk) => (output = (output + chunk.toString('utf8')).slice(-keptCharacters));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const cutShort = endInTime(child, options);
  const ended = await endOf(child);
  const reason = cutShort();
  const lines = existsSync(events) ? parseEvents(readFileSync(events, 'utf8')) : [];
  const isWhole = lines.at(-1) === endOfFile;
  /** @type {TestEnd[]} */
  const tests = lines.filter((line) => line !== endOfFile);
  rmSync(folder, { recursive: true, force: true });
  return {
    file,
    tests,
    problem: reason ?? problemOf(tests, ended, isWhole),
    output,
    durationMs: performance.now() - startedMs,
  };
}

/** @param {string} text one JSON document a line; the last line may have been cut by a kill */
function parseEvents(text) {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/**
 * Resolves when the process has ended and its output was read, and ends what it left behind in its group. A process
 * that got out of the group may hold the output open for ever; that is not waited for.
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<string>} how it ended, empty for well
 */
function endOf(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      endGroup(child, 'SIGKILL');
      const ended = code === 0 ? '' : `ended with ${signal ?? `code ${code}`}`;
      const timer = setTimeout(() => resolve(ended), outputAfterEndMs);
      child.once('close', () => {
        clearTimeout(timer);
        resolve(ended);
      });
    });
  });
}

/**
 * @param {readonly TestEnd[]} tests
 * @param {string} ended
 * @param {boolean} isWhole
 */
function problemOf(tests, ended, isWhole) {
  if (isWhole && tests.some((test) => test.outcome === 'failed')) return undefined;
  if (ended !== '') return `the file ${ended}`;
  if (tests.length === 0) return 'the file ran no test';
  return isWhole ? undefined : 'the file ended before its tests had: something called process.exit';
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {{ withinMs: number, signal?: AbortSignal }} options
 * @returns {() => string | undefined} stops watching and says why it was ended early, if it was
 */
function endInTime(child, { withinMs, signal }) {
  /** @type {string | undefined} */
  let reason;
  /** @type {NodeJS.Timeout | undefined} */
  let lastResort;
  /** @param {string} why */
  const end = (why) => {
    reason ??= why;
    endGroup(child, 'SIGTERM');
    lastResort ??= setTimeout(() => endGroup(child, 'SIGKILL'), graceMs);
  };
  const timer = setTimeout(() => end(`the file took longer than ${withinMs / 1000} s and was ended`), withinMs);
  const abort = () => end('the run was ended before the file had finished');
  signal?.addEventListener('abort', abort);
  return () => {
    clearTimeout(timer);
    clearTimeout(lastResort);
    signal?.removeEventListener('abort', abort);
    return reason;
  };
}

/**
 * @param {import('node:child_process').ChildProcess} child leader of a process group
 * @param {NodeJS.Signals} signal
 */
function endGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // the group is empty: nothing was left behind
  }
}
