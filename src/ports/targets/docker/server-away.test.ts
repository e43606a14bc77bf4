import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { after, describe, test } from 'node:test';
import { findTestEngine } from '../../../../test/harness/docker-engine.ts';
import { startOtherMachine } from '../../../../test/harness/other-machine.ts';
import { runInside } from '../../../../test/harness/run-inside.ts';
import { startServerTargetTest } from '../../../../test/harness/server-target-setup.ts';
import { startStandIn } from '../../../../test/harness/stand-in-link.ts';
import { ContractWorld, until } from '../contract-world.contract.ts';

const found = await findTestEngine();
const machine = await startOtherMachine({ withBaseImage: false });
const skip = found.skip === false ? machine.skip : found.skip;
if (skip !== false) console.log(`skipped: ${skip}`);

const scope = { app: 'shop', environment: 'staging' };
const place = { ...scope, target: 'docker' } as const;
const name = 'ssh://other.example';
const asNode = 'USER node\n';
const ownCheck = 'HEALTHCHECK --interval=1s --retries=2 CMD test -e $CONTROL_DIR/well\n';

type Setup = Awaited<ReturnType<typeof startServerTargetTest>>;

describe('docker target: containers on another machine', { skip }, async () => {
  if (found.skip !== false || machine.skip !== false) return;
  const { standIn, end } = await startStandIn(machine, name);
  after(() => {
    end();
    machine.release();
  });

  worldTest(
    'nothing of this machine is mounted there: a store is a volume that belongs to it',
    async (world, setup) => {
      const definition = world.definition({ readsClaim: true });
      const [slot] = await world.untilReady(await world.ensure({ definition, claim: 'all' }));
      const container = await machine.engine.containers.inspect(await nameOfOnly(setup));
      const mounts = container.HostConfig.Mounts ?? [];
      assert.deepEqual(
        mounts.map(({ Type, Target }) => `${Type} ${Target}`),
        [`volume ${world.controlFolder}`, 'volume /run/lotse'],
      );
      const volume = await machine.engine.volumes.inspect(mounts[0]?.Source ?? '');
      const { 'lotse.app': app, 'lotse.environment': environment, 'lotse.store': store } = volume.Labels ?? {};
      assert.deepEqual({ app, environment, store }, { ...scope, store: 'control' });
      const { uid } = JSON.parse(await world.get(slot?.address, '/env'));
      assert.ok(uid >= 70_000, `it runs as ${uid}`);
      const script = 'echo mine >"$CONTROL_DIR/x" && cat "$CONTROL_DIR/x" && ls -ldn "$CONTROL_DIR"';
      const said = await runInside(machine.engine, container.Id, ['sh', '-c', script]);
      assert.match(said, new RegExp(`^mine\\ndrwx------\\.? +\\d+ ${uid} ${uid} `));
    },
  );

  worldTest(
    'an image that names its user gets at its stores by their group',
    async (world, setup) => {
      const [slot] = await world.untilReady(await world.ensure({}));
      assert.equal(JSON.parse(await world.get(slot?.address, '/env')).uid, 1000);
      const script = 'echo mine >"$CONTROL_DIR/x" && cat "$CONTROL_DIR/x"';
      assert.equal(await runInside(machine.engine, await nameOfOnly(setup), ['sh', '-c', script]), 'mine');
    },
    asNode,
  );

  worldTest('where it listens is seen from inside: on loopback only, or on another port', async (world) => {
    await world.ensure({ revision: 'staging-1', variables: { BIND: '127.0.0.1' } });
    await until('it is told', async () => /own loopback only/.test((await world.observe())[0]?.note ?? ''));
    const elsewhere = await world.ensure({ revision: 'staging-2', variables: { FIXED_PORT: '4711' } });
    const [slot] = await world.untilReady(elsewhere);
    assert.equal(slot?.address?.port, 4711);
    assert.equal(await world.get(slot?.address, '/'), 'hello');
  });

  worldTest('the room is that of the machine, once something runs there that can be asked', async (world) => {
    assert.equal(await world.target.room(place), null);
    await world.untilReady(await world.ensure({}));
    const room = await world.target.room(place);
    assert.ok(room !== null && room.memoryFreeBytes > 0 && room.diskFreeBytes > 0);
    assert.ok(Math.abs(room.memoryTotalBytes - totalmem()) < 1e6);
    assert.match(room.diskFolder, /^ssh:\/\/other\.example: \//);
  });

  worldTest('an image that is gone there is brought again when it is wanted', async (world, setup) => {
    const order = await world.ensure({});
    await world.untilReady(order);
    await world.target.ensure({ ...order, slots: 0 });
    await until('it is gone', async () => (await world.observe()).length === 0);
    for (const tag of (await machine.engine.images.inspect(setup.artifact)).RepoTags ?? []) {
      await machine.engine.images.remove(tag);
    }
    await assert.rejects(machine.engine.images.inspect(setup.artifact), { failure: 'not-found' });
    const two = { ...order, slots: 2 };
    // It may take longer than an order waits; then the order is given again.
    await until('it is brought', async () => await world.target.ensure(two).then(yes, no), 600);
    await world.untilReady(two);
  });

  worldTest('a machine that is away takes nothing with it: what ran there is what it was', async (world) => {
    const order = await world.ensure({ definition: world.definition({ ready: { kind: 'http', path: '/up' } }) });
    const [before] = await world.untilReady(order);
    await withoutCable(async () => {
      await until('it is told', async () => (await world.observe())[0]?.note?.startsWith(name) === true);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const [away] = await world.observe();
      assert.deepEqual([away?.state, away?.startedAt], ['ready', before?.startedAt]);
      await assert.rejects(world.target.ensure({ ...order, slots: 2 }), { retriable: true });
      assert.equal((await world.observe()).length, 1);
    });
    const two = { ...order, slots: 2 };
    await until('orders are taken again', async () => await world.target.ensure(two).then(yes, no), 200);
    const [back] = await world.untilReady(two);
    assert.deepEqual([back?.startedAt, back?.attempt, back?.unexpectedExits], [before?.startedAt, 1, 0]);
    await until('nothing is told any more', async () => (await world.observe())[0]?.note === null);
  });

  worldTest(
    'a machine that is away when Lotse starts is waited for, and nothing there is given up',
    async (world) => {
      const order = await world.ensure({});
      const well = (): Promise<boolean> =>
        world
          .control('well')
          .then((file) => writeFile(file, ''))
          .then(yes, no);
      await until('its store is there', well);
      const [before] = await world.untilReady(order);
      await world.target.close();
      await withoutCable(async () => {
        world.target = await world.setup.open();
        await until('it is told', async () => /ssh:\/\/other/.test((await world.observe())[0]?.note ?? ''));
        assert.deepEqual(
          (await world.observe()).map(({ slot, attempt }) => [slot, attempt]),
          [[0, 1]],
        );
      });
      const [back] = await world.untilReady(order);
      assert.deepEqual([back?.startedAt, back?.attempt], [before?.startedAt, 1]);
    },
    ownCheck,
  );

  function worldTest(
    title: string,
    body: (world: ContractWorld, setup: Setup) => Promise<void>,
    dockerfile = '',
  ): void {
    test(title, { timeout: 120_000 }, async () => {
      if (found.skip !== false || machine.skip !== false) return;
      const setup = await startServerTargetTest(found, machine, standIn, { dockerfile });
      const world = await ContractWorld.open(setup);
      try {
        await body(world, setup);
      } finally {
        await world.end();
      }
    });
  }

  /** The one container of this target. */
  async function nameOfOnly(setup: Setup): Promise<string> {
    if (machine.skip !== false) return '';
    const [container] = await machine.engine.containers.list({ label: [`lotse.state=${await setup.state()}`] });
    return container?.Names[0]?.slice(1) ?? assert.fail('there is no container');
  }

  /** As if somebody had pulled the plug between the two machines. */
  async function withoutCable(body: () => Promise<void>): Promise<void> {
    if (machine.skip !== false) return;
    const { cable } = machine;
    execFileSync('ip', ['link', 'set', cable, 'down']);
    try {
      await body();
    } finally {
      execFileSync('ip', ['link', 'set', cable, 'up']);
    }
  }
});

function yes(): boolean {
  return true;
}

function no(): boolean {
  return false;
}
