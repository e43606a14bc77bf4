import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runQuietly } from './steps.mjs';

const markerName = '.lotse-lock';

/**
 * Installs the packages of a folder exactly as its lockfile says, unless that is what is there already.
 * @param {string} folder with a package.json and a package-lock.json
 * @param {string} logFile
 * @returns {Promise<boolean>} whether anything had to be installed
 */
export async function installPackages(folder, logFile) {
  if (arePackagesFresh(folder)) return false;
  await runQuietly(
    [...npmCommand(process.env), 'ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund'],
    {
      cwd: folder,
      logFile,
      env: environmentOfSystemNode(process.env),
    },
  );
  mkdirSync(join(folder, 'node_modules'), { recursive: true }); // npm makes none where there is nothing to install
  writeFileSync(join(folder, 'node_modules', markerName), `${lockHash(folder)}\n`);
  return true;
}

/**
 * Fresh means: installed from this very lockfile, or installed by hand with the same outcome.
 * @param {string} folder
 */
export function arePackagesFresh(folder) {
  const marker = join(folder, 'node_modules', markerName);
  const hash = lockHash(folder);
  if (existsSync(marker) && readFileSync(marker, 'utf8').trim() === hash) return true;
  if (!isInstalledAsLocked(folder)) return false;
  writeFileSync(marker, `${hash}\n`);
  return true;
}

/** @param {string} folder */
function lockHash(folder) {
  return createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex');
}

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, link?: boolean }} LockedPackage
 * @typedef {{ packages: Record<string, LockedPackage> }} Lockfile
 */

/**
 * npm keeps what it really installed in a lockfile of its own inside node_modules, written as its last act.
 * @param {string} folder
 */
function isInstalledAsLocked(folder) {
  const installedPath = join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(installedPath)) return false;
  /** @type {Lockfile} */
  const wanted = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  /** @type {Lockfile} */
  const installed = JSON.parse(readFileSync(installedPath, 'utf8'));
  return Object.entries(wanted.packages).every(([path, locked]) => {
    const found = installed.packages[path];
    if (path === '' || locked.link) return true;
    if (found === undefined) return locked.optional === true; // for another kind of machine
    return found.version === locked.version && found.integrity === locked.integrity;
  });
}

/**
 * The npm that runs this script if one does, on the Node that it was started with: `npm ci` takes the pinned Node away
 * for a moment and must not run on it.
 * @param {NodeJS.ProcessEnv} env
 * @returns {[string, ...string[]]}
 */
export function npmCommand(env) {
  const { npm_execpath: npm, npm_node_execpath: node } = env;
  if (npm === undefined || node === undefined || !existsSync(node)) return ['npm'];
  return [node, npm];
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv} without the folders of installed commands, where a pinned `node` may lie
 */
export function environmentOfSystemNode(env) {
  const path = (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.endsWith(join('node_modules', '.bin')))
    .join(delimiter);
  return { ...env, PATH: path };
}
