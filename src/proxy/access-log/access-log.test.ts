import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { AccessLogFile } from './access-log-file.ts';
import { shortenedAddress, shownTarget } from './access-log-line.ts';
import { AccessLog } from './access-log.ts';
import type { LogReport } from './access-log.ts';
import type { ProxyControl } from '../control-client.ts';
import { document, environment, instance, revision, service } from '../fixtures/documents.ts';
import { ok, PlainApp } from '../fixtures/plain-app.ts';
import { ask, get, RawClient } from '../fixtures/raw-client.ts';
import { freePorts, ProxyFolder } from '../fixtures/running-proxy.ts';

function parseLine(line: string): Record<string, unknown> {
  const value: unknown = JSON.parse(line);
  assert.ok(typeof value === 'object' && value !== null);
  return { ...value };
}

describe('what a line of the access log shows', () => {
  it('is of the target the path and the names of parameters, never a value', () => {
    assert.deepEqual(shownTarget('/a/b'), { path: '/a/b', query: [] });
    assert.deepEqual(shownTarget('/reset?token=s3cret&next=/x?y=1'), { path: '/reset', query: ['token', 'next'] });
    assert.deepEqual(shownTarget('/reset?s3cret'), { path: '/reset', query: [] });
    assert.deepEqual(shownTarget('/?=s3cret&&a='), { path: '/', query: ['a'] });
    assert.equal(shownTarget(`/${'x'.repeat(5000)}?a=1`).path.length, 1024);
  });

  it('is of an address so much that no person can be told by it', () => {
    assert.equal(shortenedAddress('203.0.113.77'), '203.0.113.0');
    assert.equal(shortenedAddress('2001:db8:12:34:56::1'), '2001:db8:12::');
    assert.equal(shortenedAddress('2001:db8::1'), '2001:db8::');
    assert.equal(shortenedAddress('2001:db8:1:2:3:4:5:6'), '2001:db8:1::');
    assert.equal(shortenedAddress('::1'), '::');
  });
});

describe('one worker’s part of the access log', () => {
  it('shows ordinary requests in the share that is asked for', () => {
    const log = new AccessLog(() => {});
    for (const [permille, least, most] of [
      [0, 0, 0],
      [10, 800, 1200],
      [500, 49_000, 51_000],
      [1000, 100_000, 100_000],
    ] as const) {
      log.sample(permille);
      let shown = 0;
      for (let i = 0; i < 100_000; i++) if (log.wants(false, 0)) shown++;
      assert.ok(shown >= least && shown <= most, `${shown} of 100000 at ${permille} permille`);
    }
  });

  it('shows failures always, at most 50 in a second, and says how many it left out', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lotse-log-'));
    const reports: LogReport[] = [];
    const log = new AccessLog((report) => reports.push(report));
    log.writeTo(join(folder, 'access.log'));
    let shown = 0;
    for (let nowMs = 5_000; nowMs < 7_000; nowMs += 10) if (log.wants(true, nowMs)) shown++;
    assert.equal(shown, 100);
    log.write('{}');
    await log.flush();
    assert.deepEqual(reports, [{ bytes: 3, lines: 1, lost: { rate: 100, disk: 0 }, problem: null }]);
    rmSync(folder, { recursive: true });
  });

  it('loses lines, and nothing else, while its file cannot be written, and never glues two lines together', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lotse-log-'));
    const path = join(folder, 'access.log');
    const reports: LogReport[] = [];
    const log = new AccessLog((report) => reports.push(report));
    mkdirSync(path);
    log.writeTo(path);
    for (const line of ['1', '2']) log.write(line);
    await log.flush();
    rmSync(path, { recursive: true });
    log.write('3');
    await log.flush();
    assert.deepEqual(reports, [
      { bytes: 0, lines: 0, lost: { rate: 0, disk: 2 }, problem: 'EISDIR' },
      { bytes: 3, lines: 1, lost: { rate: 0, disk: 0 }, problem: null },
    ]);
    assert.equal(readFileSync(path, 'utf8'), '\n3\n');
    rmSync(folder, { recursive: true });
  });

  it(
    'says ENOSPC when the disk is full',
    { skip: existsSync('/dev/full') ? false : 'there is no /dev/full' },
    async () => {
      const reports: LogReport[] = [];
      const log = new AccessLog((report) => reports.push(report));
      log.writeTo('/dev/full');
      log.write('1');
      await log.flush();
      assert.deepEqual([reports[0]?.problem, reports[0]?.lost.disk], ['ENOSPC', 1]);
    },
  );
});

describe('the file of the access log', () => {
  it('is renamed when it is large, three older ones stay, and lines that are appended meanwhile are all there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lotse-log-'));
    const path = join(folder, 'access.log');
    writeFileSync(path, 'from before\n');
    const file = new AccessLogFile(path, { maxBytes: 400, keep: 3 });
    const workers = ['a', 'b'].map((name) => {
      const log = new AccessLog((report) => file.record(log, report));
      log.writeTo(path);
      return { name, log };
    });
    const seen = new Set<string>();
    for (let i = 0; i < 100; i++) {
      for (const { name, log } of workers) for (let j = 0; j < 3; j++) log.write(`${name} ${i} ${j}`);
      await Promise.all(workers.map(({ log }) => log.flush()));
      for (const each of readdirSync(folder))
        for (const line of readFileSync(join(folder, each), 'utf8').trimEnd().split('\n')) seen.add(line);
    }
    assert.equal(seen.size, 601);
    assert.deepEqual(readdirSync(folder).sort(), ['access.log', 'access.log.1', 'access.log.2', 'access.log.3']);
    assert.equal(file.counts.written, 600);
    assert.deepEqual(file.problems, []);
    rmSync(folder, { recursive: true });
  });
});

describe('a proxy that writes an access log', () => {
  let folder: ProxyFolder;
  let control: ProxyControl;
  let app: PlainApp;
  let port = 0;

  beforeEach(async () => {
    folder = new ProxyFolder();
    app = await PlainApp.start(() => ok('hello'));
    [port = 0] = await freePorts(1);
    control = await folder.start();
  });
  afterEach(async () => {
    await folder.end(control);
    await app.stop();
  });

  const route = (accessLogPermille: number, more = {}) =>
    control.putDocument(
      document([environment([revision('one', [service([instance(app.port, 'accepting', 3)])])], { port, ...more })], {
        accessLogPermille,
        version: accessLogPermille + 1,
      }),
    );
  /** Lines that are there when `count` of them are. */
  async function lines(count: number): Promise<readonly Record<string, unknown>[]> {
    const path = join(folder.path, 'access.log');
    for (let i = 0; i < 500; i++) {
      const found = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
      if (found.length >= count) return found.map(parseLine);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`there are not ${count} lines`);
  }

  it('shows where a request came from, where it went, and how it ended', async () => {
    await route(1000, {
      revisions: [revision('one', [service([instance(app.port, 'accepting', 3)], { stickiness: { kind: 'cookie' } })])],
    });
    const cookie = '__lotse_v=0123456789abcdef0123';
    await ask(port, get('/reset?token=s3cret', { 'x-request-id': 'my-id', cookie }));
    await ask(port, get('/'));
    const [first = {}, second = {}] = await lines(2);
    const { time, ms, upstreamMs, bucket, ...rest } = first;
    assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 20_000);
    assert.ok(Number(ms) >= Number(upstreamMs) && Number(upstreamMs) >= 0);
    assert.ok(Number.isInteger(bucket));
    assert.deepEqual(rest, {
      ...{ id: 'my-id', client: '127.0.0.0', method: 'GET', host: 'shop.test', path: '/reset', query: ['token'] },
      ...{ protocol: '1.1', tls: false, status: 200, bytes: 5, outcome: 'ok', reason: null },
      ...{ app: 'shop', environment: 'production', service: 'web', revision: 'one', slot: 3 },
    });
    // The id that the instance was told.
    const told = /x-request-id: (.*)\r\n/.exec(app.requests[1]?.head ?? '')?.[1];
    assert.deepEqual([second.id, second.bucket], [told, null]);
    assert.doesNotMatch(readFileSync(join(folder.path, 'access.log'), 'utf8'), /s3cret/);
  });

  it('shows each failure with its reason although ordinary requests are not shown, and says nothing of them', async () => {
    await route(0);
    await ask(port, get('/fine'));
    app.handler = ({ socket }) => {
      socket.destroy();
      return null;
    };
    await ask(port, get('/reset'));
    app.handler = () => 'HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n';
    await ask(port, get('/oh'));
    app.handler = ({ socket }) => {
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf');
      return null;
    };
    const cut = await RawClient.connect(port);
    cut.send(get('/half'));
    await cut.untilClosed();
    const shown = await lines(3);
    assert.deepEqual(
      shown.map(({ path, status, outcome, reason, bytes }) => [path, status, outcome, reason, bytes]),
      [
        ['/reset', 502, 'failed', 'upstream-reset', 0],
        ['/oh', 500, 'ok', null, 0],
        ['/half', 200, 'failed', 'truncated', 4],
      ],
    );
    await route(1, { mode: { kind: 'maintenance', retryAfterS: 1, message: 'soon' } });
    await ask(port, get('/later'));
    const last = (await lines(4)).at(-1);
    assert.deepEqual(
      [last?.path, last?.status, last?.outcome, last?.reason],
      ['/later', 503, 'refused', 'maintenance'],
    );
    assert.match(await control.metrics(), /lotse_proxy_access_log_lines_total 4\n/);
  });

  it('shows what a worker had seen when it leaves', async () => {
    await route(1000);
    await ask(port, get('/'));
    await control.replaceWorkers(0);
    assert.equal((await lines(1)).length, 1);
  });

  it('goes on serving when the log cannot be written, says so, and goes on writing when it can', async () => {
    const path = join(folder.path, 'access.log');
    mkdirSync(path);
    await route(1000);
    const problem = async () => (await control.status()).problems.join();
    for (let i = 0; i < 10; i++) assert.equal((await ask(port, get('/'))).status, 200);
    while ((await problem()) === '') await new Promise((resolve) => setTimeout(resolve, 50));
    assert.match(await problem(), /^the access log .*access\.log cannot be written \(EISDIR\); its lines are lost$/);
    assert.match(await control.metrics(), /lotse_proxy_access_log_lines_lost_total\{reason="disk"\} 10\n/);
    rmSync(path, { recursive: true });
    await ask(port, get('/again'));
    while ((await problem()) !== '') await new Promise((resolve) => setTimeout(resolve, 50));
    assert.match(readFileSync(path, 'utf8'), /"path":"\/again"/);
  });
});
