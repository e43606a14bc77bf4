import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { startDockerTargetTest } from '../../../../test/harness/docker-target-setup.ts';
import type { OwnEngine } from '../../../../test/harness/own-docker-engine.ts';
import { startOwnEngine } from '../../../../test/harness/own-docker-engine.ts';
import type { ServiceOrder } from '../targets.ts';
import { ContractWorld, get, until } from '../contract-world.contract.ts';

const own = await startOwnEngine('outages');

type Setup = Awaited<ReturnType<typeof startDockerTargetTest>>;

describe('docker target: an engine that is killed, hangs or is away', { skip: own.skip }, () => {
  after(async () => {
    if (own.skip !== false) return;
    await own.end();
  });

  outageTest(
    'SIGKILL of dockerd: probes go on, and what it took down starts again at once, unblamed',
    async (world, engine) => {
      const order = await world.ensure({});
      const [first] = await world.untilReady(order);
      await engine.order('kill');
      await until('it is told', async () => /Docker/.test((await world.observe())[0]?.note ?? ''));
      assert.equal((await world.observe())[0]?.state, 'ready');
      assert.equal(await get(first?.address, '/'), 'hello');
      await assert.rejects(world.target.ensure({ ...order, slots: 2 }), { code: 'unreachable', retriable: true });
      await engine.order('start');
      await until('another attempt is ready', async () => {
        const [slot] = await world.observe();
        return slot?.attempt === 2 && slot.state === 'ready';
      });
      const [second] = await world.observe();
      assert.deepEqual([second?.unexpectedExits, second?.address], [0, first?.address]);
      assert.equal((await world.bootsOf(order)).length, 2);
    },
  );

  outageTest('a planned restart of dockerd spends nothing of the budget either', async (world, engine, setup) => {
    const order = await world.ensure({});
    await world.untilReady(order);
    await engine.order('stop');
    await engine.order('start');
    await until('another attempt is ready', async () => {
      const [slot] = await world.observe();
      return slot?.attempt === 2 && slot.state === 'ready';
    });
    const { folder } = setup;
    const record = await readFile(join(folder, 'state/kept/shop/staging/staging-1/web/0/record.json'), 'utf8');
    assert.match(record, /was ended together with the Docker engine/);
    assert.equal((await world.observe())[0]?.unexpectedExits, 0);
  });

  outageTest(
    'SIGKILL of dockerd at any moment of a start: one instance, and each attempt boots once',
    async (world, engine) => {
      for (const waitMs of [0, 60, 150, 300]) {
        const order = world.order({ revision: `staging-${waitMs}` });
        world.remember(order);
        const ordered = orderUntilKept(world, order);
        await new Promise((resolve) => setTimeout(resolve, waitMs));
        await engine.order('kill');
        await engine.order('start');
        await ordered;
        await world.untilReady(order);
        const attempts = (await world.lines(order, 100)).filter(({ text }) => text.startsWith('listening'));
        const numbers = attempts.map(({ attempt }) => attempt);
        assert.equal(new Set(numbers).size, numbers.length, `after ${waitMs} ms: ${numbers.join(' ')}`);
        await world.target.ensure({ ...order, slots: 0 });
      }
    },
  );

  outageTest('a job that ended with its engine is lost, and not run again', async (world, engine) => {
    const variables = { CONTROL_DIR: world.controlFolder };
    await world.target.startJob(world.job({ key: 'once', argv: ['node', 'app.mjs', 'job', '0', '60000'], variables }));
    await until('it has begun', async () => (await world.jobLines('once')).length > 0);
    await engine.order('kill');
    await engine.order('start');
    const seen = await world.untilJobEnds('once');
    assert.equal(seen.state, 'lost');
    await world.target.startJob(world.job({ key: 'once', variables }));
    await world.reopen();
    assert.equal((await world.target.observeJob('once'))?.state, 'lost');
    assert.equal((await readdir(world.controlFolder)).filter((name) => name.startsWith('ran-')).length, 1);
  });

  outageTest(
    'an address that is to be avoided is given to nobody, also after a restart of dockerd',
    async (world, engine) => {
      const old = await world.ensure({});
      const [slot] = await world.untilReady(old);
      const address = slot?.address ?? assert.fail();
      await world.target.ensure({ ...old, slots: 0 });
      await until('it is gone', async () => (await world.observe()).length === 0);
      await engine.order('stop');
      await engine.order('start');
      const environment = 'staging';
      const next = await world.ensure({ environment, revision: 'staging-2', slots: 3, avoid: [address] });
      const slots = await world.untilReady(next);
      assert.ok(!slots.some((found) => found.address?.host === address.host));
    },
  );

  outageTest(
    'an engine that hangs is not taken for one that has nothing, and nothing is started twice',
    async (world, engine) => {
      const order = await world.ensure({});
      const [first] = await world.untilReady(order);
      const dockerd = Number(await readFile(join(engine.folder, 'pid'), 'utf8'));
      process.kill(dockerd, 'SIGSTOP');
      try {
        await assert.rejects(world.target.ensure({ ...order, slots: 2 }), { code: 'timeout', retriable: true });
        assert.deepEqual(
          (await world.observe()).map(({ state, pid }) => [state, pid]),
          [['ready', first?.pid]],
        );
        await world.target.close();
        world.target = await world.setup.open();
        await until('probes show that it serves', async () => (await world.observe())[0]?.state === 'ready');
        assert.match((await world.observe())[0]?.note ?? '', /did not answer/);
      } finally {
        process.kill(dockerd, 'SIGCONT');
      }
      const two = { ...order, slots: 2 };
      await until(
        'the order is kept',
        async () =>
          await world.target.ensure(two).then(
            () => true,
            () => false,
          ),
      );
      const slots = await world.untilReady(two);
      await until('it is seen again', async () => (await world.observe())[0]?.pid === first?.pid);
      assert.deepEqual(
        slots.map(({ attempt }) => attempt),
        [1, 1],
      );
    },
  );

  outageTest(
    'an engine that is away when the target opens is waited for, and all is adopted',
    async (world, engine) => {
      await writeFile(engine.settings, '{ "live-restore": true }');
      await engine.order('stop');
      await engine.order('start');
      try {
        const order = await world.ensure({});
        const [first] = await world.untilReady(order);
        await world.target.close();
        await engine.order('kill');
        world.target = await world.setup.open();
        await until('probes show that it serves', async () => (await world.observe())[0]?.state === 'ready');
        assert.equal((await world.observe())[0]?.pid, null);
        await engine.order('start');
        await until('it is adopted', async () => (await world.observe())[0]?.pid === first?.pid);
        assert.equal((await world.observe())[0]?.attempt, 1);
        assert.equal((await world.bootsOf(order)).length, 1);
      } finally {
        await writeFile(engine.settings, '{}');
      }
    },
  );
});

async function orderUntilKept(world: ContractWorld, order: ServiceOrder): Promise<void> {
  await until(
    'the order is kept',
    async () =>
      await world.target.ensure(order).then(
        () => true,
        () => false,
      ),
    50,
  );
}

function outageTest(
  title: string,
  body: (world: ContractWorld, engine: OwnEngine, setup: Setup) => Promise<void>,
): void {
  test(title, { timeout: 120_000 }, async () => {
    if (own.skip !== false) return assert.fail(own.skip);
    const setup = await startDockerTargetTest(own);
    const world = await ContractWorld.open(setup);
    try {
      await body(world, own, setup);
    } finally {
      await world.end();
    }
  });
}
