import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RoutedEnvironment } from '../core/routing-document.ts';
import type { ProxyControl } from './control-client.ts';
import { document, environment, instance, revision, service } from './fixtures/documents.ts';
import { OpenLoopLoad } from './fixtures/open-loop-load.ts';
import { ok, PlainApp } from './fixtures/plain-app.ts';
import { freePorts, ProxyFolder } from './fixtures/running-proxy.ts';

const requestsPerSecond = 400;

/** A release that stops for good when it is told to, like one that gets SIGTERM after its address is drained. */
function release(name: string): Promise<PlainApp> {
  return PlainApp.start(({ head, socket }) => {
    if (!head.startsWith('POST')) return ok(name);
    setTimeout(() => socket.write(ok(name)), 5);
    return null;
  });
}

async function untilUnused(control: ProxyControl, port: number): Promise<void> {
  const isUsed = async () =>
    (await control.status()).addresses.some(
      ({ address, activeRequests }) => address.port === port && activeRequests > 0,
    );
  while (await isUsed()) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function withProxy(test: (control: ProxyControl, port: number) => Promise<void>): Promise<void> {
  const folder = new ProxyFolder();
  const [port = 0] = await freePorts(1);
  const control = await folder.start();
  try {
    await test(control, port);
  } finally {
    await folder.end(control);
  }
}

describe('switching under load', () => {
  it(
    'through 200 documents fails no request, kept, fresh or POST, although each old instance is stopped',
    { timeout: 120_000 },
    async () => {
      await withProxy(async (control, port) => {
        let current = await release('0');
        let version = 0;
        const put = (environments: Partial<RoutedEnvironment>, revisions: RoutedEnvironment['revisions']) =>
          control.putDocument(document([environment(revisions, { port, ...environments })], { version: ++version }));
        const routed = (app: PlainApp, name: string, state: 'accepting' | 'draining' = 'accepting') =>
          revision(name, [service([instance(app.port, state)])]);
        await put({ epoch: 0 }, [routed(current, 'r0')]);
        const load = new OpenLoopLoad({ port, requestsPerSecond });
        const durations: number[] = [];
        for (let i = 1; i <= 100; i++) {
          const next = await release(`${i}`);
          const startMs = performance.now();
          await put({ epoch: i }, [routed(current, `r${i - 1}`, 'draining'), routed(next, `r${i}`)]);
          durations.push(performance.now() - startMs);
          await untilUnused(control, current.port);
          await put({ epoch: i }, [routed(next, `r${i}`)]);
          await current.stop();
          current = next;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        const result = await load.stop();
        await current.stop();
        assert.deepEqual(result.failures, {});
        assert.equal(result.ok, result.sent);
        assert.ok(Object.keys(result.bodies).length > 50, 'most releases have served');
        const [median = 0] = durations.sort((a, b) => a - b).slice(50);
        assert.ok(median < 100, `a switch took ${median} ms in the median`);
      });
    },
  );

  it('by pausing holds requests while nothing runs, and fails none', { timeout: 180_000 }, async () => {
    await withProxy(async (control, port) => {
      let current = await release('0');
      let version = 0;
      const put = (mode: RoutedEnvironment['mode'], epoch: number, app: PlainApp) =>
        control.putDocument(
          document([environment([revision(`r${epoch}`, [service([instance(app.port)])])], { port, epoch, mode })], {
            version: ++version,
          }),
        );
      await put({ kind: 'serving' }, 0, current);
      const load = new OpenLoopLoad({ port, requestsPerSecond });
      for (let i = 1; i <= 5; i++) {
        await put({ kind: 'paused', maxHeld: 10_000, maxHoldMs: 10_000 }, i - 1, current);
        await untilUnused(control, current.port);
        await current.stop();
        await new Promise((resolve) => setTimeout(resolve, 200));
        assert.ok((await control.status()).heldRequests > 0);
        current = await release(`${i}`);
        await put({ kind: 'serving' }, i, current);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const result = await load.stop();
      await current.stop();
      assert.deepEqual(result.failures, {});
    });
  });

  it('is judged by a load that sees each dropped request: 1 in 200 dropped is reported as exactly that', async () => {
    let dropped = 0;
    let number = 0;
    const app = await PlainApp.start(({ socket }) => {
      if (++number % 200 !== 0) return ok('x');
      dropped++;
      socket.destroy();
      return null;
    });
    const load = new OpenLoopLoad({ port: app.port, requestsPerSecond: 1000 });
    while (load.sent < 2000) await new Promise((resolve) => setTimeout(resolve, 20));
    const result = await load.stop();
    await app.stop();
    assert.ok(dropped >= 9);
    assert.equal(
      Object.values(result.failures).reduce((sum, count) => sum + count, 0),
      dropped,
    );
  });
});
