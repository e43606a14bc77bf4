import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { findTestEngine } from '../../../../test/harness/docker-engine.ts';
import { startDockerTargetTest } from '../../../../test/harness/docker-target-setup.ts';
import { runInside } from '../../../../test/harness/run-inside.ts';
import { Secret } from '../../../core/secret.ts';
import { ContractWorld, get, until } from '../contract-world.contract.ts';
import type { DockerTargetOptions } from './open-docker.ts';

const found = await findTestEngine();
type Setup = Awaited<ReturnType<typeof startDockerTargetTest>>;

describe('docker target: what containers may do', found, () => {
  worldTest(
    'a container may write to its scratch and its stores, and has no rights it does not need',
    async (world, setup) => {
      const definition = world.definition({ memoryBytes: 300e6, cpuCores: 0.5 });
      const [slot] = await world.untilReady(await world.ensure({ definition }));
      const { HostConfig, Config } = await setup.engine.containers.inspect(await nameOfOnly(setup));
      const { ReadonlyRootfs, CapDrop, SecurityOpt, Memory, MemorySwap, NanoCpus, PidsLimit } = HostConfig;
      assert.deepEqual(
        { ReadonlyRootfs, CapDrop, SecurityOpt, Memory, MemorySwap, NanoCpus, PidsLimit },
        {
          ReadonlyRootfs: true,
          CapDrop: ['ALL'],
          SecurityOpt: ['no-new-privileges'],
          ...{ Memory: 300e6, MemorySwap: 300e6, NanoCpus: 5e8, PidsLimit: 4096 },
        },
      );
      assert.deepEqual(HostConfig.RestartPolicy?.Name, 'no');
      assert.equal(Config.Labels['lotse.slot'], '0');
      const { uid, HOME } = JSON.parse(await get(slot?.address, '/env'));
      assert.ok(uid >= 70_000, `it runs as ${uid}`);
      assert.equal(HOME, '/tmp');
      assert.match(await get(slot?.address, '/write'), /EROFS|EACCES/);
      const status = await runInside(setup.engine, await nameOfOnly(setup), ['cat', '/proc/1/status']);
      assert.match(status, /^CapBnd:\s+0+$/m);
      assert.match(status, /^NoNewPrivs:\s+1$/m);
      const script = 'echo scratch >/tmp/x && echo store >"$CONTROL_DIR/x" && cat /tmp/x "$CONTROL_DIR/x"';
      assert.equal(await runInside(setup.engine, await nameOfOnly(setup), ['sh', '-c', script]), 'scratch\nstore');
      await until(
        'the refused write is told',
        async () => (await world.observe())[0]?.writesBesideCode[0] === 'written-by-app.txt',
      );
    },
  );

  worldTest(
    'an image that names its user keeps it, and gets at the stores by their group',
    async (world, setup) => {
      const [slot] = await world.untilReady(await world.ensure({}));
      assert.equal(JSON.parse(await get(slot?.address, '/env')).uid, 1000);
      const script = 'echo mine >"$CONTROL_DIR/x" && cat "$CONTROL_DIR/x"';
      assert.equal(await runInside(setup.engine, await nameOfOnly(setup), ['sh', '-c', script]), 'mine');
    },
    {},
    'USER node\n',
  );

  worldTest('a secret is a variable inside, and in no label, command line or name', async (world, setup) => {
    const [slot] = await world.untilReady(await world.ensure({ variables: { API_KEY: new Secret('s3cret-value') } }));
    assert.match(await get(slot?.address, '/env'), /s3cret-value/);
    const { Config, ...rest } = await setup.engine.containers.inspect(await nameOfOnly(setup));
    assert.doesNotMatch(JSON.stringify({ ...rest, ...Config, Env: [] }), /s3cret/);
  });

  worldTest('there is no way from one environment into another', async (world, setup) => {
    await world.untilReady(await world.ensure({}));
    const staging = await nameOfOnly(setup);
    const production = await world.ensure({ environment: 'production', revision: 'production-1' });
    const [other] = await world.untilReady(production);
    const ask = `fetch('http://${other?.address?.host}:${other?.address?.port}/', { signal: AbortSignal.timeout(1500) })
      .then(() => console.log('reached'), () => console.log('no way')).then(() => process.exit())`;
    assert.equal(await runInside(setup.engine, staging, ['node', '-e', ask]), 'no way');
    assert.equal(await get(other?.address, '/'), 'hello');
  });

  worldTest(
    'a URL on loopback leads to this machine in the network of the environment, by the name of the service too',
    async (world, setup) => {
      const { host, network } = await setup.last().innerNetwork({ app: 'shop', environment: 'staging' });
      const proxy = createServer((request, response) => response.end(`asked by ${request.socket.remoteAddress}`));
      proxy.listen(0, host);
      await once(proxy, 'listening');
      const address = proxy.address();
      const port = typeof address === 'object' ? address?.port : 0;
      try {
        const variables = { PICTURE_STORE_URL: `http://127.0.0.1:${port}/x`, PLAIN: 'http://shop.example:80/' };
        const [slot] = await world.untilReady(await world.ensure({ variables }));
        const env = JSON.parse(await get(slot?.address, '/env'));
        assert.equal(env.PICTURE_STORE_URL, `http://${host}:${port}/x`);
        assert.equal(env.PLAIN, variables.PLAIN);
        const ask = `for (const url of [process.env.PICTURE_STORE_URL, 'http://picture-store:${port}/'])
          console.log(await (await fetch(url)).text())`;
        const answers = await runInside(setup.engine, await nameOfOnly(setup), [
          'node',
          '--input-type=module',
          '-e',
          ask,
        ]);
        const asked = `asked by ${slot?.address?.host}`;
        assert.equal(answers, `${asked}\n${asked}`);
        assert.ok(network.startsWith(host.split('.').slice(0, 3).join('.')));
      } finally {
        proxy.close();
        proxy.closeAllConnections();
      }
    },
  );

  worldTest('one that needs more than its memory is killed, and the note says so', async (world, setup) => {
    const order = await world.ensure({ definition: world.definition({ memoryBytes: 120e6 }) });
    const [slot] = await world.untilReady(order);
    void get(slot?.address, '/eat').catch(() => undefined);
    let seen = slot;
    await until(
      () => `it was restarted, not ${JSON.stringify(seen)}`,
      async () => {
        [seen] = await world.observe();
        return seen?.unexpectedExits === 1;
      },
    );
    const record = join(setup.folder, 'state/kept/shop/staging/staging-1/web/0/record.json');
    let kept = '';
    await until(
      () => `why is kept, in ${kept}`,
      async () => {
        kept = await readFile(record, 'utf8');
        return /want of memory \(its limit is 120 MB;/.test(kept);
      },
    );
  });

  worldTest('one that listens on its own loopback only is told so', async (world) => {
    await world.ensure({ variables: { BIND: '127.0.0.1' } });
    await until('it is told', async () => /own loopback only/.test((await world.observe())[0]?.note ?? ''));
    assert.equal((await world.observe())[0]?.state, 'starting');
  });

  worldTest(
    'one that ignores PORT is found where it listens, and two of them run side by side',
    async (world) => {
      const slots = await world.untilReady(await world.ensure({ slots: 2, variables: { FIXED_PORT: '4711' } }));
      assert.deepEqual(
        slots.map((slot) => [slot.address?.port, slot.fixedPort]),
        [
          [4711, null],
          [4711, null],
        ],
      );
      assert.equal(await get(slots[1]?.address, '/'), 'hello');
    },
    { probes: { elsewhereAfterMs: 300, steadyIntervalMs: 200 } },
  );

  worldTest(
    'the health check of an image counts where the service names none; an empty command means the one of the image',
    async (world) => {
      const order = await world.ensure({ definition: world.definition({ argv: [] }) });
      await until('it is told', async () =>
        /health check ended with 1: not well/.test((await world.observe())[0]?.note ?? ''),
      );
      assert.equal((await world.observe())[0]?.state, 'starting');
      await writeFile(join(world.controlFolder, 'well'), '');
      await world.untilReady(order);
      await writeFile(join(world.controlFolder, 'sick'), '');
      await until('it is unready', async () => (await world.observe())[0]?.state === 'unready');
      assert.match((await world.observe())[0]?.note ?? '', /Not ready any more: its health check ended with 1/);
    },
    {},
    `HEALTHCHECK --interval=1s --retries=2 CMD test -e $CONTROL_DIR/well -a ! -e $CONTROL_DIR/sick || { echo not well; exit 1; }
CMD ["node", "app.mjs"]
`,
  );
});

function worldTest(
  title: string,
  body: (world: ContractWorld, setup: Setup & { last(): Awaited<ReturnType<Setup['open']>> }) => Promise<void>,
  options: Partial<DockerTargetOptions> = {},
  dockerfile = '',
): void {
  test(title, { timeout: 180_000 }, async () => {
    const setup = await startDockerTargetTest(found, options, { dockerfile });
    let last: Awaited<ReturnType<Setup['open']>> | null = null;
    const open = async () => (last = await setup.open());
    const world = await ContractWorld.open({ ...setup, open });
    try {
      await body(world, { ...setup, last: () => last ?? assert.fail('never opened') });
    } finally {
      await world.end();
    }
  });
}

/** The one container of staging. */
async function nameOfOnly(setup: Setup): Promise<string> {
  const label = [`lotse.state=${await setup.state()}`, 'lotse.environment=staging'];
  const [container] = await setup.engine.containers.list({ label });
  return container?.Names[0]?.slice(1) ?? assert.fail('there is no container');
}
