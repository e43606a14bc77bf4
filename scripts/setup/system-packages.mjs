import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runQuietly } from './steps.mjs';

/**
 * Programs from outside npm that tests use. This is the whole list; a test that needs one of them skips itself with a
 * reason when it is not there.
 *
 * `install`: by apt-get. `unpack`: only the program is taken out of its Debian package and put below .lotse, because
 * installing the package would start a service.
 * @typedef {{ command: string, package: string, how: 'install' | 'unpack', usedBy: string }} SystemPackage
 * @type {readonly SystemPackage[]}
 */
export const systemPackages = [
  { command: 'git', package: 'git', how: 'install', usedBy: 'artifacts are copies of git commits' },
  {
    command: 'chromium',
    package: 'chromium',
    how: 'install',
    usedBy: 'the tests of the web page and of the example app in a browser',
  },
  { command: 'nginx', package: 'nginx', how: 'unpack', usedBy: 'the comparison of deploys with an nginx reload' },
];

/** @param {string} root of the repository @returns {string} where unpacked programs lie */
function toolsFolder(root) {
  return join(root, '.lotse', 'tools');
}

/**
 * @param {string} root of the repository
 * @param {string} path the PATH so far
 * @returns {string} the PATH with the folders of unpacked programs
 */
export function pathWithTools(root, path) {
  return [path, join(toolsFolder(root), 'usr', 'sbin'), join(toolsFolder(root), 'usr', 'bin')].join(delimiter);
}

/**
 * @param {string} path folders as in PATH
 * @returns {readonly SystemPackage[]} those whose program is in none of them
 */
export function missingPackages(path) {
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  return systemPackages.filter((wanted) => !folders.some((folder) => isExecutable(join(folder, wanted.command))));
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} [osRelease] content of /etc/os-release */
export function isDebianFamily(
  osRelease = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '',
) {
  return /^ID(?:_LIKE)?=.*\b(?:debian|ubuntu)\b/m.test(osRelease);
}

/**
 * Brings what is missing, where that is possible without asking.
 * @param {string} root of the repository
 * @param {readonly SystemPackage[]} missing not empty
 * @returns {Promise<readonly SystemPackage[]>} what is still missing
 */
export async function installSystemPackages(root, missing) {
  if (process.getuid?.() !== 0 || !isDebianFamily()) return missing;
  const logs = join(root, '.lotse', 'logs');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const wait = 'DPkg::Lock::Timeout=120';
  await runQuietly(['apt-get', '-o', wait, 'update'], { cwd: root, logFile: join(logs, 'apt-update.log'), env });
  const installed = missing.filter((wanted) => wanted.how === 'install').map((wanted) => wanted.package);
  if (installed.length > 0) {
    await runQuietly(['apt-get', '-o', wait, 'install', '--yes', '--no-install-recommends', ...installed], {
      cwd: root,
      logFile: join(logs, 'apt-install.log'),
      env,
    });
  }
  for (const wanted of missing.filter((one) => one.how === 'unpack')) await unpack(root, wanted.package, logs);
  return missingPackages(pathWithTools(root, process.env.PATH ?? ''));
}

/** @param {string} root @param {string} name @param {string} logs */
async function unpack(root, name, logs) {
  // apt gives up its rights while it downloads and needs a folder that others may write to.
  const downloads = join('/tmp', `lotse-packages-${process.pid}`);
  mkdirSync(downloads, { mode: 0o777, recursive: true });
  try {
    await runQuietly(['apt-get', 'download', name], {
      cwd: downloads,
      logFile: join(logs, `apt-download-${name}.log`),
    });
    const file = readdirSync(downloads).find((found) => found.endsWith('.deb'));
    mkdirSync(toolsFolder(root), { recursive: true });
    await runQuietly(['dpkg-deb', '--extract', join(downloads, file ?? name), toolsFolder(root)], {
      cwd: root,
      logFile: join(logs, `unpack-${name}.log`),
    });
  } finally {
    rmSync(downloads, { recursive: true });
  }
}

/**
 * What a person can do about missing programs, and what happens if they do nothing.
 * @param {readonly SystemPackage[]} missing
 */
export function missingMessage(missing) {
  const lines = missing.map(({ command, usedBy }) => `  ${command}: ${usedBy}`);
  const names = missing.map((wanted) => wanted.package).join(' ');
  return `Not on this machine, so tests that need them skip themselves:\n${lines.join('\n')}\nOn Debian or Ubuntu: sudo apt-get install ${names}`;
}
