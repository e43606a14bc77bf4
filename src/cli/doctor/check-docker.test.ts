import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { findTestEngine } from '../../../test/harness/docker-engine.ts';
import { runLotse } from '../fixtures/run-lotse.ts';
import { checkDocker } from './check-docker.ts';

const folder = mkdtempSync(join(tmpdir(), 'lotse-doctor-docker-'));
after(() => rmSync(folder, { recursive: true }));

/** What its `/version` and `/info` say. */
async function startEngine(name: string, info: object, apiVersion = '1.45') {
  const socket = join(folder, name);
  const server = createServer((request, response) => {
    const version = { Version: '26.1.0', ApiVersion: apiVersion, MinAPIVersion: '1.24', Os: 'linux', Arch: 'amd64' };
    response.end(JSON.stringify(request.url?.endsWith('/info') === true ? info : version));
  });
  server.listen(socket);
  await once(server, 'listening');
  chmodSync(socket, 0o660);
  return { socket, host: `unix://${socket}`, close: () => server.close() };
}

const info = {
  ...{ DockerRootDir: folder, Driver: 'overlay2', CgroupVersion: '2', SecurityOptions: [], LiveRestoreEnabled: true },
  ...{ MemoryLimit: true, PidsLimit: true, CpuCfsQuota: true, IPv4Forwarding: true },
};

test('an engine that is not there is no trouble, unless the app goes out as containers', async () => {
  const host = `unix://${join(folder, 'none.sock')}`;
  const [unneeded] = await checkDocker({ host, isNeeded: false });
  assert.deepEqual([unneeded?.state, unneeded?.advice], ['ok', null]);
  const [needed] = await checkDocker({ host, isNeeded: true });
  assert.equal(needed?.state, 'fail');
  assert.match(`${needed?.found} ${needed?.advice}`, /No Docker engine answers at unix:.*install Docker Engine 20\.10/);
});

test('one that has ended is said with how it starts again', async () => {
  const socket = join(folder, 'left.sock');
  writeFileSync(socket, '');
  const [check] = await checkDocker({ host: `unix://${socket}`, isNeeded: true });
  assert.deepEqual([check?.state, /systemctl start docker/.test(check?.advice ?? '')], ['fail', true]);
});

test('what an engine is like is one line, and each thing that it lacks one more with what to do', async () => {
  const engine = await startEngine('lacks.sock', { ...info, LiveRestoreEnabled: false, Driver: 'vfs' });
  const checks = await checkDocker({ host: engine.host, isNeeded: true });
  engine.close();
  assert.match(checks[0]?.found ?? '', /^26\.1\.0 at unix:.*, vfs, control groups version 2$/);
  assert.equal(checks[1]?.name, 'Docker disk');
  const rest = checks.slice(2).map(({ state, found, advice }) => `${state} ${found}: ${advice}`);
  assert.equal(rest.length, 2, rest.join('\n'));
  assert.match(rest.join('\n'), /^warn A restart.*: set "live-restore": true.*\nwarn The storage driver vfs.*overlay2/);
});

test('one that is too old, and one whose socket is open to all, are said', async () => {
  const old = await startEngine('old.sock', info, '1.40');
  const [check] = await checkDocker({ host: old.host, isNeeded: true });
  old.close();
  assert.match(
    `${check?.state} ${check?.found} ${check?.advice}`,
    /^fail Docker .* 1\.40.* Install Docker Engine 20\.10/,
  );
  const open = await startEngine('open.sock', info);
  chmodSync(open.socket, 0o666);
  const checks = await checkDocker({ host: open.host, isNeeded: false });
  open.close();
  assert.match(checks.map(({ found, advice }) => `${found}: ${advice}`).join('\n'), /is root by that: chmod o-rw/);
});

test('an address of another machine is said, and DOCKER_HOST counts', async () => {
  const env = { DOCKER_HOST: 'tcp://127.0.0.1:2375' };
  const { stdout } = await runLotse(['doctor', '--listen', '127.0.0.1:0'], { cwd: folder, env });
  assert.match(stdout, /Docker +tcp:\/\/127\.0\.0\.1:2375 is not the socket of an engine on this machine/);
});

const found = await findTestEngine();
if (found.skip !== false) console.log(`skipped: ${found.skip}`);

describe('with a real engine', { skip: found.skip }, () => {
  test('doctor says its version, storage driver and the room of its disk', async () => {
    assert.ok(found.skip === false);
    const line = ['doctor', '--listen', '127.0.0.1:0', '--docker', `unix://${found.address.path}`];
    const { stdout } = await runLotse(line, { cwd: folder });
    assert.match(stdout, /✓ Docker +\d+\.\d+\S* at unix:\S+, \w+, control groups version [12]\n/);
    assert.match(stdout, /Docker disk +\S+ \S+ free for images in \//);
  });
});
