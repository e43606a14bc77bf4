import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { ProxyControl } from '../control-client.ts';
import { document, environment, instance, revision, service } from '../fixtures/documents.ts';
import { ok, PlainApp } from '../fixtures/plain-app.ts';
import { ask, get, RawClient } from '../fixtures/raw-client.ts';
import { freePorts, ProxyFolder, untilGone } from '../fixtures/running-proxy.ts';
import { untilTrue } from '../fixtures/until-true.ts';
import { defaultLimits } from '../limits.ts';

describe('a proxy of several workers', { timeout: 120_000 }, () => {
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

  it('adds up the counters of its workers, closes an epoch when all have said their last word, and forgets it when told', async () => {
    const proxy = await start(2);
    await proxy.putDocument(toApp());
    for (let i = 0; i < 25; i++) await ask(port, get('/'));
    const [open] = await proxy.counters();
    const { proxyStart } = await proxy.status();
    const zero = { clientError: 0, serverError: 0, failed: 0, clientGone: 0, late: [] };
    // The instance was warming up, in whichever of them.
    const counts = [{ service: 'web', revision: 'one', bucket: -1, started: 25, ok: 25, untimed: 25, ...zero }];
    assert.deepEqual([open?.epoch, open?.proxyStart, open?.closedAtMs, open?.counts], [1, proxyStart, null, counts]);
    await proxy.putDocument(toApp({ version: 2 }, 'two', app.port, 2));
    await ask(port, get('/'));
    const epochs = await proxy.counters();
    assert.deepEqual(
      epochs.map(({ epoch, closedAtMs }) => [epoch, closedAtMs !== null]),
      [
        [1, true],
        [2, false],
      ],
    );
    assert.deepEqual(epochs[0]?.counts, counts);
    assert.match(
      await proxy.metrics(),
      /lotse_proxy_requests_total\{app="shop",environment="production",epoch="1",start="[0-9a-f]{16}",service="web",revision="one",outcome="ok"\} 25/,
    );
    await proxy.acknowledge(epochs);
    assert.deepEqual(
      (await proxy.counters()).map(({ epoch }) => epoch),
      [2],
    );
  });

  it('keeps what a worker had counted when it is replaced or killed', async () => {
    const proxy = await start();
    await proxy.putDocument(toApp());
    const total = async () => (await proxy.counters())[0]?.counts[0]?.ok;
    // To each worker the instance is new, and its first requests have no duration.
    const asked = defaultLimits.warmUpRequests + 5;
    const askAll = async () => {
      for (let i = 0; i < asked; i++) await ask(port, get('/'));
    };
    await askAll();
    await proxy.replaceWorkers(5_000);
    await askAll();
    assert.equal(await total(), 2 * asked);
    const [worker] = (await proxy.status()).workers;
    process.kill(worker?.pid ?? 0, 'SIGKILL');
    await untilGone(worker?.pid ?? 0);
    await askAll();
    assert.equal(await total(), 3 * asked);
    const [durations] = (await proxy.counters())[0]?.durations ?? [];
    assert.equal(
      durations?.counts.reduce((sum, count) => sum + count, 0),
      15,
    );
  });

  it('keeps what hung in a worker that is killed: late by threshold, in the epoch that ends as well', async () => {
    const proxy = await start(2);
    const thresholds = [20, 60, 60_000];
    const routed = (version: number, epoch: number) =>
      document(
        [environment([revision('one', [service([instance(app.port)], { lateAfterMs: thresholds })])], { port, epoch })],
        { version },
      );
    await proxy.putDocument(routed(1, 1));
    app.handler = () => null;
    const clients = await Promise.all(Array.from({ length: 4 }, () => RawClient.connect(port)));
    for (const client of clients) client.send(get('/'));
    const late = async () => (await proxy.counters()).map(({ epoch, counts }) => [epoch, counts[0]?.late]);
    await untilTrue('all are late', async () => (await late())[0]?.[1]?.toString() === '4,4,0');
    await proxy.putDocument(routed(2, 2));
    assert.deepEqual(await late(), [
      [1, [4, 4, 0]],
      [2, undefined],
    ]);
    for (const { pid } of (await proxy.status()).workers) {
      process.kill(pid, 'SIGKILL');
      await untilGone(pid);
    }
    await untilTrue('the epoch is closed', async () => (await proxy.counters())[0]?.closedAtMs !== null);
    const [closed] = await proxy.counters();
    const [count] = closed?.counts ?? [];
    assert.deepEqual([closed?.epoch, count?.started, count?.clientGone, count?.late], [1, 4, 0, [4, 4, 0]]);
    for (const client of clients) client.close();
  });
});
