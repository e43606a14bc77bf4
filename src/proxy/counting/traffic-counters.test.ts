import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { durationBin } from '../../core/durations.ts';
import { probeHeader } from '../../core/routing-document.ts';
import type { TrafficCount } from '../../core/routing-document.ts';
import { document, environment, instance, revision, service, testProbeKey } from '../fixtures/documents.ts';
import { InProcessProxy } from '../fixtures/in-process-proxy.ts';
import { ok, PlainApp } from '../fixtures/plain-app.ts';
import { ask, get, RawClient } from '../fixtures/raw-client.ts';
import { signProbe } from '../probe-signature.ts';
import { bucketOf, saltHash } from '../routing/choose-share.ts';

const zero = { started: 0, ok: 0, clientError: 0, serverError: 0, failed: 0, clientGone: 0 };

describe('counters', { timeout: 180_000 }, () => {
  let app: PlainApp;
  let proxy: InProcessProxy;
  let port: number;

  const apply = (
    epoch = 1,
    salt = 'salt-1',
    lateAfterMs: readonly number[] = [],
    stickiness: 'cookie' | 'none' = 'none',
  ) =>
    proxy.apply(
      document([
        environment(
          [
            revision('one', [
              service([instance(app.port)], {
                lateAfterMs,
                stickiness: { kind: stickiness },
              }),
            ]),
          ],
          {
            port,
            epoch,
            salt,
          },
        ),
      ]),
    );
  const line = (more: Partial<TrafficCount>, bucket = -1) => ({
    service: 'web',
    revision: 'one',
    bucket,
    ...zero,
    late: [],
    ...more,
  });

  async function until(test: () => boolean): Promise<void> {
    while (!test()) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  beforeEach(async () => {
    app = await PlainApp.start();
    proxy = new InProcessProxy({ halfCloseMs: 10, responseHeadMs: 400 });
    port = await proxy.listen();
    apply();
  });
  afterEach(async () => {
    proxy.stop();
    await app.stop();
  });

  it('sort every end into its class, exactly', async () => {
    const answers: Readonly<Record<string, string>> = {
      '/200': ok('x'),
      '/302': 'HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n',
      '/404': 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n',
      '/500': 'HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n',
      '/bad': 'nonsense\r\n\r\n',
    };
    app.handler = ({ head }) => answers[head.split(' ')[1] ?? ''] ?? null;
    for (const path of ['/200', '/200', '/302', '/404', '/404', '/500', '/bad', '/hang']) await ask(port, get(path));
    assert.deepEqual(proxy.counts(1), [line({ started: 8, ok: 3, clientError: 2, serverError: 1, failed: 2 })]);
  });

  it('tell clients that went away from failures', async () => {
    app.handler = () => null;
    const client = await RawClient.connect(port);
    client.send(get('/'));
    await until(() => app.requests.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    client.close();
    await until(() => proxy.counts(1)[0]?.clientGone === 1);
    assert.deepEqual(proxy.counts(1), [line({ started: 1, clientGone: 1 })]);
  });

  it('count a request as late when the clock passes the threshold, not when it finishes, and once', async () => {
    apply(2, 'salt-2', [100]);
    app.handler = () => null;
    const client = await RawClient.connect(port);
    client.send(get('/'));
    await until(() => proxy.counts(2)[0]?.late[0] === 1);
    assert.deepEqual(proxy.counts(2), [line({ started: 1, late: [1] })]);
    for (const socket of app.sockets) socket.write(ok('x'));
    await client.response();
    assert.deepEqual(proxy.counts(2), [line({ started: 1, ok: 1, late: [1] })]);
    client.close();
  });

  it('see a hanging request pass one threshold after the other, each once', async () => {
    proxy.stop();
    proxy = new InProcessProxy({ halfCloseMs: 10 });
    port = await proxy.listen();
    apply(2, 'salt-2', [50, 1_000, 60_000]);
    app.handler = () => null;
    const client = await RawClient.connect(port);
    client.send(get('/'));
    await until(() => proxy.counts(2)[0]?.late[0] === 1);
    assert.deepEqual(proxy.counts(2), [line({ started: 1, late: [1, 0, 0] })]);
    await until(() => proxy.counts(2)[0]?.late[1] === 1);
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.deepEqual(proxy.counts(2), [line({ started: 1, late: [1, 1, 0] })]);
    client.close();
    await until(() => proxy.counts(2)[0]?.clientGone === 1);
    assert.deepEqual(proxy.counts(2), [line({ started: 1, clientGone: 1, late: [1, 1, 0] })]);
    assert.deepEqual(proxy.durations(2)[0]?.counts, []);
  });

  it('leave out how long the first requests of an instance take, which is warming up', async () => {
    proxy.stop();
    proxy = new InProcessProxy({ warmUpRequests: 2 });
    port = await proxy.listen();
    apply(2, 'salt-2', [20]);
    app.handler = ({ socket }) => {
      setTimeout(() => socket.write(ok('slow')), 50);
      return null;
    };
    const total = () => proxy.durations(2)[0]?.counts.reduce((sum, count) => sum + count, 0);
    for (let i = 0; i < 2; i++) await ask(port, get('/'));
    assert.deepEqual([proxy.counts(2), total()], [[line({ started: 2, ok: 2, untimed: 2, late: [0] })], 0]);
    await ask(port, get('/'));
    assert.deepEqual([proxy.counts(2), total()], [[line({ started: 3, ok: 3, untimed: 2, late: [1] })], 1]);
  });

  it('do not excuse an instance that hangs while it is warming up', async () => {
    proxy.stop();
    proxy = new InProcessProxy({ halfCloseMs: 10, warmUpRequests: 1, warmUpMs: 150 });
    port = await proxy.listen();
    apply(2, 'salt-2', [20, 60, 60_000]);
    app.handler = () => null;
    const client = await RawClient.connect(port);
    client.send(get('/'));
    await until(() => app.requests.length === 1);
    const began = performance.now();
    await until(() => proxy.counts(2)[0]?.late[0] === 1);
    assert.ok(performance.now() - began > 100);
    assert.deepEqual(proxy.counts(2), [line({ started: 1, late: [1, 1, 0] })]);
    client.close();
  });

  it('have an instance that went away and came back warm up again', async () => {
    proxy.stop();
    proxy = new InProcessProxy({ warmUpRequests: 1, ejectFirstMs: 1, ejectMaxMs: 1 });
    port = await proxy.listen();
    apply(2, 'salt-2', [20]);
    const answers = async () => (await ask(port, get('/'))).status;
    assert.deepEqual([await answers(), await answers()], [200, 200]);
    const timed = () => proxy.durations(2)[0]?.counts.reduce((sum, count) => sum + count, 0);
    const { port: own } = app;
    await app.stop();
    assert.equal(await answers(), 502);
    assert.equal(timed(), 2);
    app = await PlainApp.start(() => ok('hello'), own);
    assert.equal(await answers(), 200);
    assert.equal(timed(), 2);
    assert.equal(await answers(), 200);
    assert.equal(timed(), 3);
  });

  it('keep the thresholds of the epoch in which a request began', async () => {
    apply(2, 'salt-2', [50]);
    app.handler = () => null;
    const client = await RawClient.connect(port);
    client.send(get('/'));
    await until(() => app.requests.length === 1);
    apply(3, 'salt-3', [10, 100]);
    await until(() => proxy.counts(2)[0]?.late[0] === 1);
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.deepEqual([proxy.counts(2), proxy.counts(3)], [[line({ started: 1, late: [1] })], []]);
    for (const socket of app.sockets) socket.write(ok('x'));
    await client.response();
    assert.deepEqual(proxy.counts(2), [line({ started: 1, ok: 1, late: [1] })]);
    // What it took is in the last word, too.
    const final = proxy.finalEpochs.find(({ epoch }) => epoch === 2);
    assert.equal(final?.tables[0]?.durations.at(-1), 1);
    client.close();
  });

  it('know how long what finished took, with whatever class, by its bin', async () => {
    const answers = ['200 OK', '404 Not Found', '500 Oops'].map(
      (status) => `HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`,
    );
    const waitMs = 120;
    app.handler = ({ socket }) => {
      const answer = answers.shift() ?? 'nonsense\r\n\r\n';
      setTimeout(() => socket.write(answer), waitMs);
      return null;
    };
    const startMs = performance.now();
    for (let i = 0; i < 4; i++) await ask(port, get('/'));
    const wholeMs = performance.now() - startMs;
    const [taken] = proxy.durations(1);
    const [counts, sumMs] = [taken?.counts ?? [], taken?.sumMs ?? 0];
    assert.deepEqual([taken?.service, taken?.revision, taken?.lateAfterMs], ['web', 'one', []]);
    assert.ok(sumMs >= 4 * (waitMs - 5) && sumMs <= wholeMs, `${sumMs} ms of ${wholeMs}`);
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      4,
    );
    const bins = counts.flatMap((count, bin) => (count > 0 ? [bin] : []));
    assert.ok((bins[0] ?? 0) >= durationBin(waitMs - 5) && counts.length - 1 <= durationBin(wholeMs), bins.join());
  });

  it('have no durations of probes', async () => {
    const probe = signProbe(testProbeKey, { bucket: null, revision: 'one' }, Date.now());
    await ask(port, get('/', { [probeHeader]: probe }));
    assert.deepEqual([proxy.counts(1), proxy.durations(1)], [[], []]);
  });

  it('take a stream whose head is late as late, also when it comes between two looks at the clock', async () => {
    apply(2, 'salt-2', [1, 10_000]);
    app.handler = ({ socket }) => {
      setTimeout(() => socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n'), 20);
      return null;
    };
    const events = await RawClient.connect(port);
    events.send(get('/sse'));
    await events.until((received) => received.includes('data'));
    assert.deepEqual(proxy.counts(2), [line({ started: 1, ok: 1, late: [1, 0] })]);
    events.close();
  });

  it('take a stream and an upgraded connection as finished with their head: neither is late or has a duration', async () => {
    apply(2, 'salt-2', [100]);
    app.handler = ({ head }) =>
      head.includes('/sse')
        ? 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n'
        : 'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n';
    const events = await RawClient.connect(port);
    events.send(get('/sse'));
    await events.until((received) => received.includes('data'));
    const socket = await RawClient.connect(port);
    socket.send(get('/ws', { connection: 'upgrade', upgrade: 'websocket' }));
    await socket.response();
    await new Promise((resolve) => setTimeout(resolve, 250));
    events.close();
    socket.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(proxy.counts(2), [line({ started: 2, ok: 2, late: [0] })]);
    assert.deepEqual(proxy.durations(2)[0]?.counts, []);
  });

  it('go by bucket for visitors with a cookie', async () => {
    apply(2, 'salt-2', [], 'cookie');
    const visitor = '0123456789abcdef0123';
    for (let i = 0; i < 3; i++) await ask(port, get('/', { cookie: `__lotse_v=${visitor}` }));
    await ask(port, get('/'));
    assert.deepEqual(proxy.counts(2), [
      line({ started: 1, ok: 1 }),
      line({ started: 3, ok: 3 }, bucketOf(saltHash('salt-2'), visitor)),
    ]);
  });

  it('open a new epoch with a new number or salt; requests end in the epoch in which they began', async () => {
    app.handler = () => null;
    const client = await RawClient.connect(port);
    client.send(get('/'));
    await until(() => app.requests.length === 1);
    apply(2);
    assert.equal(proxy.finalEpochs.length, 0);
    for (const socket of app.sockets) socket.write(ok('x'));
    await client.response();
    assert.deepEqual(
      proxy.finalEpochs.map(({ epoch, isFinal }) => [epoch, isFinal]),
      [[1, true]],
    );
    assert.deepEqual(proxy.counts(1), [line({ started: 1, ok: 1 })]);
    app.handler = () => ok('x');
    client.send(get('/'));
    await client.response();
    assert.deepEqual(proxy.counts(2), [line({ started: 1, ok: 1 })]);
    apply(2, 'another salt');
    assert.deepEqual(
      proxy.finalEpochs.map(({ epoch, salt }) => [epoch, salt]),
      [
        [1, 'salt-1'],
        [2, 'salt-1'],
      ],
    );
    client.close();
  });

  it('stay in one epoch while only instances or modes change', async () => {
    await ask(port, get('/'));
    proxy.apply(
      document(
        [environment([revision('one', [service([instance(app.port), instance(1, 'draining', 1)])])], { port })],
        { version: 2 },
      ),
    );
    await ask(port, get('/'));
    assert.equal(proxy.finalEpochs.length, 0);
    assert.deepEqual(proxy.counts(1), [line({ started: 2, ok: 2 })]);
  });

  it('stop waiting for a request that outlives its epoch by far', async () => {
    proxy.stop();
    proxy = new InProcessProxy({ epochLingerMs: 200 });
    port = await proxy.listen();
    apply();
    app.handler = () => null;
    const client = await RawClient.connect(port);
    client.send(get('/'));
    await until(() => app.requests.length === 1);
    apply(2);
    await until(() => proxy.finalEpochs.length === 1);
    const [final] = proxy.finalEpochs;
    for (const socket of app.sockets) socket.write(ok('x'));
    await client.response();
    assert.deepEqual(
      final?.tables.map(({ rows }) => rows),
      [[-1, 1, 0, 0, 0, 0, 0, 0]],
    );
    assert.equal(proxy.finalEpochs.length, 1);
    client.close();
  });
});
