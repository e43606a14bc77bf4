import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findTestEngine } from '../../test/harness/docker-engine.ts';
import { startSshServer } from '../../test/harness/ssh-server.ts';
import { freePorts } from '../proxy/fixtures/running-proxy.ts';
import { DockerEngine } from './docker-engine.ts';
import type { SshAddress } from './ssh-process.ts';
import { SshTunnel } from './ssh-tunnel.ts';

const found = await findTestEngine();
const [port = 0, nobodysPort = 0] = await freePorts(2);
const host = '127.0.0.1';
const server = found.skip === false ? await startSshServer({ host, port }) : { skip: found.skip };
const skip = 'skip' in server ? server.skip : false;
if (skip !== false) console.log(`skipped: ${skip}`);

describe('an engine that is reached by ssh', { skip }, () => {
  if ('skip' in server || found.skip !== false) return;
  const folder = mkdtempSync(join(tmpdir(), 'lotse-ssh-'));
  const { clientArguments } = server;
  const tunnels: SshTunnel[] = [];
  after(async () => {
    for (const tunnel of tunnels) await tunnel.close();
    await server.release();
    rmSync(folder, { recursive: true, force: true });
  });
  const there: SshAddress = { kind: 'ssh', user: 'root', host, port, socket: found.address.path };

  function tunnelTo(address: Partial<SshAddress> = {}, sshArguments = clientArguments, name = 'ssh'): SshTunnel {
    const options = { folder: join(folder, name), name: 'ssh://root@there', sshArguments, startTimeoutMs: 15_000 };
    const tunnel = new SshTunnel({ ...options, address: { ...there, ...address } });
    tunnels.push(tunnel);
    return tunnel;
  }

  function engineAt(...tunnel: Parameters<typeof tunnelTo>): DockerEngine {
    return new DockerEngine(tunnelTo(...tunnel).engineAddress);
  }

  /** Processes of ssh that forward below this test's folder. */
  function sshProcesses(): readonly number[] {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.map(Number).filter((pid) => commandOf(pid).startsWith('ssh\0') && commandOf(pid).includes(folder));
  }

  test('it answers, streams and takes what is sent, and all calls go by one ssh in a folder for its owner alone', async () => {
    const engine = engineAt();
    const infos = await Promise.all([engine.info(), engine.info(), engine.info()]);
    assert.deepEqual([...new Set(infos.map(({ ID }) => ID))], [(await found.engine.info()).ID]);
    assert.equal(sshProcesses().length, 1);
    assert.equal(statSync(join(folder, 'ssh')).mode & 0o777, 0o700);
    assert.equal(statSync(join(folder, 'ssh/engine.sock')).mode & 0o777, 0o600);
    const stop = new AbortController();
    const events = engine.events({ event: ['create'], type: ['volume'] }, { signal: stop.signal });
    const heard = events.next();
    const name = `lotse-ssh-${process.pid}`;
    for (let tries = 0; tries < 500; tries++) {
      await engine.volumes.create(name, {});
      await engine.volumes.remove(name);
      if (await Promise.race([heard.then(() => true), pause(100, false)])) break;
    }
    assert.equal((await heard).value.Type, 'volume');
    stop.abort();
  });

  test('what ssh says is told with what to do about it', async () => {
    const cases: readonly (readonly [SshTunnel, object])[] = [
      [
        tunnelTo({}, server.clientWithoutHostKey, 'a'),
        { code: 'forbidden', message: /host key of ssh:\/\/root@there is not known/, hint: /compare the fingerprint/ },
      ],
      [
        tunnelTo({}, server.clientWithoutKey, 'b'),
        { code: 'forbidden', message: /does not let this user in. ssh: .*Permission denied/, hint: /ssh-copy-id/ },
      ],
      [
        tunnelTo({ host: 'no-such-host.invalid' }, clientArguments, 'c'),
        { code: 'unreachable', message: /Nobody knows where no-such-host\.invalid is/, hint: /DNS/ },
      ],
      [
        tunnelTo({ port: nobodysPort }, clientArguments, 'd'),
        { code: 'unreachable', message: /No ssh server listens/, hint: /whether sshd runs/ },
      ],
      [
        tunnelTo({ socket: '/no/such.sock' }, clientArguments, 'e'),
        {
          code: 'unreachable',
          message: /No Docker engine answers at \/no\/such\.sock/,
          hint: /systemctl start docker/,
        },
      ],
      [
        tunnelTo({ user: 'guest' }, clientArguments, 'f'),
        { code: 'unreachable', message: /No Docker engine answers/, hint: /usermod -aG docker/ },
      ],
    ];
    for (const [tunnel, expected] of cases) {
      await assert.rejects(new DockerEngine(tunnel.engineAddress).info(), { name: 'EngineError', ...expected });
      await tunnel.close();
    }
  });

  test('after a start that failed others fail at once for a while, and then it is tried again', async () => {
    const engine = engineAt({ port: nobodysPort }, clientArguments, 'again');
    await assert.rejects(engine.info());
    // Whoever asked anew would now be told something else.
    const silent = createServer().listen(nobodysPort);
    await once(silent, 'listening');
    await assert.rejects(engine.info(), { message: /No ssh server listens/ });
    silent.close();
  });

  test('a server that goes away ends calls with an error, and is reached again when it is back', async () => {
    const engine = engineAt({}, clientArguments, 'back');
    await engine.info();
    const stop = new AbortController();
    const listening = engine.events({}, { signal: stop.signal }).next();
    await pause(100);
    await server.kill();
    await assert.rejects(listening, { code: 'unreachable', failure: 'closed' });
    await assert.rejects(engine.info(), { code: 'unreachable' });
    await server.start();
    let info = null;
    for (let tries = 0; tries < 1_000 && info === null; tries++) {
      info = await engine.info().catch(() => null);
      if (info === null) await pause(100);
    }
    assert.ok(info !== null);
  });

  test('it ends when its owner is killed', async () => {
    const program = fileURLToPath(new URL('fixtures/tunnel-owner.ts', import.meta.url));
    const options = {
      address: there,
      name: 'ssh://there',
      folder: join(folder, 'owned'),
      sshArguments: clientArguments,
    };
    const owner = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(owner.stdout, 'data');
    const owned = sshProcesses().filter((pid) => commandOf(pid).includes('/owned/'));
    assert.equal(owned.length, 1);
    owner.kill('SIGKILL');
    for (let tries = 0; tries < 2_000 && owned.some((pid) => commandOf(pid) !== ''); tries++) await pause(25);
    assert.deepEqual(owned.map(commandOf), ['']);
  });

  test('closed, it leaves nothing behind and opens nothing any more', async () => {
    const tunnel = tunnelTo({}, clientArguments, 'closed');
    const engine = new DockerEngine(tunnel.engineAddress);
    await engine.info();
    await tunnel.close();
    assert.deepEqual(
      sshProcesses().filter((pid) => commandOf(pid).includes('/closed/')),
      [],
    );
    assert.ok(!existsSync(join(folder, 'closed/engine.sock')));
    await assert.rejects(engine.info(), { code: 'cancelled' });
  });
});

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
