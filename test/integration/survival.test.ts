import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EnvironmentViewModel, ReleaseView } from '../../src/capabilities/releases/releases-api.ts';
import { sharedLotse } from '../harness/shared-lotse.ts';
import { claimingWorker, type Shop } from '../harness/shop-app.ts';
import { isLiving, processesOf } from '../harness/state-processes.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { visit } from '../harness/visit.ts';
import { underLoad } from '../harness/watched-load.ts';

const shop: Shop = { web: { instances: 2 }, services: { worker: claimingWorker } };
const slotsOf = ({ services }: EnvironmentViewModel) => services.flatMap(({ slots }) => slots);
const pidsOf = (environment: EnvironmentViewModel) => slotsOf(environment).map(({ pid }) => pid);

async function untilReady(lotse: TemporaryLotse): Promise<EnvironmentViewModel> {
  return await until('all three slots are ready', async () => {
    const environment = await lotse.client.environment();
    const slots = slotsOf(environment);
    return slots.length === 3 && slots.every(({ state }) => state === 'ready') && environment;
  });
}

describe('app and proxy outlive the control plane', () => {
  let release: ReleaseView;
  const lotse = sharedLotse(async (fresh) => {
    release = await fresh.client.release(shop);
    await fresh.client.deploy(release.id);
  });

  test('a control plane that is told to end leaves both, and the next one adopts them', async () => {
    const before = await untilReady(lotse());
    const proxy = lotse().proxyPid;
    const { load } = await underLoad(await lotse().port(), async () => {
      const { exitCode } = await lotse().plane.end('SIGTERM');
      assert.equal(exitCode, 0);
      await lotse().start();
      await untilReady(lotse());
    });
    const after = await lotse().client.environment();
    assert.deepEqual(pidsOf(after), pidsOf(before));
    assert.deepEqual(
      slotsOf(after).map(({ attempt }) => attempt),
      [1, 1, 1],
    );
    assert.equal(lotse().proxyPid, proxy);
    assert.equal(after.release, release.id);
    assert.deepEqual(load.failures, {});
    assert.equal(lotse().stored('starts.log').length, 3);
  });

  test('one that is killed does so too, and an instance that ended meanwhile is started again', async () => {
    const before = await untilReady(lotse());
    const [victim] = before.services.find(({ service }) => service === 'web')?.slots ?? [];
    await lotse().plane.end('SIGKILL');
    const port = Number(new URL(before.addresses.at(-1) ?? '').port);
    const { load } = await underLoad(port, async () => {
      await until('requests came through without a control plane', async () => (await visit(port)).body === release.id);
    });
    assert.deepEqual(load.failures, {});
    process.kill(victim?.pid ?? 0, 'SIGKILL');
    await until('the other copy serves', async () => (await visit(port)).body === release.id);
    await lotse().start();
    const after = await untilReady(lotse());
    const healed = slotsOf(after).find(({ service, slot }) => service === 'web' && slot === victim?.slot);
    assert.equal(healed?.attempt, 2);
    assert.equal(healed.unexpectedExits, 1);
    const others = (environment: EnvironmentViewModel) =>
      slotsOf(environment).flatMap(({ service, slot, pid }) =>
        service === 'web' && slot === victim?.slot ? [] : [pid],
      );
    assert.deepEqual(others(after), others(before));
  });

  test('an instance that is killed is started again, with its reason', async () => {
    const before = await untilReady(lotse());
    const victim = before.services.find(({ service }) => service === 'web')?.slots[1];
    process.kill(victim?.pid ?? 0, 'SIGKILL');
    const healed = await until('it runs again', async () => {
      const slots = slotsOf(await lotse().client.environment());
      const slot = slots.find(({ service, slot: number }) => service === 'web' && number === 1);
      return slot?.state === 'ready' && slot.attempt === (victim?.attempt ?? 0) + 1 && slot;
    });
    assert.notEqual(healed.pid, victim?.pid);
  });

  test('a proxy that is killed is started again by the control plane, with the same routes', async () => {
    const port = await lotse().port();
    const proxy = lotse().proxyPid;
    process.kill(proxy, 'SIGKILL');
    await until('another proxy serves', async () => {
      return lotse().proxyPid !== proxy && (await visit(port)).body === release.id;
    });
    const next = await lotse().client.release(shop);
    const { value } = await underLoad(port, () => lotse().client.deploy(next.id));
    assert.equal(value.status, 'settled');
    assert.equal((await visit(port)).body, next.id);
  });

  test('when control plane and proxy are both killed, its workers serve on until both are started again', async () => {
    const port = await lotse().port();
    const { release: serving } = await lotse().client.environment();
    const proxy = lotse().proxyPid;
    await lotse().plane.end('SIGKILL');
    process.kill(proxy, 'SIGKILL');
    for (let turn = 0; turn < 20; turn++) assert.equal((await visit(port)).body, serving);
    await lotse().start();
    assert.notEqual(lotse().proxyPid, proxy);
    await until('the app is served as before', async () => (await visit(port)).body === serving);
  });
});

describe('Ctrl-C on a control plane that stops all', () => {
  test('leaves nothing running, and the next start serves the same release again', async (t) => {
    const lotse = await temporaryLotse(t);
    await lotse.start({ flags: ['--stop-all-on-exit'] });
    const release = await lotse.client.release(shop);
    await lotse.client.deploy(release.id);
    const port = await lotse.port();
    const pids = pidsOf(await untilReady(lotse));
    const { exitCode } = await lotse.plane.end('SIGINT');
    assert.equal(exitCode, 0);
    await until('nothing of it runs', () => processesOf(lotse.folder).length === 0);
    assert.deepEqual(
      pids.filter((pid) => isLiving(pid ?? 0)),
      [],
    );
    await assert.rejects(visit(port), /ECONNREFUSED/);

    await lotse.start({ flags: ['--stop-all-on-exit'] });
    const environment = await untilReady(lotse);
    assert.equal(environment.release, release.id);
    await until('users get it again', async () => (await visit(port)).body === release.id);
    assert.equal(environment.rollout?.status, 'settled');
  });

  test('in the middle of a rollout pauses it there: the next start finishes it', async (t) => {
    const lotse = await temporaryLotse(t);
    const flags = ['--stop-all-on-exit'];
    await lotse.start({ flags });
    const [old, next] = [await lotse.client.release(shop), await lotse.client.release({ ...shop, watch: '5s' })];
    await lotse.client.deploy(old.id);
    const { id } = await lotse.client.start(next.id);
    await lotse.client.untilRollout(id, 'watched', ({ status }) => status === 'watching');
    await lotse.plane.end('SIGINT');
    await until('nothing of it runs', () => processesOf(lotse.folder).length === 0);
    await lotse.start({ flags });
    const rollout = await lotse.client.ended(id);
    assert.equal(rollout.status, 'settled', JSON.stringify(rollout.cause));
    await untilReady(lotse);
    assert.equal((await visit(await lotse.port())).body, next.id);
  });
});
