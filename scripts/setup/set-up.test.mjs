import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { filesBelow, hashOfFiles } from './file-hash.mjs';
import { checkVersions } from './node-version.mjs';
import { linkOwnCommand } from './own-command.mjs';
import { arePackagesFresh, environmentOfSystemNode, installPackages, npmCommand } from './packages.mjs';
import { runQuietly, SetupError } from './steps.mjs';
import { isDebianFamily, missingMessage, missingPackages, systemPackages } from './system-packages.mjs';
import { buildWebPage } from './web-page.mjs';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'lotse-set-up-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** @param {string} path @param {string | object} content */
function write(path, content) {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
}

test('a Node or an npm that is too old is named, with what to do', () => {
  assert.equal(checkVersions('v20.20.2', 'npm/11.19.1 node/v20.20.2 linux x64'), 'Node 20.20.2, npm 11.19.1');
  assert.equal(checkVersions('v24.1.0', undefined), 'Node 24.1.0');
  assert.throws(() => checkVersions('v18.20.0', undefined), /needs Node 20.0.0 or newer .* this is v18.20.0: https:/);
  assert.throws(
    () => checkVersions('v20.0.0', 'npm/6.14.1 node/v20.0.0'),
    /needs npm 9.0.0 or newer, and this is 6.14.1/,
  );
});

const lock = {
  packages: {
    '': {},
    'node_modules/a': { version: '1.0.0', integrity: 'x' },
    'node_modules/b': { version: '2.0.0', optional: true },
  },
};

test('packages are fresh when npm has installed what the lockfile says, by whatever command', () => {
  write('package-lock.json', lock);
  assert.equal(arePackagesFresh(folder), false, 'nothing is installed');
  write('node_modules/.package-lock.json', { packages: { 'node_modules/a': { version: '1.0.1', integrity: 'y' } } });
  assert.equal(arePackagesFresh(folder), false, 'another version is installed');
  write('node_modules/.package-lock.json', { packages: { 'node_modules/a': { version: '1.0.0', integrity: 'x' } } });
  assert.equal(arePackagesFresh(folder), true, 'an optional package for another machine may be missing');
  assert.ok(existsSync(join(folder, 'node_modules', '.lotse-lock')));
  write('package-lock.json', { packages: { ...lock.packages, 'node_modules/c': { version: '3.0.0' } } });
  assert.equal(arePackagesFresh(folder), false, 'the lockfile has grown');
});

test('packages are installed once, and what npm said lies in the log', async () => {
  write('package.json', { name: 'made-up', version: '1.0.0' });
  write('package-lock.json', {
    name: 'made-up',
    version: '1.0.0',
    lockfileVersion: 3,
    packages: { '': { name: 'made-up', version: '1.0.0' } },
  });
  const log = join(folder, 'logs', 'install.log');
  assert.equal(await installPackages(folder, log), true);
  assert.equal(await installPackages(folder, log), false);
  assert.match(readFileSync(log, 'utf8'), /^\$ .*npm.* ci /);
});

test('a lockfile that does not fit fails with what npm says about it', async () => {
  write('package.json', { name: 'made-up', version: '1.0.0', dependencies: { inner: 'file:./inner' } });
  write('inner/package.json', { name: 'inner', version: '1.0.0' });
  write('package-lock.json', { name: 'made-up', version: '1.0.0', lockfileVersion: 3, packages: { '': {} } });
  await assert.rejects(
    () => installPackages(folder, join(folder, 'install.log')),
    (error) =>
      error instanceof SetupError &&
      /ended with code 1\. From its output [\s\S]*npm error[\s\S]*in sync/.test(error.message),
  );
});

test('npm runs on the Node that it was started with, never on the one that it is about to replace', () => {
  const env = {
    npm_execpath: '/usr/lib/npm-cli.js',
    npm_node_execpath: process.execPath,
    PATH: '/clone/node_modules/.bin:/usr/bin',
  };
  assert.deepEqual(npmCommand(env), [process.execPath, '/usr/lib/npm-cli.js']);
  assert.deepEqual(npmCommand({ ...env, npm_node_execpath: '/gone/node' }), ['npm']);
  assert.deepEqual(npmCommand({}), ['npm']);
  assert.equal(environmentOfSystemNode(env).PATH, '/usr/bin');
});

test('a hash of files changes with their contents and their names', () => {
  write('a/one', 'x');
  write('a/b/two', 'y');
  write('a/node_modules/three', 'z');
  const files = filesBelow(join(folder, 'a'), (name) => name === 'node_modules');
  assert.deepEqual(files, [join('b', 'two'), 'one']);
  const first = hashOfFiles(join(folder, 'a'), files);
  assert.equal(hashOfFiles(join(folder, 'a'), files), first);
  write('a/one', 'changed');
  assert.notEqual(hashOfFiles(join(folder, 'a'), files), first);
});

test('the web page is built when its sources have changed, and only then', async () => {
  assert.equal(await buildWebPage(folder), 'absent');
  const build = `const fs = require('fs'); fs.mkdirSync('web/dist', { recursive: true }); fs.writeFileSync('web/dist/index.html', ''); fs.appendFileSync('builds', 'x');`;
  write('package.json', { name: 'made-up', scripts: { 'build:web': 'node build.cjs' } });
  write('package-lock.json', {});
  write('build.cjs', build);
  write('web/vite.config.ts', '');
  assert.equal(await buildWebPage(folder), 'built');
  assert.equal(await buildWebPage(folder), 'fresh');
  write('web/app.tsx', 'changed');
  assert.equal(await buildWebPage(folder), 'built');
  write('src/capabilities/releases/releases-api.ts', 'the page imports this');
  assert.equal(await buildWebPage(folder), 'built');
  write('src/capabilities/releases/routes.ts', 'the page does not import this');
  assert.equal(await buildWebPage(folder), 'fresh');
  assert.equal(readFileSync(join(folder, 'builds'), 'utf8'), 'xxx');
});

test('a build of the web page that leaves no page is no success', async () => {
  write('package.json', { name: 'made-up', scripts: { 'build:web': 'node --version' } });
  write('package-lock.json', {});
  write('web/vite.config.ts', '');
  await assert.rejects(() => buildWebPage(folder), /left no web\/dist\/index.html/);
});

test('the own command is linked once', () => {
  linkOwnCommand(folder);
  write('bin/lotse.mjs', 'the command');
  linkOwnCommand(folder);
  assert.equal(readFileSync(join(folder, 'node_modules', '.bin', 'lotse'), 'utf8'), 'the command');
});

test('programs are looked for on the PATH, and what is missing is explained', () => {
  const [git] = systemPackages;
  write('bin/git', '');
  assert.ok(
    missingPackages(join(folder, 'bin')).includes(/** @type {any} */ (git)),
    'a file that cannot be run is no program',
  );
  assert.deepEqual(missingPackages(''), systemPackages);
  assert.match(
    missingMessage(systemPackages),
    /chromium: .*browser[\s\S]*apt-get install git chromium openssl rsync curl pebble knot haproxy nginx docker\.io containerd runc tini iptables systemd openssh-server$/,
  );
  assert.equal(isDebianFamily('NAME="Debian GNU/Linux"\nID=debian\n'), true);
  assert.equal(isDebianFamily('ID=linuxmint\nID_LIKE="ubuntu debian"\n'), true);
  assert.equal(isDebianFamily('ID="fedora"\n'), false);
});

test('a quiet program that fails or does not exist is a SetupError', async () => {
  const logFile = join(folder, 'x.log');
  await runQuietly([process.execPath, '-e', '1'], { cwd: folder, logFile });
  await assert.rejects(
    () =>
      runQuietly([process.execPath, '-e', 'console.error("the reason"); process.exit(3)'], { cwd: folder, logFile }),
    /ended with code 3[\s\S]*the reason/,
  );
  await assert.rejects(() => runQuietly(['no-such-program'], { cwd: folder, logFile }), /could not be started/);
});
