// `npm run bench -- NAME`: brings what a bench needs, then runs it on the pinned Node. Plain JavaScript for Node 20 and
// newer.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages } from '../scripts/setup/packages.mjs';
import { pathOfRuntime, setUpToCheck, setUpToTest } from '../scripts/setup/set-up.mjs';
import { SetupError, step } from '../scripts/setup/steps.mjs';
import {
  benchPackages,
  installSystemPackages,
  missingPackages,
  pathWithTools,
} from '../scripts/setup/system-packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const benches = readdirSync(join(root, 'bench')).filter((name) => existsSync(join(root, 'bench', name, 'bench.ts')));

const help = `npm run bench -- NAME [--quick] [OPTION…]

Sets up the clone and runs one bench; its last line is \`RESULT {…}\`. The exit code is 1 when something is missed that
must hold.

  ${benches.join('\n  ')}

  --quick        within 50 seconds, with fewer repetitions
  --no-set-up    runs on what is there
  --help         behind a NAME: the options of that bench`;

/** @param {readonly string[]} args */
async function bench([name = '--help', ...args]) {
  if (['--help', '-h'].includes(name)) return console.log(help);
  if (!benches.includes(name)) throw new SetupError(`No bench is called ${name}.\n\n${help}`);
  const isAsIs = args.includes('--no-set-up');
  const node = isAsIs ? await setUpToTest(root, { isComplete: false }) : await setUpToCheck(root);
  if (!isAsIs) await bringOthers(name);
  const path = pathWithTools(root, pathOfRuntime(node, root, process.env.PATH ?? ''));
  const program = join('bench', name, 'bench.ts');
  const own = args.filter((arg) => arg !== '--no-set-up');
  const child = spawn('node', [program, ...own], { cwd: root, env: { ...process.env, PATH: path }, stdio: 'inherit' });
  // Ctrl-C of a terminal reaches the bench too; here it only waits.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => undefined);
  process.exitCode = await new Promise((resolve, reject) => {
    child.once('error', reject).once('exit', (code) => resolve(code ?? 1));
  });
}

/**
 * Brings what a bench compares with and measures by. Without it the bench goes on and says so.
 * @param {string} name
 */
async function bringOthers(name) {
  const programs = benchPackages.filter((one) => one.benches.includes(name));
  const folders = peerFolders(name);
  if (programs.length + folders.length === 0) return;
  await step('what it is compared with', async (note) => {
    const missing = missingPackages(pathWithTools(root, process.env.PATH ?? ''), programs);
    const works = [
      async () => missing.length > 0 && (await installSystemPackages(root, missing)),
      ...folders.map((folder) => () => installPackages(folder, join(root, '.lotse', 'logs', 'install-peer.log'))),
    ];
    for (const work of works) {
      try {
        await work();
      } catch (error) {
        if (!(error instanceof SetupError)) throw error;
        note('not all could be brought');
      }
    }
  });
}

/** @param {string} name @returns {readonly string[]} folders of a bench with packages of their own */
function peerFolders(name) {
  const own = join(root, 'bench', name);
  return readdirSync(own)
    .map((folder) => join(own, folder))
    .filter((folder) => existsSync(join(folder, 'package-lock.json')));
}

try {
  await bench(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof SetupError ? `\n${error.message}` : error);
  process.exitCode = 1;
}
