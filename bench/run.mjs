// `npm run bench -- NAME`: brings what a bench needs, then runs it on the pinned Node. Plain JavaScript for Node 20 and
// newer.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages } from '../scripts/setup/packages.mjs';
import { pathOfRuntime, setUpToCheck, setUpToTest } from '../scripts/setup/set-up.mjs';
import { SetupError, step } from '../scripts/setup/steps.mjs';
import { installSystemPackages, missingPackages, pathWithTools } from '../scripts/setup/system-packages.mjs';

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
  if (!isAsIs && name === 'deploy') await bringOthers();
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

/** nginx and PM2, which are compared with. Without them the bench goes on and says so. */
async function bringOthers() {
  const nginx = missingPackages(pathWithTools(root, process.env.PATH ?? '')).filter((one) => one.command === 'nginx');
  await step('nginx and PM2', async (note) => {
    try {
      if (nginx.length > 0) await installSystemPackages(root, nginx);
      await installPackages(join(root, 'bench', 'deploy', 'pm2'), join(root, '.lotse', 'logs', 'install-pm2.log'));
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      note('not all could be brought');
    }
  });
}

try {
  await bench(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof SetupError ? `\n${error.message}` : error);
  process.exitCode = 1;
}
