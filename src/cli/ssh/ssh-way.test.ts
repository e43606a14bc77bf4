import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { startSshServer } from '../../../test/harness/ssh-server.ts';
import { wrapSsh } from '../../../test/harness/server-machine.ts';
import { freePorts } from '../../proxy/fixtures/running-proxy.ts';
import { startFakeControlPlane } from '../fixtures/fake-control-plane.ts';
import { runLotse } from '../fixtures/run-lotse.ts';

const host = '127.0.0.1';
const [port = 0, nobodysPort = 0] = await freePorts(2);
const server = await startSshServer({ host, port });
const skip = 'skip' in server ? server.skip : false;
if (skip !== false) console.log(`skipped: ${skip}`);

describe('a control plane that is reached by ssh', { skip }, async () => {
  if ('skip' in server) return;
  // Not below the folder for temporary files, which may be closed to others.
  const folder = mkdtempSync('/var/tmp/lotse-ssh-way-');
  chmodSync(folder, 0o755);
  const me = { kind: 'person', id: 'p1', name: 'ann', roles: ['operator'] };
  const plane = await startFakeControlPlane({
    'GET /health': () => ({ status: 'ok', version: '0.1.0' }),
    'GET /me': () => me,
  });
  after(async () => {
    await plane.close();
    await server.release();
    rmSync(folder, { recursive: true, force: true });
  });
  const api = new URL(plane.server).host;

  /** A state folder as a control plane leaves it. */
  function stateFolder(name: string, address = plane.server, mode = 0o600): string {
    const state = join(folder, name);
    mkdirSync(state);
    const file = join(state, 'client.json');
    writeFileSync(file, JSON.stringify({ server: address, token: 'local-token' }));
    chmodSync(file, mode);
    return state;
  }

  const state = stateFolder('state');
  const login = async (address: string, options: readonly string[] = [], more: LoginWishes = {}) => {
    const { keys = server.clientArguments, stdin = '', PATH = wrapSsh(join(folder, 'bin'), keys) } = more;
    const env = { PATH, XDG_CONFIG_HOME: join(folder, 'settings') };
    return await runLotse(['login', `ssh://${address}`, ...options], { env, stdin });
  };
  const there = `root@${host}:${port}`;

  test('whoever may read the state folder needs no token, and none is stored', async () => {
    const done = await login(there, ['--state', state, '--json']);
    assert.equal(done.exitCode, 0, done.stderr);
    assert.deepEqual(JSON.parse(done.stdout), { context: host, server: `ssh://${there}`, version: '0.1.0', me });
    assert.equal(plane.requests.at(-1)?.headers.authorization, 'Bearer local-token');
  });

  test('another user is told, and gets through with a token of their own', async () => {
    const guest = `guest@${host}:${port}`;
    const closed = await login(guest, ['--state', state]);
    assert.equal(closed.exitCode, 4, closed.stderr);
    assert.match(closed.stderr, /guest may not read .*client\.json[^]*lotse@[^]*--token-stdin/);
    const done = await login(guest, ['--state', state, '--api', api, '--token-stdin'], { stdin: 'own-token\n' });
    assert.equal(done.exitCode, 0, done.stderr);
    assert.equal(plane.requests.at(-1)?.headers.authorization, 'Bearer own-token');
  });

  test('what is in the way is told with what to do about it', async () => {
    const gone = stateFolder('gone', `http://127.0.0.1:${nobodysPort}`);
    const cases = [
      [await login(there, ['--state', join(folder, 'nothing')]), 5, /No control plane has its state[^]*lotse install/],
      [await login(there, ['--state', gone]), 20, /No control plane answers at ssh:[^]*systemctl status lotse/],
      [await login(there, [], { keys: server.clientWithoutHostKey }), 4, /host key of 127.*not known[^]*fingerprint/],
      [await login(there, [], { keys: server.clientWithoutKey }), 4, /does not let you in[^]*ssh-copy-id/],
      [await login(`root@${host}:${nobodysPort}`), 20, /No ssh server listens at 127[^]*whether sshd runs/],
      [await login(there, [], { PATH: join(folder, 'nowhere') }), 20, /no ssh program[^]*openssh-client/],
      [await login(there, ['--state', '/srv/$(id)']), 2, /cannot be a state folder/],
      [await login(`${there}/run/docker.sock`), 2, /has no place in the address/],
    ] as const;
    for (const [{ exitCode, stderr }, expected, words] of cases) {
      assert.match(stderr, words);
      assert.equal(exitCode, expected, stderr);
    }
  });
});

interface LoginWishes {
  readonly keys?: readonly string[];
  readonly stdin?: string;
  readonly PATH?: string;
}
