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
 * What everything else needs: the packages and the pinned Node.
 * @param {string} root of the repository
 * @returns {Promise<string>} path of the Node to run Lotse, its tests and its checks on
 */
async function setUpPackages(root) {
  await step('versions', (note) => note(checkVersions(process.version, process.env.npm_config_user_agent)));
  await step('packages', (note) => installNoting(root, root, 'install', note));
  return step('runtime', (note) => {
    linkOwnCommand(root);
    const found = installedRuntime(root);
    note(`Node ${found.version.replace('v', '')}`);
    return found.path;
  });
}

/** @param {string} root */
function installedRuntime(root) {
  const found = findRuntime(root);
  if (found === undefined) throw new SetupError(noRuntimeMessage());
  return found;
}

/**
 * For `npm start`: packages, Node, web page.
 * @param {string} root of the repository
 * @returns {Promise<string>} path of the Node to run Lotse on
 */
export async function setUpToRun(root) {
  const node = await setUpPackages(root);
  await step('web page', async (note) => note(await buildWebPage(root)));
  return node;
}

/**
 * For `npm run check`: packages, also those of the example app, and Node.
 * @param {string} root of the repository
 * @returns {Promise<string>} path of the Node to run the checks on
 */
export async function setUpToCheck(root) {
  const node = await setUpPackages(root);
  const example = join(root, 'examples', 'bildwerk');
  if (existsSync(join(example, 'package-lock.json'))) {
    await step('packages of the example app', (note) => installNoting(root, example, 'install-example', note));
  }
  return node;
}

/**
 * For `npm test`: all of that, and programs of the system.
 * @param {string} root of the repository
 * @param {{ isComplete: boolean }} options false takes what is there
 * @returns {Promise<string>} path of the Node to run the tests on
 */
export async function setUpToTest(root, { isComplete }) {
  if (!isComplete) return installedRuntime(root).path;
  const node = await setUpToCheck(root);
  await step('web page', async (note) => note(await buildWebPage(root)));
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
