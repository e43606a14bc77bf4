import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EnvironmentViewModel, ReleaseView } from '../../src/capabilities/releases/releases-api.ts';
import { freePorts } from '../../src/proxy/fixtures/running-proxy.ts';
import { sharedLotse } from '../harness/shared-lotse.ts';
import { claimingWorker, type Shop } from '../harness/shop-app.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { visit } from '../harness/visit.ts';
import { underLoad } from '../harness/watched-load.ts';

const watched: Shop = { watch: '10m' };

async function untilWatched(lotse: TemporaryLotse, id: string): Promise<void> {
  await lotse.client.untilRollout(id, 'watched', ({ status }) => status === 'watching');
}

/** Deploys a release with a long watch, and ends the watch. */
async function settle(lotse: TemporaryLotse, release: ReleaseView): Promise<void> {
  const { id } = await lotse.client.start(release.id);
  await untilWatched(lotse, id);
  await lotse.client.command(id, 'advance');
  assert.equal((await lotse.client.ended(id)).status, 'settled');
}

async function untilOnly(lotse: TemporaryLotse, release: ReleaseView, slots: number): Promise<EnvironmentViewModel> {
  return await until(`only ${release.id} runs, on ${slots} slots`, async () => {
    const environment = await lotse.client.environment();
    const all = environment.services.flatMap((service) => service.slots);
    const isWhole = all.length === slots && all.every((slot) => slot.revision === environment.revision);
    return environment.release === release.id && isWhole && environment;
  });
}

describe('a rolling deploy', () => {
  const lotse = sharedLotse();

  test('replaces copy by copy, and no request is lost', async () => {
    const shop: Shop = { strategy: 'rolling', web: { instances: 3 }, verify: true };
    const [old, next] = [await lotse().client.release(shop), await lotse().client.release(shop)];
    await lotse().client.deploy(old.id);
    const { value, load } = await underLoad(await lotse().port(), () => lotse().client.deploy(next.id));
    assert.equal(value.strategy, 'rolling');
    assert.deepEqual(
      value.steps.filter(({ phase }) => phase === 'shift').map(({ id }) => id),
      ['shift-1', 'stop-1', 'shift-2', 'stop-2', 'shift-3', 'stop-3', 'verify-after'],
    );
    assert.deepEqual(load.failures, {});
    assert.deepEqual(Object.keys(load.bodies).toSorted(), [old.id, next.id].toSorted());
    await untilOnly(lotse(), next, 3);
    const starts = lotse().stored('starts.log');
    assert.equal(starts.filter((line) => line.includes(old.id)).length, 3);
    assert.equal(starts.filter((line) => line.includes(next.id)).length, 3);
  });
});

describe('a recreate deploy', () => {
  test('holds requests while it switches', async (t) => {
    const lotse = await temporaryLotse(t);
    await lotse.start();
    const shop: Shop = { strategy: 'recreate' };
    const [old, next] = [await lotse.client.release(shop), await lotse.client.release(shop)];
    await lotse.client.deploy(old.id);
    const { value, load } = await underLoad(await lotse.port(), () => lotse.client.deploy(next.id));
    assert.equal(value.strategy, 'recreate');
    assert.deepEqual(load.failures, {});
    await untilOnly(lotse, next, 1);
  });

  test('is what an app gets that ignores PORT, once that was seen', async (t) => {
    const lotse = await temporaryLotse(t);
    await lotse.start();
    const [fixed = 0] = await freePorts(1);
    const shop: Shop = { config: { FIXED_PORT: fixed } };
    const [old, next] = [await lotse.client.release(shop), await lotse.client.release(shop)];
    const first = await lotse.client.deploy(old.id);
    assert.equal(first.strategy, 'blue-green');
    assert.equal((await visit(await lotse.port())).body, old.id);
    const plan = await lotse.client.plan(next.id);
    assert.equal(plan.strategy, 'recreate');
    assert.match(plan.notes.join(), new RegExp(`web ignores PORT and always listens on ${fixed}`));
    const { load } = await underLoad(await lotse.port(), () => lotse.client.deploy(next.id));
    assert.deepEqual(load.failures, {});
    const environment = await untilOnly(lotse, next, 1);
    assert.equal(environment.services[0]?.slots[0]?.address?.split(':').at(-1), String(fixed));
  });
});

describe('a rollback', () => {
  const lotse = sharedLotse();
  let old: ReleaseView;

  test('of a release that is still watched is a shift back, with quarantine', async () => {
    old = await lotse().client.release(watched);
    const bad = await lotse().client.release(watched);
    const first = await lotse().client.start(old.id);
    await untilWatched(lotse(), first.id);
    const begun = await lotse().client.start(bad.id);
    await untilWatched(lotse(), begun.id);
    assert.equal((await lotse().client.environment()).release, bad.id);
    const { value, load } = await underLoad(await lotse().port(), async () => {
      const turned = await lotse().client.rollBack();
      assert.equal(turned.id, begun.id);
      return await lotse().client.ended(begun.id);
    });
    assert.equal(value.status, 'returned');
    assert.deepEqual(load.failures, {});
    await untilOnly(lotse(), old, 1);
    assert.equal(
      lotse()
        .stored('starts.log')
        .filter((line) => line.includes(old.id)).length,
      1,
      'the old one was warm',
    );
    await untilQuarantined(lotse(), bad);
  });

  test('of a settled release starts the one before again, with quarantine', async () => {
    const bad = await lotse().client.release(watched);
    await settle(lotse(), bad);
    await untilOnly(lotse(), bad, 1);
    const { value, load } = await underLoad(await lotse().port(), async () => {
      const back = await lotse().client.rollBack();
      assert.equal(back.kind, 'rollback');
      assert.equal(back.release, old.id);
      return await lotse().client.ended(back.id);
    });
    assert.equal(value.status, 'settled');
    assert.deepEqual(load.failures, {});
    await untilOnly(lotse(), old, 1);
    await untilQuarantined(lotse(), bad);
    assert.equal((await lotse().client.refusedStart(bad.id)).code, 'quarantined');
    const nothing = await lotse().client.refusal('POST /apps/shop/environments/production/rollouts', {
      rollback: true,
    });
    assert.equal(nothing.code, 'conflict');
    assert.match(nothing.detail, /nothing to go back to/);
  });

  async function untilQuarantined(at: TemporaryLotse, release: ReleaseView): Promise<void> {
    await until(`${release.id} is in quarantine`, async () => {
      const found = (await at.client.releases()).find((each) => each.id === release.id);
      return (found?.quarantine.length ?? 0) > 0;
    });
  }
});

describe('a person steers a rollout', () => {
  const lotse = sharedLotse();

  test('pause, resume, advance and abort do what they say, and nothing twice', async () => {
    const shop: Shop = { watch: '10m', verify: true, services: { worker: claimingWorker } };
    const [old, next] = [await lotse().client.release(shop), await lotse().client.release(shop)];
    await settle(lotse(), old);

    const { id } = await lotse().client.start(next.id);
    await lotse().client.command(id, 'pause');
    const paused = await lotse().client.command(id, 'pause');
    assert.equal(paused.status, 'paused');
    const refusal = await lotse().client.refusedStart(old.id);
    assert.equal(refusal.code, 'conflict');
    assert.match(refusal.detail, new RegExp(`${id} has not ended`));
    const joined = await lotse().client.start(next.id);
    assert.equal(joined.id, id);
    assert.equal((await lotse().client.environment()).release, old.id);
    await lotse().client.command(id, 'resume');
    await untilWatched(lotse(), id);
    assert.equal((await visit(await lotse().port())).body, next.id);

    await lotse().client.command(id, 'abort');
    assert.equal((await lotse().client.ended(id)).status, 'returned');
    await untilOnly(lotse(), old, 2);
    const late = await lotse().client.refusal(`POST /apps/shop/rollouts/${id}/pause`, {});
    assert.equal(late.code, 'conflict');
    assert.match(late.detail, /has ended/);
    const unknown = await lotse().client.refusal(`POST /apps/shop/rollouts/${id}/hurry`, {});
    assert.equal(unknown.code, 'not-found');
    const starts = lotse()
      .stored('starts.log')
      .filter((line) => line.includes(next.id));
    assert.equal(starts.length, 2, 'web and worker, once each');
  });

  test('down stops everything and keeps the data; a deploy brings it back', async () => {
    const release = await lotse().client.release(watched);
    await settle(lotse(), release);
    const port = await lotse().port();
    const kept = lotse().stored('starts.log').length;
    await lotse().client.ask('POST /apps/shop/environments/production/down', { reason: 'we move house' });
    await until('nothing runs', async () => {
      const { services, mode } = await lotse().client.environment();
      return mode === 'maintenance' && services.flatMap(({ slots }) => slots).length === 0;
    });
    const page = await until('users get the maintenance page', async () => {
      const seen = await visit(port);
      return seen.status === 503 && seen;
    });
    assert.match(page.body, /taken down by its operators/);
    assert.equal(lotse().stored('starts.log').length, kept);
    await settle(lotse(), release);
    assert.equal((await visit(port)).body, release.id);
    assert.equal(lotse().stored('starts.log').length, kept + 1);
  });
});
