// `npm start`: sets everything up, then runs Lotse with the example app. Plain JavaScript for Node 20 and newer.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInForeground } from '../bin/run-in-foreground.mjs';
import { setUpToRun } from './setup/set-up.mjs';
import { SetupError } from './setup/steps.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const help = `npm start [-- OPTION…]

Sets up this clone and starts Lotse in the foreground with the example app:
  1. checks Node and npm (Node 20 or newer is enough; the pinned Node 24 comes with the packages)
  2. installs the packages of package-lock.json, when they are missing or of an older lockfile
  3. builds the web page, when its sources have changed
  4. runs \`lotse up --with-example examples/bildwerk OPTION…\` with its state in ./.lotse

Ctrl-C drains and stops all that was started. If it is killed, the app and its proxy go on serving, and the next
\`npm start\` takes them over again.

Options
  --help     this text
  all others go to \`lotse up\`: \`npx lotse up --help\`

Logs of the set-up: .lotse/logs/`;

/** @param {readonly string[]} extraArgs */
async function start(extraArgs) {
  if (extraArgs.includes('--help') || extraArgs.includes('-h')) return console.log(help);
  const node = await setUpToRun(root);
  const upArgs = ['up', '--with-example', join('examples', 'bildwerk'), ...extraArgs];
  process.exitCode = await runInForeground(node, [join('src', 'cli', 'lotse.ts'), ...upArgs], { cwd: root });
}

try {
  await start(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof SetupError ? `\n${error.message}` : error);
  process.exitCode = 1;
}
