import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { LotseError } from '../core/errors.ts';
import { ProxyControl } from './control-client.ts';
import { document, environment, instance, revision, service } from './fixtures/documents.ts';
import { OpenLoopLoad } from './fixtures/open-loop-load.ts';
import { ok, PlainApp } from './fixtures/plain-app.ts';
import { ask, get, RawClient } from './fixtures/raw-client.ts';
import { freePorts, ProxyFolder, untilGone } from './fixtures/running-proxy.ts';
import { findProxy } from './start-proxy.ts';

const failsWith = (code: string) => (error: unknown) => error instanceof LotseError && error.code === code;

describe('a running proxy', () => {
  let folder: ProxyFolder;
  let control: ProxyControl | null = null;
  let app: PlainApp;
  let port = 0;

  const toApp = (more = {}, name = 'one', to = app.port, epoch = 1) =>
    document([environment([revision(name, [service([instance(to)])])], { port, epoch })], more);

  async function start(workers = 1): Promise<ProxyControl> {
    control = await folder.start(workers);
    return control;
  }

  beforeEach(async () => {
    folder = new ProxyFolder();
    app = await PlainApp.start(() => ok('app'));
    [port = 0] = await freePorts(1);
  });
  afterEach(async () => {
    await folder.end(control);
    control = null;
    await app.stop();
  });

  it('puts a document into force, says so, and forgets no part of it', async () => {
    const proxy = await start(2);
    assert.equal(await proxy.document(), null);
    assert.deepEqual(await proxy.putDocument(toApp()), { fence: 1, version: 1, problems: [] });
    assert.equal((await ask(port, get('/'))).body, 'app');
    assert.deepEqual(await proxy.document(), toApp());
    const status = await proxy.status();
    assert.deepEqual(
      [status.fence, status.version, status.confirmed, status.workers.length, status.problems],
      [1, 1, true, 2, []],
    );
    assert.deepEqual(
      status.workers.map(({ version }) => version),
      [1, 1],
    );
    assert.deepEqual(status.addresses, [
      {
        address: { host: '127.0.0.1', port: app.port },
        activeRequests: 0,
        upgradedConnections: 0,
        eventStreams: 0,
        ejected: false,
        problem: null,
      },
    ]);
  });

  it('refuses documents from behind its fence, takes an identical one again', async () => {
    const proxy = await start();
    await proxy.putDocument(toApp({ fence: 5, version: 7 }));
    await proxy.putDocument(toApp({ fence: 5, version: 7 }));
    await assert.rejects(proxy.putDocument(toApp({ fence: 4, version: 99 })), failsWith('fenced-off'));
    await assert.rejects(proxy.putDocument(toApp({ fence: 5, version: 6 })), failsWith('fenced-off'));
    await assert.rejects(proxy.putDocument(toApp({ fence: 5, version: 7 }, 'two')), failsWith('fenced-off'));
    await proxy.putDocument(toApp({ fence: 6, version: 1 }));
    assert.equal((await proxy.status()).fence, 6);
  });

  it('refuses what is not a document, or mixes epochs, by name', async () => {
    const proxy = await start();
    const put = (more: object) => proxy.putDocument({ ...toApp(), ...more });
    await assert.rejects(put({ frontPort: 70_000 }), /frontPort should be a port/);
    await assert.rejects(put({ probeKey: 'short' }), /probeKey should be a hexadecimal key/);
    await assert.rejects(
      put({ environments: [{ ...toApp().environments[0], shares: [{ revision: 'one', permille: 999 }] }] }),
      /sum to 999/,
    );
    await assert.rejects(
      put({ environments: [{ ...toApp().environments[0], shares: [{ revision: 'x', permille: 1000 }] }] }),
      /not among its revisions/,
    );
    await assert.rejects(put({ frontPort: port }), /port \d+ is used twice/);
    await proxy.putDocument(toApp());
    await assert.rejects(proxy.putDocument(toApp({ version: 2 }, 'two')), /its epoch is still 1/);
    assert.equal((await proxy.status()).version, 1);
  });

  it('names a port that is taken, does the rest, and opens the port when it is free', async () => {
    const proxy = await start();
    const [other = 0] = await freePorts(1);
    const squatter = net.createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    const both = document([
      toApp().environments[0] ?? environment([]),
      environment([revision('one', [service([instance(app.port)])])], { app: 'other', domains: [], port: other }),
    ]);
    const { problems } = await proxy.putDocument(both);
    assert.equal(problems.length, 1);
    assert.match(
      problems[0] ?? '',
      new RegExp(`^port-taken: port ${port} on 127\\.0\\.0\\.1 is used by another program`),
    );
    assert.equal((await ask(other, get('/'))).body, 'app');
    assert.deepEqual((await proxy.status()).problems, problems);
    squatter.close();
    while ((await proxy.status()).problems.length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal((await ask(port, get('/'))).body, 'app');
  });

  it('opens and closes ports as documents come', async () => {
    const proxy = await start();
    await proxy.putDocument(toApp());
    const before = port;
    [port = 0] = await freePorts(1);
    await proxy.putDocument(toApp({ version: 2 }));
    assert.equal((await ask(port, get('/'))).body, 'app');
    await assert.rejects(RawClient.connect(before), { code: 'ECONNREFUSED' });
  });

  it('keeps its control socket and state to its owner, and its folder to itself', async () => {
    await start();
    assert.equal(statSync(join(folder.path, 'control.sock')).mode & 0o777, 0o600);
    assert.equal((await folder.start()).stateDir, folder.path);
    const first = folder.pid;
    const { spawnSync } = await import('node:child_process');
    const second = spawnSync(
      process.execPath,
      ['--no-warnings', join(import.meta.dirname, 'proxy.ts'), '--state', folder.path],
      { encoding: 'utf8', timeout: 180_000 },
    );
    assert.equal(second.status, 24);
    assert.match(second.stderr, /locked: another proxy is running on/);
    assert.equal(folder.pid, first);
    assert.equal((await control?.status())?.pid, first);
  });

  it('is one, also when two start it at the same moment', async () => {
    const [first, second] = await Promise.all([folder.start(), folder.start()]);
    control = first;
    assert.equal((await first.status()).pid, (await second.status()).pid);
  });

  it('serves what it has on disk when it starts again after a SIGKILL, without a control plane', async () => {
    const proxy = await start();
    await proxy.putDocument(toApp({ fence: 3, version: 9 }));
    const { proxyStart, workers } = await proxy.status();
    process.kill(folder.pid, 'SIGKILL');
    await untilGone(folder.pid);
    assert.equal(await findProxy(folder.path), null);
    const again = await start();
    while ((await again.status()).problems.length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal((await ask(port, get('/'))).body, 'app');
    const status = await again.status();
    assert.deepEqual([status.fence, status.version], [3, 9]);
    assert.notEqual(status.proxyStart, proxyStart);
    await assert.rejects(again.putDocument(toApp({ fence: 2, version: 10 })), failsWith('fenced-off'));
    for (const worker of workers) await untilGone(worker.pid);
  });

  it('serves with a document of before, in which a service has one threshold or none', async () => {
    mkdirSync(folder.path, { recursive: true });
    const stored = JSON.stringify(toApp()).replaceAll('"lateAfterMs":[]', '"lateAfterMs":null');
    assert.match(stored, /"lateAfterMs":null/);
    writeFileSync(join(folder.path, 'document.json'), stored);
    const proxy = await start();
    assert.deepEqual((await proxy.status()).problems, []);
    assert.equal((await ask(port, get('/'))).body, 'app');
    // What a control plane writes today is the same document, in the same epoch.
    await proxy.putDocument(toApp({ version: 2 }));
    assert.deepEqual(
      (await proxy.counters()).map(({ counts }) => counts[0]?.ok),
      [1],
    );
  });

  it('says that its document is damaged, and takes a new one', async () => {
    mkdirSync(folder.path, { recursive: true });
    writeFileSync(join(folder.path, 'document.json'), '{"format":1,');
    const proxy = await start();
    assert.match((await proxy.status()).problems[0] ?? '', /document\.json is damaged and was not used/);
    await proxy.putDocument(toApp());
    assert.deepEqual((await proxy.status()).problems, []);
  });

  it('keeps journal heads over a stop and a start', async () => {
    const proxy = await start();
    await proxy.putJournalHeads({ control: { sequence: 5, hash: 'ab' } });
    await proxy.putJournalHeads({ 'shop/production': { sequence: 1, hash: 'cd' } });
    await proxy.stop(0);
    assert.deepEqual(readFileSync(join(folder.path, 'journal-heads.json'), 'utf8').length > 0, true);
    const heads = (await (await start()).status()).journalHeads;
    assert.deepEqual(heads, { control: { sequence: 5, hash: 'ab' }, 'shop/production': { sequence: 1, hash: 'cd' } });
  });

  it('refuses no fresh connection when a worker is killed; another takes over at once', async () => {
    const proxy = await start();
    await proxy.putDocument(toApp());
    const load = new OpenLoopLoad({ port, requestsPerSecond: 200, freshPart: 1 });
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      process.kill((await proxy.status()).workers[0]?.pid ?? 0, 'SIGKILL');
      for (
        let status = await proxy.status();
        status.workers[0]?.generation !== i + 2 || !status.confirmed;
        status = await proxy.status()
      ) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    const result = await load.stop();
    // What the dead worker had accepted is lost with it; nothing is refused and nothing waits for ever.
    for (const kind of Object.keys(result.failures)) assert.match(kind, /^(ECONNRESET|EOF) fresh/);
    assert.ok(result.ok > result.sent / 2, `${result.ok} of ${result.sent}`);
  });

  it('loses nothing in 20 planned replacements of its workers', async () => {
    const proxy = await start();
    await proxy.putDocument(toApp());
    const load = new OpenLoopLoad({ port, requestsPerSecond: 300, freshPart: 1 });
    const kept = new OpenLoopLoad({ port, requestsPerSecond: 100, freshPart: 0 });
    for (let i = 0; i < 20; i++) {
      await proxy.replaceWorkers(10_000);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const results = [await load.stop(), await kept.stop()];
    assert.deepEqual(
      results.map(({ failures }) => failures),
      [{}, {}],
    );
    assert.ok((results[0]?.ok ?? 0) > 500);
    assert.equal((await proxy.status()).workers[0]?.generation, 21);
  });

  it('lets requests finish when it is stopped, and then is gone', async () => {
    app.handler = ({ socket }) => {
      setTimeout(() => socket.write(ok('finished')), 300);
      return null;
    };
    const proxy = await start();
    await proxy.putDocument(toApp());
    const { pid } = folder;
    const client = await RawClient.connect(port);
    client.send(get('/'));
    while (app.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await proxy.stop(5_000);
    assert.equal((await client.response()).body, 'finished');
    await untilGone(pid);
    await assert.rejects(proxy.status(), failsWith('unreachable'));
    client.close();
  });

  it('answers `timeout` to a caller when it hangs, and goes on afterwards', async () => {
    const proxy = await start();
    process.kill(folder.pid, 'SIGSTOP');
    try {
      await assert.rejects(proxy.status({ timeoutMs: 200 }), failsWith('timeout'));
    } finally {
      process.kill(folder.pid, 'SIGCONT');
    }
    assert.equal((await proxy.status()).pid, folder.pid);
  });
});

describe('a state folder', () => {
  it('with a path that is too long for a socket is refused with its length', () => {
    const path = `/tmp/${'x'.repeat(120)}`;
    assert.throws(() => new ProxyControl(path), /is 138 bytes long, but a unix socket's path may have at most 107/);
  });
});
