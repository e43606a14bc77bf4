import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { AddressStatus, RoutedInstance } from '../../core/routing-document.ts';
import type { ProxyControl } from '../control-client.ts';
import { document, environment, instance, loopback, revision, service } from '../fixtures/documents.ts';
import { ok, PlainApp } from '../fixtures/plain-app.ts';
import { ask, get } from '../fixtures/raw-client.ts';
import { freePorts, ProxyFolder } from '../fixtures/running-proxy.ts';
import { InstanceProbes } from './instance-probes.ts';
import { probeInstance } from './probe-instance.ts';

const quick = { everyMs: 30, againMs: 10, timeoutMs: 1_000, failures: 3, atOnce: 2 };
const unready = 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n';

/** Answers `name`, and its ready path as `isReady` says. */
function readyApp(name: string, isReady: () => boolean): Promise<PlainApp> {
  return PlainApp.start(({ head }) => (head.startsWith('GET /up ') ? (isReady() ? ok('up') : unready) : ok(name)));
}

async function until(test: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await test())) {
    if (performance.now() > deadlineMs) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('one probe', () => {
  const result = (path: string | null, port: number, timeoutMs = 1_000) =>
    probeInstance(loopback(port), path, timeoutMs);

  it('takes 2xx and 3xx for an answer, also after a 1xx and in pieces, and says what else came', async () => {
    const app = await PlainApp.start(() => null);
    const answers: readonly (readonly [readonly string[], string | null])[] = [
      [['HTTP/1.1 200 OK\r\n\r\n'], null],
      [['HTTP/1.1 302 Found\r\nlocation: /\r\n\r\n'], null],
      [['HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 20', '4 No Content\r\n\r\n'], null],
      [['HTTP/1.0 404 Not Found\r\n\r\n'], 'GET /up answered 404'],
      [[unready], 'GET /up answered 503'],
      [['SSH-2.0-OpenSSH_9.2\r\n\r\n'], 'GET /up was answered with invalid HTTP: malformed status line'],
    ];
    for (const [pieces, why] of answers) {
      app.handler = ({ socket }) => {
        for (const [at, piece] of pieces.entries()) setTimeout(() => socket.write(piece), at * 20);
        return null;
      };
      assert.deepEqual(await result('/up', app.port), why === null ? { kind: 'ok' } : { kind: 'failed', why });
    }
    assert.match(
      app.requests[0]?.head ?? '',
      /^GET \/up HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\nuser-agent: lotse-probe\r\n/,
    );
    await app.stop();
  });

  it('says that connections are refused, closed, or not answered in time', async () => {
    const [nobody = 0] = await freePorts(1);
    const refused = { kind: 'failed', why: 'connections are refused' };
    assert.deepEqual([await result('/up', nobody), await result(null, nobody)], [refused, refused]);
    const app = await PlainApp.start(({ socket }) => {
      socket.end();
      return null;
    });
    assert.match(JSON.stringify(await result('/up', app.port)), /GET \/up was not answered: the connection was closed/);
    app.handler = () => null;
    assert.match(JSON.stringify(await result('/up', app.port, 100)), /GET \/up was not answered within 100 ms/);
    assert.deepEqual(await result(null, app.port), { kind: 'ok' });
    await app.stop();
  });

  it('blames nobody when this process itself was kept from running', async () => {
    const app = await PlainApp.start(() => null);
    const asked = probeInstance(loopback(app.port), '/up', 50);
    const untilMs = performance.now() + 500;
    while (performance.now() < untilMs);
    assert.deepEqual(await asked, { kind: 'unknown' });
    await app.stop();
  });
});

describe('probes of instances', () => {
  function startProbes(t: TestContext, changed: (what: string) => void = () => {}): InstanceProbes {
    const probes = new InstanceProbes({ changed }, quick);
    t.after(() => probes.stop());
    return probes;
  }

  it('find an instance unhealthy after three failures in a row, and well after one success', async (t) => {
    let answers: readonly boolean[] = [];
    const app = await readyApp('app', () => {
      const [first = true, ...rest] = answers;
      answers = rest;
      return first;
    });
    const changes: string[] = [];
    const probes = startProbes(t, (what) => changes.push(what));
    const service1 = service([instance(app.port)], { readyPath: '/up' });
    probes.follow(document([environment([revision('one', [service1])])]));
    await until(() => probes.counts.ok > 1);
    answers = [false, false, true, false, false, true];
    await until(() => answers.length === 0);
    assert.deepEqual(changes, []);
    answers = [false, false, false, false];
    await until(() => answers.length === 0);
    await until(() => probes.unhealthy.length === 0);
    const at = `web.0 of shop/production one at 127.0.0.1:${app.port}`;
    assert.deepEqual(changes, [`${at} is unhealthy: GET /up answered 503`, `${at} is well again`]);
    await app.stop();
  });

  it('trust another revision at the same address anew, and forget what the document no longer names', async (t) => {
    const [port = 0] = await freePorts(1);
    const probes = startProbes(t);
    const routed = (name: string) => document([environment([revision(name, [service([instance(port)])])])]);
    probes.follow(routed('one'));
    await until(() => probes.unhealthy.length === 1);
    probes.follow(routed('one'));
    assert.deepEqual(probes.unhealthy, [`127.0.0.1 ${port}`]);
    probes.follow(routed('two'));
    assert.deepEqual(probes.unhealthy, []);
    await until(() => probes.unhealthy.length === 1);
    probes.follow(null);
    assert.deepEqual(probes.unhealthy, []);
  });

  it('ask an adopted upstream for a connection only, say when there is none, and never eject it', async (t) => {
    const app = await PlainApp.start();
    const probes = startProbes(t);
    const { port } = app;
    probes.follow(document([environment([], { mode: { kind: 'adopted', address: loopback(port) } })]));
    await until(() => probes.counts.ok > 1);
    await app.stop();
    await until(() => probes.problemOf(`127.0.0.1 ${port}`) !== null);
    assert.deepEqual([probes.unhealthy, app.requests.length], [[], 0]);
  });

  it('are never more at once than allowed, and reach everyone all the same', async (t) => {
    let open = 0;
    let most = 0;
    const seen = new Set<number>();
    const servers = await Promise.all(
      Array.from({ length: 6 }, async (_, number) => {
        const server = net.createServer((socket) => {
          most = Math.max(most, ++open);
          seen.add(number);
          socket.on('error', () => {}).on('close', () => open--);
          setTimeout(() => socket.destroy(), 30);
        });
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        t.after(() => server.close());
        return server;
      }),
    );
    const probes = startProbes(t);
    const instances = servers.map((server, slot): RoutedInstance => {
      const address = server.address();
      return instance(typeof address === 'object' ? (address?.port ?? 0) : 0, 'accepting', slot);
    });
    probes.follow(document([environment([revision('one', [service(instances, { readyPath: '/up' })])])]));
    await until(() => seen.size === servers.length);
    assert.ok(most <= quick.atOnce, `${most} at once`);
  });
});

describe('a proxy without a control plane', () => {
  let folder: ProxyFolder;
  let control: ProxyControl;
  let port = 0;
  let steady: PlainApp;
  let isSteadyReady = true;

  beforeEach(async () => {
    folder = new ProxyFolder();
    [port = 0] = await freePorts(1);
    isSteadyReady = true;
    steady = await readyApp('steady', () => isSteadyReady);
    control = await folder.start(2);
  });
  afterEach(async () => {
    await folder.end(control);
    await steady.stop();
  });

  const route = (other: number) => {
    const instances = [instance(steady.port, 'accepting', 0), instance(other, 'accepting', 1)];
    const routed = revision('one', [service(instances, { readyPath: '/up' })]);
    return control.putDocument(document([environment([routed], { port })]));
  };
  const at = async (address: number): Promise<AddressStatus | undefined> =>
    (await control.status()).addresses.find((each) => each.address.port === address);
  const bodies = async () => {
    const found = new Set<string>();
    for (let i = 0; i < 20; i++) found.add((await ask(port, get('/'))).body);
    return [...found].sort();
  };

  it(
    'leads requests past an instance whose ready path fails, and back when it is well',
    { timeout: 180_000 },
    async () => {
      let isReady = true;
      const other = await readyApp('other', () => isReady);
      await route(other.port);
      assert.deepEqual(await bodies(), ['other', 'steady']);
      isReady = false;
      await until(async () => (await at(other.port))?.ejected === true);
      assert.equal((await at(other.port))?.problem, 'GET /up answered 503');
      assert.deepEqual(await bodies(), ['steady']);
      // A worker that is new knows it too.
      await control.replaceWorkers(0);
      assert.deepEqual(await bodies(), ['steady']);
      // When nobody is well, somebody answers all the same.
      isSteadyReady = false;
      await until(async () => (await at(steady.port))?.ejected === true);
      assert.deepEqual(await bodies(), ['other', 'steady']);
      isReady = true;
      await until(async () => (await at(other.port))?.ejected === false);
      assert.deepEqual(await bodies(), ['other']);
      assert.match(
        folder.log,
        /web\.1 of shop\/production one at 127\.0\.0\.1:\d+ is unhealthy: GET \/up answered 503/,
      );
      await other.stop();
    },
  );

  it('leads requests past an instance that hangs, and back when it goes on', { timeout: 180_000 }, async () => {
    const { child, port: hanging } = await startOwnProcess();
    try {
      await route(hanging);
      assert.deepEqual(await bodies(), ['own', 'steady']);
      child.kill('SIGSTOP');
      await until(async () => (await at(hanging))?.ejected === true);
      assert.match((await at(hanging))?.problem ?? '', /GET \/up was not answered within 1500 ms/);
      assert.deepEqual(await bodies(), ['steady']);
      child.kill('SIGCONT');
      await until(async () => (await at(hanging))?.ejected === false);
      assert.deepEqual(await bodies(), ['own', 'steady']);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

async function startOwnProcess(): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const source = `
    const server = require('node:http').createServer((_, answer) => answer.end('own'));
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;
  const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  return { child, port: Number(String(line)) };
}
