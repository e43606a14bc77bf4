import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';

/** A set-up step that could not be done; the message is for the person at the terminal. */
export class SetupError extends Error {
  /** @override */
  name = 'SetupError';
}

/** Without a terminal to draw on, a long step says this often that it is still running. */
const stillRunningMs = 15_000;

/**
 * Does one named piece of work and prints a line with the time that it took.
 * @template T
 * @param {string} title
 * @param {(note: (text: string) => void) => T | Promise<T>} work may call `note` to add something to the closing line
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const startedMs = performance.now();
  let noted = '';
  const stopTicking = showProgress(title, startedMs);
  /** @param {string} mark */
  const close = (mark) => {
    stopTicking();
    console.log(`${mark} ${title}${noted && `: ${noted}`} (${seconds(startedMs)})`);
  };
  try {
    const result = await work((text) => (noted = text));
    close('✓');
    return result;
  } catch (error) {
    close('✗');
    throw error;
  }
}

/**
 * @param {string} title
 * @param {number} startedMs
 * @returns {() => void} takes the progress line away again
 */
function showProgress(title, startedMs) {
  const drawing = process.stdout.isTTY && process.env.CI === undefined;
  const timer = setInterval(
    () =>
      drawing
        ? process.stdout.write(`\r… ${title} ${seconds(startedMs)}`)
        : console.log(`… ${title} (${seconds(startedMs)})`),
    drawing ? 200 : stillRunningMs,
  );
  return () => {
    clearInterval(timer);
    if (drawing) process.stdout.write('\r\u001b[K');
  };
}

/** @param {number} startedMs from `performance.now()` */
export function seconds(startedMs) {
  return `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
}

/**
 * Runs a program and keeps its output in a log file. If it fails the telling part of the log is in the message.
 * @param {readonly [string, ...string[]]} command program and arguments, never read by a shell
 * @param {{ cwd: string, logFile: string, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<void>}
 */
export async function runQuietly(command, options) {
  const [program, ...args] = command;
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = createWriteStream(options.logFile);
  log.write(`$ ${command.join(' ')}\n`);
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const stopEnding = endWith(child);
  const ended = await new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('close', (code, signal) => resolve(code === 0 ? undefined : `ended with ${signal ?? `code ${code}`}`));
  });
  stopEnding();
  await new Promise((resolve) => log.end(resolve));
  if (ended === undefined) return;
  const cause = tellingLines(readFileSync(options.logFile, 'utf8')).join('\n  ');
  const where = relative(process.cwd(), options.logFile);
  throw new SetupError(`\`${command.join(' ')}\` ${ended}. From its output (all of it: ${where}):\n  ${cause}`);
}

/**
 * The lines of a log that most likely say what was wrong: from the first error on, else the last ones.
 * @param {string} log
 */
function tellingLines(log) {
  const lines = log.trimEnd().split('\n');
  const firstError = lines.findIndex((line) => /\b(?:error|E:)/i.test(line));
  return firstError === -1 ? lines.slice(-20) : lines.slice(firstError, firstError + 20);
}

/**
 * A set-up program must not outlive the set-up.
 * @param {import('node:child_process').ChildProcess} child
 */
function endWith(child) {
  /** @param {NodeJS.Signals} signal */
  const end = (signal) => {
    child.kill(signal);
    child.once('close', () => {
      stop();
      process.kill(process.pid, signal);
    });
  };
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.once(signal, end);
  const stop = () => {
    for (const signal of signals) process.off(signal, end);
  };
  return stop;
}
