import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runQuietly } from './steps.mjs';

/**
 * Programs from outside npm that tests use. This is the whole list; a test that needs one of them skips itself with a
 * reason when it is not there.
 *
 * `install`: by apt-get. `unpack`: only the program is taken out of its Debian package and put below .lotse, because
 * installing the package would start a service; `libraries` are packages that such a program needs beside it, and those
 * are installed.
 * @typedef {{ command: string, package: string, how: 'install' | 'unpack', usedBy: string, libraries?: readonly string[] }} SystemPackage
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
  { command: 'openssl', package: 'openssl', how: 'install', usedBy: 'the tests of certificates and of TLS' },
  {
    command: 'rsync',
    package: 'rsync',
    how: 'unpack',
    usedBy: 'the tests of pipelines of GitLab',
    libraries: ['libpopt0', 'libxxhash0'],
  },
  { command: 'curl', package: 'curl', how: 'install', usedBy: 'the tests of certificates' },
  {
    command: 'pebble',
    package: 'pebble',
    how: 'install',
    usedBy: 'the tests of certificates that come from an authority',
  },
  {
    command: 'knotd',
    package: 'knot',
    how: 'unpack',
    usedBy: 'the tests of DNS records that show an authority whose a name is',
    libraries: ['libcap-ng0', 'libdnssec9', 'libedit2', 'libknot13', 'liblmdb0', 'liburcu8', 'libzscanner4'],
  },
  {
    command: 'haproxy',
    package: 'haproxy',
    how: 'unpack',
    usedBy: 'the tests of Lotse behind another proxy',
    libraries: ['liblua5.3-0', 'libopentracing-c-wrapper0'],
  },
  { command: 'nginx', package: 'nginx', how: 'unpack', usedBy: 'the tests of Lotse behind another proxy' },
  {
    command: 'dockerd',
    package: 'docker.io',
    how: 'unpack',
    usedBy: 'the tests of containers',
    libraries: ['libdevmapper1.02.1', 'libsystemd0'],
  },
  { command: 'containerd', package: 'containerd', how: 'unpack', usedBy: 'the tests of containers' },
  { command: 'runc', package: 'runc', how: 'unpack', usedBy: 'the tests of containers', libraries: ['libseccomp2'] },
  { command: 'docker-init', package: 'tini', how: 'unpack', usedBy: 'the tests of containers' },
  { command: 'iptables', package: 'iptables', how: 'install', usedBy: 'the tests of containers' },
  {
    command: 'systemd-analyze',
    package: 'systemd',
    how: 'unpack',
    usedBy: 'the tests of what `lotse install` writes',
    libraries: ['libsystemd-shared', 'libcryptsetup12', 'libfdisk1', 'libkmod2', 'libp11-kit0', 'libseccomp2'],
  },
  {
    command: 'sshd',
    package: 'openssh-server',
    how: 'unpack',
    usedBy: 'the tests of servers that are reached by ssh',
    libraries: ['openssh-client', 'libwrap0'],
  },
];

/**
 * Programs that benches compare Lotse with or measure it by. A bench goes on without one of them and says so.
 * @type {readonly (SystemPackage & { benches: readonly string[] })[]}
 */
export const benchPackages = [
  {
    command: 'haproxy',
    package: 'haproxy',
    how: 'unpack',
    usedBy: 'the comparison with HAProxy',
    libraries: ['liblua5.3-0', 'libopentracing-c-wrapper0'],
    benches: ['containers', 'deploy', 'proxy'],
  },
  {
    command: 'nginx',
    package: 'nginx',
    how: 'unpack',
    usedBy: 'the comparison with nginx',
    benches: ['deploy', 'proxy'],
  },
  {
    command: 'caddy',
    package: 'caddy',
    how: 'unpack',
    usedBy: 'the comparison with Caddy',
    benches: ['deploy', 'proxy'],
  },
  {
    command: 'docker',
    package: 'docker.io',
    how: 'unpack',
    usedBy: 'the comparison with Swarm and compose',
    benches: ['containers'],
  },
  {
    command: 'docker-compose',
    package: 'docker-compose',
    how: 'install',
    usedBy: 'the comparison with compose',
    benches: ['containers'],
  },
  { command: 'wrk', package: 'wrk', how: 'install', usedBy: 'the load on proxies', benches: ['proxy'] },
  {
    command: 'h2load',
    package: 'nghttp2-client',
    how: 'install',
    usedBy: 'the load by HTTP/2 on proxies',
    benches: ['proxy'],
  },
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
 * @param {readonly SystemPackage[]} [packages] default: those of the tests
 * @returns {readonly SystemPackage[]} those whose program is in none of them
 */
export function missingPackages(path, packages = systemPackages) {
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  return packages.filter((wanted) => !folders.some((folder) => isExecutable(join(folder, wanted.command))));
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
  const installed = missing.flatMap((wanted) => (wanted.how === 'install' ? wanted.package : (wanted.libraries ?? [])));
  if (installed.length > 0) {
    await runQuietly(['apt-get', '-o', wait, 'install', '--yes', '--no-install-recommends', ...installed], {
      cwd: root,
      logFile: join(logs, 'apt-install.log'),
      env,
    });
  }
  for (const wanted of missing.filter((one) => one.how === 'unpack')) await unpack(root, wanted.package, logs);
  return missingPackages(pathWithTools(root, process.env.PATH ?? ''), missing);
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
