import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startFakeControlPlane } from '../fixtures/fake-control-plane.ts';
import { runLotse } from '../fixtures/run-lotse.ts';
import { anEnvironment } from '../fixtures/views.ts';
import { checkClock, checkControlGroups, checkPort, checkStateFolder, checkUser } from './check-machine.ts';
import { checkNode } from './check-programs.ts';

const folder = mkdtempSync(join(tmpdir(), 'lotse-doctor-'));
after(() => rmSync(folder, { recursive: true }));

async function takenPort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, close: () => server.close() };
}

test('an old Node fails, the promised one does not', () => {
  assert.equal(checkNode('v20.11.0', '/n').state, 'fail');
  assert.equal(checkNode('v24.14.9', '/n').state, 'fail');
  assert.equal(checkNode('v24.15.0', '/n').state, 'ok');
  assert.equal(checkNode('v26.1.0', '/n').state, 'ok');
});

test('a port is free, ours, or taken by another', async () => {
  const taken = await takenPort();
  assert.equal((await checkPort('127.0.0.1', taken.port, () => Promise.resolve(true))).state, 'ok');
  const other = await checkPort('127.0.0.1', taken.port, () => Promise.resolve(false));
  assert.deepEqual([other.state, other.found], ['fail', 'taken by another program']);
  taken.close();
});

test('a state folder that does not exist yet is judged by the folder it would lie in', () => {
  const check = checkStateFolder(join(folder, 'a', 'b'));
  assert.notEqual(check.state, 'fail');
  assert.match(check.found, /not there yet/);
});

test('a clock that is years behind fails, one that is seconds off is a remark', () => {
  const now = Date.UTC(2026, 5);
  assert.equal(checkClock(Date.UTC(1990, 0), null).state, 'fail');
  assert.equal(checkClock(now, now - 60_000).state, 'warn');
  assert.equal(checkClock(now, now - 900).state, 'ok');
});

test('who we are and what the machine cannot limit is said', () => {
  assert.equal(checkUser(0).state, 'ok');
  assert.equal(checkUser(1000).state, 'warn');
  assert.equal(checkControlGroups('darwin').state, 'warn');
  writeFileSync(join(folder, 'cgroup.controllers'), 'cpuset cpu io memory pids\n');
  assert.equal(checkControlGroups('linux', folder).state, 'ok');
  writeFileSync(join(folder, 'cgroup.controllers'), 'pids\n');
  assert.match(checkControlGroups('linux', folder).found, /no memory, cpu controller/);
  const older = mkdtempSync(join(folder, 'v1-'));
  assert.equal(checkControlGroups('linux', older).state, 'warn');
  mkdirSync(join(older, 'memory'));
  mkdirSync(join(older, 'cpu'));
  assert.match(checkControlGroups('linux', older).found, /version 1/);
});

test('a control plane that answers is asked who we are and whether its apps can be reached', async () => {
  const open = await takenPort();
  const fake = await startFakeControlPlane({
    'GET /health': () => ({ status: 'ok', version: '0' }),
    'GET /me': () => ({ kind: 'person', id: 'p1', name: 'Ann', roles: ['developer'] }),
    'GET /apps': () => [{ app: 'shop', environments: ['production'], createdAt: 1 }],
    'GET /apps/:app/environments': () => [
      anEnvironment('production', { addresses: [`http://127.0.0.1:${open.port}`] }),
    ],
  });
  const { stdout, exitCode } = await runLotse(['doctor', '--listen', '127.0.0.1:0'], { cwd: folder, env: fake.env });
  open.close();
  await fake.close();
  assert.match(stdout, /control plane +Lotse 0 at http:\/\/127\.0\.0\.1:\d+, you are Ann \(developer\)/);
  assert.match(stdout, /proxy +1 of 1 environment can be reached/);
  assert.equal(exitCode, 0);
});

test('a control plane that is named and does not answer fails, with exit code 1', async () => {
  const fake = await startFakeControlPlane({});
  await fake.close();
  const { stdout, exitCode } = await runLotse(['doctor', '--listen', '127.0.0.1:0'], { cwd: folder, env: fake.env });
  assert.equal(exitCode, 1);
  assert.match(stdout, /✗ control plane +http:\/\/127\.0\.0\.1:\d+ does not answer\n.*LOTSE_SERVER names it/);
});
