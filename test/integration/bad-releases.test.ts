import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { ReleaseView, RolloutView } from '../../src/capabilities/releases/releases-api.ts';
import { sharedLotse } from '../harness/shared-lotse.ts';
import { claimingWorker, type Shop } from '../harness/shop-app.ts';
import { until } from '../harness/until.ts';
import { visit } from '../harness/visit.ts';
import { underLoad } from '../harness/watched-load.ts';

const good: Shop = { verify: true, services: { worker: claimingWorker } };
const bad = (config: Record<string, string>, more: Shop = {}): Shop => ({ ...good, config, ...more });

describe('a bad release', () => {
  let old: ReleaseView;
  let port: number;

  const lotse = sharedLotse(async (lotse) => {
    old = await lotse.client.release(good);
    await lotse.client.deploy(old.id);
    port = await lotse.port();
  });

  /** Deploys under load and follows to the end; `during` may do what makes it fail. */
  async function deployUnderLoad(release: ReleaseView, during: (begun: RolloutView) => Promise<void> = async () => {}) {
    const { value, load } = await underLoad(port, async () => {
      const begun = await lotse().client.start(release.id);
      await during(begun);
      return await lotse().client.ended(begun.id);
    });
    return { rollout: value, load };
  }

  async function assertOldServes(): Promise<void> {
    const environment = await until('only the old release runs', async () => {
      const seen = await lotse().client.environment();
      const slots = seen.services.flatMap((service) => service.slots);
      return slots.length === 2 && slots.every((slot) => slot.state === 'ready') && seen;
    });
    assert.deepEqual(
      environment.shares.map(({ release, permille }) => ({ release, permille })),
      [{ release: old.id, permille: 1000 }],
    );
    assert.equal(environment.release, old.id);
    const revisions = environment.services.flatMap((service) => service.slots.map((slot) => slot.revision));
    assert.deepEqual(new Set(revisions), new Set([environment.revision]));
    assert.equal((await visit(port)).body, old.id);
  }

  async function quarantineOf(release: ReleaseView): Promise<string> {
    return await until(`${release.id} is in quarantine`, async () => {
      const found = (await lotse().client.releases()).find((each) => each.id === release.id);
      return found?.quarantine[0]?.reason ?? null;
    });
  }

  test('that does not start returns before any user saw it, with its last words', async () => {
    const release = await lotse().client.release(bad({ BEHAVIOUR: 'ends' }));
    const { rollout, load } = await deployUnderLoad(release);
    assert.equal(rollout.status, 'returned');
    assert.equal(rollout.liveAt, null);
    assert.match(rollout.cause?.message ?? '', /web does not come up: .*3 times/);
    assert.ok(rollout.cause?.logTail.includes('the settings are wrong: COLOUR is missing'), String(rollout.cause));
    assert.deepEqual(load.failures, {});
    assert.deepEqual(Object.keys(load.bodies), [old.id]);
    await assertOldServes();
    assert.equal(await quarantineOf(release), rollout.cause?.message);
  });

  test('that starts but is not healthy returns when its time is over', async () => {
    const production = { strategy: { name: 'blue-green', watch: '1s', within: '6s' } };
    const release = await lotse().client.release(bad({ BEHAVIOUR: 'unhealthy' }, { production }));
    const { rollout, load } = await deployUnderLoad(release);
    assert.equal(rollout.status, 'returned');
    assert.match(rollout.cause?.message ?? '', /web: 0 of 1 ready.*503/);
    assert.equal(rollout.cause?.inRelease, true);
    assert.deepEqual(load.failures, {});
    assert.deepEqual(Object.keys(load.bodies), [old.id]);
    await assertOldServes();
    await quarantineOf(release);
  });

  test('whose verification fails before the shift is never seen by users', async () => {
    const release = await lotse().client.release(bad({ VERIFY: 'fails' }));
    const { rollout, load } = await deployUnderLoad(release);
    assert.equal(rollout.status, 'returned');
    assert.equal(rollout.cause?.step, 'verify-before');
    assert.match(rollout.cause?.message ?? '', /the verification failed \(exit code 3\)/);
    assert.ok(rollout.cause?.logTail.includes('the cart is empty'));
    assert.deepEqual(load.failures, {});
    assert.deepEqual(Object.keys(load.bodies), [old.id]);
    assert.deepEqual(lotse().stored('verifications.log').slice(-1), [`${release.id} pinned`]);
    await assertOldServes();
    await quarantineOf(release);
  });

  test('whose verification fails on the public route is taken back, workers included', async () => {
    const release = await lotse().client.release(bad({ VERIFY: 'fails public' }));
    const { rollout, load } = await deployUnderLoad(release);
    assert.equal(rollout.status, 'returned');
    assert.equal(rollout.cause?.step, 'verify-after');
    assert.notEqual(rollout.liveAt, null);
    assert.deepEqual(load.failures, {});
    await assertOldServes();
    await until('the old worker works again', () => lotse().stored('done.log').at(-1)?.endsWith(old.id) ?? false);
    const items = lotse()
      .stored('done.log')
      .map((line) => line.split(' ')[0]);
    assert.equal(new Set(items).size, items.length, 'an item of work was done twice');
    await quarantineOf(release);
  });

  test('that is not ready for a while has no users meanwhile: the old one, which is warm, serves them', async () => {
    const release = await lotse().client.release({ ...good, watch: '60s' });
    const { rollout, load } = await deployUnderLoad(release, async ({ id }) => {
      await lotse().client.untilRollout(id, 'watched', ({ status }) => status === 'watching');
      const serves = (by: ReleaseView) => until(`${by.id} serves`, async () => (await visit(port)).body === by.id);
      for (let time = 0; time < 2; time++) {
        writeFileSync(lotse().storePath(`unready-${release.id}`), '');
        await serves(old);
        rmSync(lotse().storePath(`unready-${release.id}`));
        await serves(release);
      }
      await lotse().client.command(id, 'abort');
    });
    assert.equal(rollout.status, 'returned');
    assert.deepEqual(load.failures, {});
    await assertOldServes();
  });

  test('that crashes twice while it is watched goes back by itself, and goes out again by an override only', async () => {
    const release = await lotse().client.release(bad({ BEHAVIOUR: 'crashes' }, { watch: '60s' }));
    const { rollout } = await deployUnderLoad(release, async ({ id }) => {
      await lotse().client.untilRollout(id, 'watched', ({ status }) => status === 'watching');
      assert.equal((await visit(port)).body, release.id);
      writeFileSync(lotse().storePath('crash-now'), '');
    });
    assert.equal(rollout.status, 'returned');
    assert.match(rollout.cause?.message ?? '', /web of the new release ended \d times by itself|web does not come up/);
    assert.ok(rollout.cause?.logTail.includes('out of ideas, giving up'), JSON.stringify(rollout.cause));
    await assertOldServes();
    assert.equal(await quarantineOf(release), rollout.cause?.message);

    rmSync(lotse().storePath('crash-now'));
    const refusal = await lotse().client.refusedStart(release.id);
    assert.equal(refusal.code, 'quarantined');
    assert.match(refusal.detail, /in quarantine: web/);
    assert.match(refusal.hint ?? '', /lotse override production not-quarantined --release/);
    const override = { gate: 'not-quarantined', release: release.id, reason: 'the disk was full, not its fault' };
    await lotse().client.ask('POST /apps/shop/environments/production/overrides', override);
    const { id } = await lotse().client.start(release.id);
    await lotse().client.untilRollout(id, 'watched', ({ status }) => status === 'watching');
    await lotse().client.command(id, 'advance');
    assert.equal((await lotse().client.ended(id)).status, 'settled');
    const { overrides } = await lotse().client.environment();
    assert.deepEqual(
      overrides.map(({ gate, reason }) => ({ gate, reason })),
      [{ gate: 'not-quarantined', reason: 'the disk was full, not its fault' }],
    );
  });

  test('that is the first one ends on the maintenance page', async () => {
    const release = await lotse().client.release(bad({ VERIFY: 'fails' }, { environments: { staging: {} } }));
    const { id } = await lotse().client.start(release.id, 'staging');
    assert.equal((await lotse().client.ended(id)).status, 'returned');
    const page = await visit(await lotse().port('staging'));
    assert.equal(page.status, 503);
    assert.match(String(page.headers['retry-after']), /^\d+$/);
    const { mode, release: serving } = await lotse().client.environment('staging');
    assert.deepEqual({ mode, serving }, { mode: 'maintenance', serving: null });
  });
});
