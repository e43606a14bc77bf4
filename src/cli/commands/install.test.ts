import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runLotse } from '../fixtures/run-lotse.ts';
import { findMissing, findProgram } from '../install/find-missing.ts';
import { closedFor } from '../install/plan-install.ts';
import { installedFiles, type Installation } from '../install/unit-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'lotse-install-'));
after(() => rmSync(folder, { recursive: true }));

const systemd = findProgram('systemd-analyze', process.env['PATH'] ?? '');
const asRoot = process.getuid?.() === 0;
const source = join(import.meta.dirname, '..', '..');
const installation: Installation = {
  ...{ nodePath: process.execPath, mainFile: join(source, 'main.ts'), proxyFile: join(source, 'proxy', 'proxy.ts') },
  ...{ state: '/var/lib/lotse', engineArguments: [], serveArguments: [], proxyWorkers: 2, searchPath: '/usr/bin:/bin' },
};

function newImage(name: string): string {
  const image = join(folder, name);
  mkdirSync(join(image, 'etc'), { recursive: true });
  writeFileSync(join(image, 'etc', 'os-release'), 'ID=debian\n');
  return image;
}

const filesBelow = (image: string) =>
  readdirSync(image, { recursive: true, encoding: 'utf8' }).filter((path) => /lotse/.test(path));

test('a dry run shows each file and each command, and writes nothing', async () => {
  const image = newImage('dry');
  const { stdout, exitCode } = await runLotse([
    'install',
    '--root',
    image,
    '--dry-run',
    '--',
    '--acme-email',
    'ops@shop.example',
  ]);
  assert.equal(exitCode, 0);
  for (const name of ['lotse.service', 'lotse-proxy.service', 'lotse-boot.service'])
    assert.match(stdout, new RegExp(`write ${image}/etc/systemd/system/${name}`));
  assert.match(stdout, /KillMode=process/);
  assert.match(stdout, /--as-unit .*--front-port 80 --acme-email ops@shop\.example/);
  assert.match(stdout, /run +systemd-sysusers/);
  assert.deepEqual(filesBelow(image), []);
});

test(
  'an image has units, user and state folder after it, and a second time changes nothing',
  { skip: !asRoot || systemd === null },
  async () => {
    const image = newImage('image');
    const line = ['install', '--root', image, '--json'];
    const first = await runLotse(line);
    assert.equal(first.exitCode, 0, first.stderr);
    assert.match(readFileSync(join(image, 'etc', 'passwd'), 'utf8'), /^lotse:/m);
    const proxyFolder = statSync(join(image, 'var', 'lib', 'lotse', 'proxy'));
    assert.equal(proxyFolder.mode & 0o777, 0o700);
    assert.notEqual(proxyFolder.uid, 0, 'it is the proxy’s own');
    assert.equal(statSync(join(image, 'var', 'lib', 'lotse')).mode & 0o777, 0o711);
    assert.equal(readdirSync(join(image, 'etc', 'systemd', 'system', 'multi-user.target.wants')).length, 3);
    const second = await runLotse(line);
    assert.equal(second.exitCode, 0, second.stderr);
    const { files } = JSON.parse(second.stdout);
    assert.deepEqual(new Set(files.map((file: { change: string }) => file.change)), new Set(['same']));

    const gone = await runLotse(['uninstall', '--root', image]);
    assert.equal(gone.exitCode, 0, gone.stderr);
    assert.deepEqual(filesBelow(join(image, 'etc')), []);
    assert.ok(existsSync(join(image, 'var', 'lib', 'lotse', 'proxy')), 'the state stays');
  },
);

test(
  'systemd finds nothing wrong in the units',
  { skip: systemd === null ? 'systemd-analyze is not on this machine' : false },
  async () => {
    const units = join(folder, 'units');
    mkdirSync(units);
    const names = installedFiles(installation).flatMap(({ path, content }) => {
      if (!path.endsWith('.service')) return [];
      const file = join(units, path.slice(path.lastIndexOf('/') + 1));
      writeFileSync(file, content);
      return [file];
    });
    const said = verify(names);
    assert.deepEqual(
      said.filter((line) => /lotse/.test(line)),
      [],
    );
    // It would have said so: a key that does not exist is found.
    writeFileSync(
      join(units, 'lotse.service'),
      installedFiles(installation)[4]?.content.replace('KillMode=', 'KilMode=') ?? '',
    );
    assert.match(verify(names).join('\n'), /KilMode/);
  },
);

/** What it says about the units; other units of the machine are not asked about. */
function verify(files: readonly string[]): readonly string[] {
  const line = ['verify', '--man=no', '--recursive-errors=no', ...files];
  const { stdout, stderr } = spawnSync(systemd ?? '', line, { encoding: 'utf8' });
  return `${stdout}${stderr}`.split('\n').filter(Boolean);
}

test('all that is missing is said at once, and nothing is written', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const closed = mkdtempSync(join(folder, 'closed-'));
  chmodSync(closed, 0o700);
  const proxyFile = join(closed, 'proxy.ts');
  writeFileSync(proxyFile, '');
  const missing = findMissing(
    { ...installation, proxyFile, state: `/${'long'.repeat(40)}` },
    { root: null, uid: 1000, platform: 'linux', fronts: { '--http': port } },
  );
  taken.close();
  const needed = missing.flatMap(({ isNeeded, what }) => (isNeeded ? [what] : [])).join('\n');
  assert.match(needed, /you are not root/);
  assert.ok(needed.includes(`may not enter ${closed}`), needed);
  assert.match(needed, /unix socket/);
  assert.ok(needed.includes(`port ${port} is taken by node (process ${process.pid})`), needed);
});

test('a file is closed to others when one of the folders above it is', () => {
  const open = mkdtempSync(join(folder, 'open-'));
  chmodSync(open, 0o755);
  writeFileSync(join(open, 'file'), '', { mode: 0o600 });
  assert.equal(closedFor(join(open, 'file')), join(open, 'file'));
});

test('blanks, percent signs and dollars of paths reach the program as they are', () => {
  const unit = installedFiles({ ...installation, state: '/srv/my lotse/50%$' })[4]?.content ?? '';
  assert.match(unit, /--state "\/srv\/my lotse\/50%%\$\$" /);
});
