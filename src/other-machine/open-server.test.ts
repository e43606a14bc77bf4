import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { baseImage } from '../../test/harness/docker-base-image.ts';
import { startOtherMachine } from '../../test/harness/other-machine.ts';
import { startSshServer } from '../../test/harness/ssh-server.ts';
import { document, environment, instance, revision, service } from '../proxy/fixtures/documents.ts';
import { ProxyControl } from '../proxy/control-client.ts';
import { openServer } from './open-server.ts';
import type { Server } from './open-server.ts';
import { ProxyContainer } from './proxy-container.ts';
import { readProxyProgram } from './proxy-program.ts';

const other = await startOtherMachine();
if (other.skip !== false) console.log(`skipped: ${other.skip}`);
const limits = { timeoutMs: 20_000 };
const app = `require('node:http').createServer((q, a) => a.end('hello from there')).listen(3000)`;

describe('a server that is reached through its engine alone', { skip: other.skip }, () => {
  if (other.skip !== false) return;
  const { engine, address } = other;
  const folder = mkdtempSync(join(tmpdir(), 'lotse-servers-'));
  mkdirSync(join(folder, 'tls'));
  for (const [name, text] of Object.entries({ ca: address.ca, cert: address.cert, key: address.key.reveal() }))
    writeFileSync(join(folder, 'tls', `${name}.pem`), text);
  const name = `tcp://${address.host}:${address.port}`;
  const notes: string[] = [];
  let apps = 0;
  const servers: Server[] = [];
  const open = async (stateId: string, more: object = {}): Promise<Server> => {
    const options = { address: name, folder, stateId, note: (text: string) => notes.push(text), ...more };
    const server = await openServer(options);
    servers.push(server);
    return server;
  };
  after(async () => {
    for (const server of servers) await server.close();
    rmSync(folder, { recursive: true, force: true });
    other.release();
  });

  /** An app there, on a network that only that machine reaches. */
  async function startApp(): Promise<{ readonly host: string; readonly port: number }> {
    const id = await engine.containers.create(`app-${++apps}`, { Image: baseImage, Cmd: ['node', '-e', app] });
    await engine.containers.start(id);
    const { NetworkSettings } = await engine.containers.inspect(id);
    const host = Object.values(NetworkSettings.Networks)[0]?.IPAddress ?? '';
    return { host, port: 3000 };
  }

  const visit = async (port: number): Promise<string> => await (await fetch(`http://${other.ip}:${port}/`)).text();

  async function untilHello(port: number): Promise<void> {
    for (let tries = 0; tries < 1_000; tries++) {
      if ((await visit(port).catch(() => '')) === 'hello from there') return;
      await pause(100);
    }
    assert.fail('the app there did not answer');
  }

  test('its proxy is brought there, serves the apps there, and is adopted by whoever comes next', async () => {
    const server = await open('one');
    const proxy = await server.proxy();
    const there = await startApp();
    const routed = revision('one', [service([{ ...instance(there.port), address: there }])]);
    await proxy.putDocument({
      ...document([environment([routed], { port: 8081, domains: [] })]),
      ...{ frontHost: '0.0.0.0', frontPort: null },
    });
    await untilHello(8081);
    const connection = await server.link.connect(there, limits);
    connection.write('GET / HTTP/1.0\r\n\r\n');
    let answer = '';
    for await (const chunk of connection) answer += chunk;
    assert.match(answer, /hello from there$/);
    const before = await engine.containers.inspect('lotse-proxy-one');
    assert.equal(before.HostConfig.RestartPolicy?.Name, 'always');
    const next = await open('one');
    const status = await (await next.proxy()).status();
    assert.equal(status.proxyStart, (await proxy.status()).proxyStart);
    assert.equal((await engine.containers.inspect('lotse-proxy-one')).State.StartedAt, before.State.StartedAt);
    assert.deepEqual(notes, []);
  });

  test('an address where nobody listens there is said to be so', async () => {
    const server = await open('one');
    await assert.rejects(server.link.connect({ host: '127.0.0.1', port: 9 }, limits), {
      code: 'unreachable',
      message: /Nobody answers at 127\.0\.0\.1:9 of tcp:/,
    });
  });

  test('a proxy that ends is started again by the engine, with its routes, and the link is there again', async () => {
    const server = await open('one');
    const { pid, proxyStart } = await (await server.proxy()).status();
    await engine.containers.kill('lotse-proxy-one', 'SIGKILL');
    let next = proxyStart;
    for (let tries = 0; tries < 1_000 && next === proxyStart; tries++) {
      await pause(100);
      next = await (await server.proxy()).status().then(
        (status) => status.proxyStart,
        () => proxyStart,
      );
    }
    assert.notEqual(next, proxyStart);
    assert.ok(pid > 0);
    await untilHello(8081);
  });

  test('a proxy of another build hands over inside the container, and no request fails', async () => {
    const source = join(folder, 'src');
    for (const part of ['core', 'proxy', 'other-machine']) {
      cpSync(join(import.meta.dirname, '..', part), join(source, part), { recursive: true });
    }
    appendFileSync(join(source, 'core/durations.ts'), '\n// another build\n');
    const program = readProxyProgram(source);
    const id = await new ProxyContainer({ engine, stateId: 'two', workers: 1, program }).ensure();
    const server = await open('two');
    const door = {
      name: 'two',
      open: async () => await server.link.connect({ socket: '/state/control.sock' }, limits),
    };
    const control = new ProxyControl('/state', { door });
    for (let tries = 0; tries < 1_000 && !(await control.status().catch(() => null)); tries++) await pause(100);
    await control.putDocument({
      ...document([environment([], { port: 8082, domains: [], mode: { kind: 'adopted', address: await startApp() } })]),
      ...{ frontHost: '0.0.0.0', frontPort: null },
    });
    await untilHello(8082);
    const answers: string[] = [];
    let isLoaded = true;
    const load = (async () => {
      while (isLoaded) answers.push(await visit(8082).catch((error: unknown) => `failed: ${String(error)}`));
    })();
    await pause(200);
    const old = await control.status();
    const proxy = await server.proxy();
    await pause(500);
    isLoaded = false;
    await load;
    assert.deepEqual([...new Set(answers)], ['hello from there']);
    assert.notEqual((await proxy.status()).build, old.build);
    assert.match(notes.at(-1) ?? '', /has handed over to/);
    assert.equal((await engine.containers.inspect('lotse-proxy-two')).Id, id);
    const { build } = await proxy.status();
    const same = await open('two');
    assert.equal((await (await same.proxy()).status()).build, build);
    assert.equal(notes.length, 1);
    // After a restart it is this build too.
    await engine.containers.stop('lotse-proxy-two', 10);
    await engine.containers.start('lotse-proxy-two');
    assert.equal((await (await server.proxy()).status()).build, build);
    await server.retire();
    await assert.rejects(engine.containers.inspect('lotse-proxy-two'), { failure: 'not-found' });
    await assert.rejects(engine.volumes.inspect('lotse-proxy-two'), { failure: 'not-found' });
  });

  test('a container that has to be another one is replaced, and the next one has the routes of the one before', async () => {
    const before = await engine.containers.inspect('lotse-proxy-one');
    const server = await open('one', { workers: 2 });
    const proxy = await server.proxy();
    assert.notEqual((await engine.containers.inspect('lotse-proxy-one')).Id, before.Id);
    assert.equal((await proxy.status()).workers.length, 2);
    await untilHello(8081);
    const left = await engine.containers.list({ label: ['lotse.proxy=one'] });
    assert.deepEqual(
      left.flatMap(({ Names }) => Names),
      ['/lotse-proxy-one'],
    );
    // Whoever comes next wants the usual again.
    await (await open('one')).proxy();
  });

  test('a machine that vanishes is unreachable within the deadline, and is reached again when it is back', async () => {
    const server = await open('one');
    await (await server.proxy()).status();
    const { cable } = other;
    execFileSync('ip', ['link', 'set', cable, 'down']);
    try {
      await assert.rejects(server.link.connect({ host: '127.0.0.1', port: 9 }, { timeoutMs: 2_000 }), {
        code: 'timeout',
        message: /within 2000 ms/,
      });
      const fresh = await open('one');
      const asked = fresh.link.connect({ host: '127.0.0.1', port: 9 }, { timeoutMs: 5_000 });
      await assert.rejects(
        asked,
        (error: Error) => 'code' in error && /^(?:unreachable|timeout)$/.test(String(error.code)),
      );
    } finally {
      execFileSync('ip', ['link', 'set', cable, 'up']);
    }
    for (let tries = 0; tries < 1_000; tries++) {
      if (
        await server.proxy().then(
          (proxy) => proxy.status(),
          () => null,
        )
      )
        break;
      await pause(200);
    }
    assert.ok((await (await server.proxy()).status()).pid > 0);
  });

  test('it is the same by ssh', async (context) => {
    const ssh = await startSshServer({ host: other.ip, port: 2222, spawn: other.spawn });
    if ('skip' in ssh) return context.skip(ssh.skip);
    try {
      const socket = engine.connection.name.replace('unix://', '');
      const server = await open('one', {
        address: `ssh://root@${other.ip}:2222${socket}`,
        sshArguments: ssh.clientArguments,
      });
      assert.ok((await (await server.proxy()).status()).pid > 0);
      await server.close();
    } finally {
      await ssh.release();
    }
  });
});
