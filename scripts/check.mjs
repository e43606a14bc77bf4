// `npm run check`: all checks that need no running program. Plain JavaScript for Node 20 and newer.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pathOfRuntime, setUpToCheck } from './setup/set-up.mjs';
import { seconds, SetupError } from './setup/steps.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const concurrency = 2;

/**
 * @typedef {{ name: string, command: readonly [string, ...string[]], fix?: string }} Check
 */

/** @type {Check} */
const webTypes = { name: 'types of the web page', command: ['tsc', '-p', 'web/tsconfig.json'] };

/** @returns {readonly Check[]} */
function allChecks() {
  const generators = readdirSync(join(root, 'scripts')).filter((file) =>
    /^(?:generate|build)-.*(?<!\.test)\.ts$/.test(file),
  );
  return [
    { name: 'types', command: ['tsc', '-p', 'tsconfig.json'] },
    { name: 'types of the scripts', command: ['tsc', '-p', 'scripts/tsconfig.json'] },
    ...(existsSync(join(root, 'web', 'tsconfig.json')) ? [webTypes] : []),
    { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'], fix: 'npx oxlint --type-aware --fix' },
    { name: 'format', command: ['prettier', '--check', '--log-level', 'warn', '.'], fix: 'npm run format' },
    { name: 'folders', command: ['node', 'scripts/check-folders.ts'] },
    { name: 'sizes', command: ['node', 'scripts/check-sizes.ts'] },
    { name: 'style', command: ['node', 'scripts/check-style.ts'] },
    { name: 'docs', command: ['node', 'scripts/check-docs.ts'] },
    { name: 'lockfile', command: ['node', 'scripts/check-lockfile.ts'] },
    ...generators.map(generatorCheck),
    { name: 'dead code', command: ['knip', '--no-progress'] },
  ];
}

/**
 * @param {string} file
 * @returns {Check} whether what a script generates is what lies in the repository
 */
function generatorCheck(file) {
  return { name: `scripts/${file}`, command: ['node', `scripts/${file}`, '--check'], fix: `node scripts/${file}` };
}

const help = `npm run check [-- NAME…]

Sets up the clone and runs all checks, or those whose name contains NAME:
${allChecks()
  .map(({ name, command }) => `  ${name.padEnd(40)}${command.join(' ')}`)
  .join('\n')}`;

/** @param {readonly string[]} args */
async function check(args) {
  if (args.some((arg) => arg === '--help' || arg === '-h')) return console.log(help);
  const chosen = allChecks().filter(({ name }) => args.length === 0 || args.some((arg) => name.includes(arg)));
  if (chosen.length === 0) throw new SetupError(`No check is called ${args.join(' ')}.\n\n${help}`);
  const node = await setUpToCheck(root);
  const waiting = [...chosen];
  /** @type {Check[]} */
  const failed = [];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (!(await runCheck(next, node))) failed.push(next);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  console.log(
    failed.length === 0
      ? `\nAll ${chosen.length} checks are fine.`
      : `\n${failed.length} of ${chosen.length} checks found something: ${failed.map(({ name }) => name).join(', ')}`,
  );
  process.exitCode = failed.length === 0 ? 0 : 1;
}

/**
 * @param {Check} wanted
 * @param {string} node
 * @returns {Promise<boolean>} whether it is fine
 */
async function runCheck({ name, command, fix }, node) {
  const [program, ...args] = command;
  const startedMs = performance.now();
  const colour = process.stdout.isTTY ? {} : { NO_COLOR: '1' };
  const env = { ...process.env, ...colour, PATH: pathOfRuntime(node, root, process.env.PATH ?? '') };
  const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const isFine = await new Promise((resolve) => {
    child.once('error', (error) => {
      output += error.message;
      resolve(false);
    });
    child.once('close', (code) => resolve(code === 0));
  });
  const shown = isFine ? output.trim().split('\n').at(-1) : `\n${output.trimEnd()}`;
  console.log(`${isFine ? '✓' : '✗'} ${name} (${seconds(startedMs)})${shown ? `: ${shown}` : ''}`);
  if (!isFine && fix !== undefined) console.log(`  to fix what can be fixed: ${fix}`);
  return isFine;
}

try {
  await check(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof SetupError ? `\n${error.message}` : error);
  process.exitCode = 1;
}
