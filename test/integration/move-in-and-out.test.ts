import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { lacks } from '../../src/ports/certificates/fixtures/running-program.ts';
import { OpenLoopLoad } from '../../src/proxy/fixtures/open-loop-load.ts';
import { freePorts } from '../../src/proxy/fixtures/running-proxy.ts';
import { lotse as runLotse } from '../harness/running-lotse.ts';
import { shopManifest, type Shop } from '../harness/shop-app.ts';
import { openSwitchingDoor } from '../harness/switching-door.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';

/** An ordinary HTTP server that knows nothing of Lotse. */
const ownApp = `
import { createServer } from 'node:http';
const [port, name] = process.argv.slice(2);
createServer((request, response) => {
  request.resume();
  setTimeout(() => response.end(name), 20);
}).listen(Number(port), '127.0.0.1', () => console.log('listens'));
`;
const production = { domains: ['shop.localhost'], trusted_proxies: ['127.0.0.1'] };
const moves: readonly (Shop & { readonly strategy: string })[] = [
  { production, verify: true, strategy: 'blue-green' },
  { production, verify: true, strategy: 'rolling', web: { instances: 2 } },
];

describe('a team with users', { timeout: 900_000 }, () => {
  test(
    'moves in release by release, and out again, and no request of its users fails',
    { skip: lacks('haproxy') },
    async (t) => {
      const lotse = await temporaryLotse(t);
      await lotse.start();
      const [door = 0, oldPort = 0, newPort = 0] = await freePorts(3);
      const old = await startOwnApp(t, lotse.folder, oldPort, 'old');
      const places = { old: oldPort, lotse: lotse.frontPort, home: newPort };
      const { port, leadTo } = await openSwitchingDoor(t, {
        folder: lotse.folder,
        port: door,
        places,
        host: 'shop.localhost',
      });
      const team = join(lotse.folder, 'team');
      mkdirSync(team);
      writeFileSync(join(team, 'lotse.yaml'), shopManifest({ production }));
      const lotseSays = async (...line: readonly string[]) => {
        const ran = await runLotse([...line, '--state', lotse.state], { cwd: team });
        assert.equal(ran.exitCode, 0, ran.said);
      };

      const load = new OpenLoopLoad({ port, requestsPerSecond: 50 });
      t.after(async () => await load.stop());
      /** Users have been served by it since it was asked. */
      const served = async (by: string) => {
        const since = load.bodies[by] ?? 0;
        await until(`users get ${by}`, () => (load.bodies[by] ?? 0) > since + 25, 120_000);
      };

      await served('old');
      await lotseSays('adopt', 'production', `http://127.0.0.1:${oldPort}`);
      await leadTo('lotse');
      await served('old');
      for (const shop of moves) {
        const { id } = await lotse.client.release(shop);
        const { id: started } = await lotse.client.start(id);
        const rollout = await until(
          `${id} is settled`,
          async () => {
            const seen = await lotse.client.rollout(started);
            return ['settled', 'returned', 'stranded'].includes(seen.status) && seen;
          },
          180_000,
        );
        assert.deepEqual([rollout.status, rollout.strategy], ['settled', shop.strategy]);
        await served(id);
      }
      assert.equal(old.exitCode, null, 'Lotse has not touched what it has adopted');

      await startOwnApp(t, lotse.folder, newPort, 'home');
      await leadTo('home');
      await served('home');
      await lotseSays('down', 'production', '--yes', 'production');
      await lotse.plane.end('SIGTERM');
      process.kill(lotse.proxyPid, 'SIGKILL');
      await served('home');

      const { sent, ok, failures, bodies } = await load.stop();
      assert.deepEqual(failures, {});
      assert.equal(ok, sent);
      assert.equal(Object.keys(bodies).length, 4, 'the old app, two releases, and the new home');
      t.diagnostic(`${sent} requests: ${JSON.stringify(bodies)}`);
    },
  );
});

async function startOwnApp(t: TestContext, folder: string, port: number, name: string): Promise<ChildProcess> {
  const program = join(folder, 'own-app.mjs');
  writeFileSync(program, ownApp);
  const child = spawn(process.execPath, [program, String(port), name], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout ?? assert.fail(), 'data');
  return child;
}
