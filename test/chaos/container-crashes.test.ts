import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setLiveRestore, startOwnEngine } from '../harness/own-docker-engine.ts';
import { sharedLotse } from '../harness/shared-lotse.ts';
import { until } from '../harness/until.ts';
import { underLoad } from '../harness/watched-load.ts';
import {
  containerFiles,
  ContainerRollout,
  containerShop,
  copies,
  slotsOf,
  startsOf,
  untilServesAlone,
  verificationsOf,
} from './container-shop.ts';
import { KilledRollout } from './killed-rollout.ts';

const own = await startOwnEngine('crashes');
if (own.skip !== false) console.log(`skipped: ${own.skip}`);

/** Requests that may be on their way to a copy when it is killed: each is answered within some milliseconds. */
const mostUnderWay = 3;
/** New connections are refused for a tenth of a second while the next proxy takes over; on a busy machine for longer. */
const mostRefused = 25;
/** The engine is away for so long. */
const awayMs = 2000;

describe('a rollout of containers', { skip: own.skip, timeout: 900_000 }, () => {
  if (own.skip !== false) return;
  const { containers } = own.engine;
  const lotse = sharedLotse(
    async (fresh) => {
      await setLiveRestore(own, true);
      const { id } = await fresh.client.release(containerShop, { files: containerFiles });
      const rollout = new ContainerRollout(fresh, '', id);
      await rollout.untilVerifying();
      rollout.letBeVerified();
      assert.equal((await rollout.end()).status, 'settled');
    },
    ['--docker', `unix://${own.address.path}`],
  );
  after(own.end);

  /** One rollout under load, and what happens to it. Nobody is ever answered by anything but these two releases. */
  async function voyage(t: TestContext, sail: (rollout: ContainerRollout) => Promise<void>) {
    const rollout = await ContainerRollout.prepare(lotse());
    const { value, load } = await underLoad(await lotse().port(), async () => {
      await sail(rollout);
      const end = await rollout.end();
      await untilServesAlone(lotse(), end.status === 'settled' ? rollout.to : rollout.from);
      return end;
    });
    t.diagnostic(
      `${value.status}; ${load.sent - load.ok} of ${load.sent} requests lost ${JSON.stringify(load.failures)}`,
    );
    for (const release of Object.keys(load.bodies)) assert.ok([rollout.from, rollout.to].includes(release), release);
    const { from, to } = rollout;
    return { from, to, end: value, lost: load.sent - load.ok, failures: load.failures };
  }

  /** The process numbers of the copies of `web`, as this machine counts: of the release that serves, and of the other one. */
  async function webs(): Promise<readonly [readonly number[], readonly number[]]> {
    const environment = await lotse().client.environment();
    const web = slotsOf(environment).filter(({ service }) => service === 'web');
    const [serving, other] = [true, false].map((wanted) =>
      web.flatMap(({ revision, pid }) => ((revision === environment.revision) === wanted && pid !== null ? [pid] : [])),
    );
    return [serving ?? [], other ?? []];
  }

  /** Every copy is what this attempt has started, and no exit is held against it. */
  async function assertAttempts(attempt: number): Promise<void> {
    const seen = slotsOf(await lotse().client.environment());
    assert.deepEqual(
      seen.map((slot) => [slot.attempt, slot.unexpectedExits]),
      copies.map(() => [attempt, 0]),
    );
    const running = await containers.list({ status: ['running'] });
    assert.equal(running.length, copies.length);
  }

  test('whose control plane is killed again and again ends as if it had not been', async (t) => {
    const { to, end, failures } = await voyage(t, async (rollout) => {
      rollout.letBeVerified();
      const { record, to: release } = rollout;
      const killed = await new KilledRollout({ lotse: lotse(), record, release, stride: 20 }).run();
      t.diagnostic(`${killed.crashes} crashes: ${[...killed.hit].join(', ')}`);
      assert.ok(killed.crashes >= 3);
    });
    assert.equal(end.status, 'settled');
    assert.deepEqual(failures, {});
    assert.deepEqual(startsOf(lotse(), to), copies);
    assert.deepEqual(verificationsOf(lotse(), to), ['pinned', 'public']);
    await assertAttempts(1);
  });

  test('goes on when a container of each release is killed, and users go to the other copies', async (t) => {
    const { to, end, lost } = await voyage(t, async (rollout) => {
      await rollout.untilVerifying();
      const [old, fresh] = await webs();
      assert.deepEqual([old.length, fresh.length], [2, 2]);
      for (const pid of [old[0], fresh[0]]) process.kill(pid ?? assert.fail(), 'SIGKILL');
      await until('both were started again', async () => {
        const slots = slotsOf(await lotse().client.environment());
        const again = slots.filter(({ attempt, unexpectedExits }) => attempt === 2 && unexpectedExits === 1);
        return again.length === 2 && slots.every(({ state }) => state === 'ready');
      });
      rollout.letBeVerified();
    });
    assert.equal(end.status, 'settled');
    assert.ok(lost <= mostUnderWay);
    assert.deepEqual(startsOf(lotse(), to), ['web', ...copies]);
    assert.deepEqual(verificationsOf(lotse(), to), ['pinned', 'public']);
  });

  test('goes on when the proxy is killed', async (t) => {
    const { to, end, lost } = await voyage(t, async (rollout) => {
      await rollout.untilVerifying();
      const proxy = lotse().proxyPid;
      process.kill(proxy, 'SIGKILL');
      await until('another one serves', () => lotse().proxyPid !== proxy);
      rollout.letBeVerified();
    });
    assert.equal(end.status, 'settled');
    assert.ok(lost <= mostUnderWay + mostRefused);
    assert.deepEqual(verificationsOf(lotse(), to), ['pinned', 'public']);
    await assertAttempts(1);
  });

  test('waits for a dockerd that is killed; with live-restore nobody notices', async (t) => {
    const { to, end, failures } = await voyage(t, async (rollout) => {
      await rollout.untilVerifying();
      await own.order('kill');
      rollout.letBeVerified();
      await sleep(awayMs);
      assert.equal((await lotse().client.environment()).release, rollout.from);
      await own.order('start');
    });
    assert.equal(end.status, 'settled');
    assert.deepEqual(failures, {});
    assert.deepEqual(startsOf(lotse(), to), copies);
    assert.deepEqual(verificationsOf(lotse(), to), ['pinned', 'public']);
    await assertAttempts(1);
  });

  describe('without live-restore', () => {
    before(() => setLiveRestore(own, false));

    test('starts all again after a dockerd that was killed while the new release began, and goes out', async (t) => {
      const { to, end } = await voyage(t, async (rollout) => {
        rollout.letBeVerified();
        await rollout.untilStarting();
        await own.order('kill');
        await sleep(awayMs);
        await own.order('start');
        rollout.letBeReady();
      });
      assert.equal(end.status, 'settled');
      assert.deepEqual(startsOf(lotse(), to), [...copies, ...copies].toSorted());
      assert.deepEqual(verificationsOf(lotse(), to), ['pinned', 'public']);
      await assertAttempts(2);
    });

    test('returns when its verification ended with dockerd, blames nobody, and can go out again', async (t) => {
      const { from, to, end } = await voyage(t, async (rollout) => {
        await rollout.untilVerifying();
        await own.order('kill');
        await sleep(awayMs);
        await own.order('start');
      });
      assert.equal(end.status, 'returned');
      assert.deepEqual(
        [end.cause?.kind, end.cause?.inRelease],
        ['verification-failed', false],
        JSON.stringify(end.cause),
      );
      const tried = (await lotse().client.releases()).find(({ id }) => id === to);
      assert.deepEqual(tried?.quarantine, []);
      assert.deepEqual(verificationsOf(lotse(), to), []);
      const again = new ContainerRollout(lotse(), from, to);
      again.letBeVerified();
      await again.untilVerifying();
      assert.equal((await again.end()).status, 'settled');
      await untilServesAlone(lotse(), to);
    });
  });
});
