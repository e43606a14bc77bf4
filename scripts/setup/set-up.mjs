import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { findRuntime, noRuntimeMessage } from '../../bin/runtime.mjs';
import { checkVersions } from './node-version.mjs';
import { linkOwnCommand } from './own-command.mjs';
import { installPackages } from './packages.mjs';
import { SetupError, step } from './steps.mjs';
import { installSystemPackages, missingMessage, missingPackages, pathWithTools } from './system-packages.mjs';
import { buildWebPage } from './web-page.mjs';

/**
 * What it takes to run Lotse from a clone: the packages, the pinned Node, the web page.
 * @param {string} root of the repository
 * @returns {Promise<string>} path of the Node to run it on
 */
export async function setUpToRun(root) {
  await step('versions', (note) => note(checkVersions(process.version, process.env.npm_config_user_agent)));
  await step('packages', (note) => installNoting(root, root, 'install', note));
  const node = await step('runtime', (note) => {
    linkOwnCommand(root);
    const found = findRuntime(root);
    if (found === undefined) throw new SetupError(noRuntimeMessage());
    note(`Node ${found.version.replace('v', '')}`);
    return found.path;
  });
  await step('web page', async (note) => note(await buildWebPage(root)));
  return node;
}

/**
 * What tests and checks need besides: programs of the system and the packages of the example app.
 * @param {string} root of the repository
 * @param {{ isComplete: boolean }} options false takes what is there
 * @returns {Promise<string>} path of the Node to run them on
 */
export async function setUpForDevelopment(root, { isComplete }) {
  if (!isComplete) {
    const found = findRuntime(root);
    if (found === undefined) throw new SetupError(noRuntimeMessage());
    return found.path;
  }
  const node = await setUpToRun(root);
  const example = join(root, 'examples', 'bildwerk');
  if (existsSync(join(example, 'package-lock.json'))) {
    await step('packages of the example app', (note) => installNoting(root, example, 'install-example', note));
  }
  await step('programs of the system', async (note) => {
    const missing = await bringSystemPackages(root);
    note(missing.length === 0 ? 'all there' : `${missing.length} missing`);
    if (missing.length > 0) console.log(missingMessage(missing));
  });
  return node;
}

/**
 * @param {string} root
 * @returns {Promise<readonly import('./system-packages.mjs').SystemPackage[]>} what is missing after all
 */
async function bringSystemPackages(root) {
  const missing = missingPackages(pathWithTools(root, process.env.PATH ?? ''));
  if (missing.length === 0) return [];
  try {
    return await installSystemPackages(root, missing);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.log(error.message); // without a network most tests can still run
    return missing;
  }
}

/**
 * @param {string} root where the log is kept
 * @param {string} folder
 * @param {string} logName
 * @param {(text: string) => void} note
 */
async function installNoting(root, folder, logName, note) {
  const hasInstalled = await installPackages(folder, join(root, '.lotse', 'logs', `${logName}.log`));
  note(hasInstalled ? 'installed' : 'as in the lockfile');
}

/**
 * @param {string} node path of the Node binary
 * @param {string} root of the repository
 * @param {string} path the PATH so far
 * @returns {string} a PATH on which `node` is that Node, and the commands of the packages are found
 */
export function pathOfRuntime(node, root, path) {
  return [dirname(node), join(root, 'node_modules', '.bin'), path].join(delimiter);
}
