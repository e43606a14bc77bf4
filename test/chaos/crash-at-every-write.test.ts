import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { ReleaseView, RolloutView } from '../../src/capabilities/releases/releases-api.ts';
import { claimingWorker, shopManifest, shopTar, type Shop } from '../harness/shop-app.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { underLoad } from '../harness/watched-load.ts';
import { CrashSeries } from './crash-series.ts';

const shop: Shop = { verify: true, services: { worker: claimingWorker }, watch: '1s' };
const journalCheck = 'GET /journal/check';

interface Series {
  readonly shop: Shop;
  /** Rollouts that there may be at most. */
  readonly most: number;
  readonly step: number;
  readonly stride: number;
  readonly check: (
    lotse: TemporaryLotse,
    base: ReleaseView,
  ) => (release: string, rollout: RolloutView) => Promise<void>;
}

/** Deploys a base, then runs the series under load. */
async function runSeries(t: TestContext, series: Series): Promise<void> {
  const lotse = await temporaryLotse(t);
  await lotse.start();
  const base = await lotse.client.release({ ...shop, ...series.shop, config: {} });
  await lotse.client.deploy(base.id);
  const tar = await shopTar(shopManifest({ ...shop, ...series.shop }));
  const releases: string[] = [];
  for (let made = 0; made < series.most; made++) releases.push((await lotse.client.releaseOf(tar)).id);
  const { step, stride } = series;
  const check = series.check(lotse, base);
  const { value, load } = await underLoad(await lotse.port(), () =>
    new CrashSeries({ lotse, releases, step, stride, check }).run(),
  );
  const every = step === 1 ? 'each of them' : `one in ${step} of them`;
  t.diagnostic(
    `${value.points} points, ${every} wanted: ${value.hit} of ${value.wanted} hit by ${value.crashes} crashes in ${value.rollouts} rollouts; ${load.ok} of ${load.sent} requests answered`,
  );
  assert.deepEqual(load.failures, {});
  assert.deepEqual(value.missed, []);
  await lotse.plane.end('SIGKILL');
  await lotse.start();
  assert.deepEqual(await lotse.client.ask(journalCheck).then((told) => isOk(told)), true);
  assertNoWorkTwice(lotse);
}

const isOk = (told: unknown): boolean => typeof told === 'object' && told !== null && 'ok' in told && told.ok === true;

function assertNoWorkTwice(lotse: TemporaryLotse): void {
  const items = lotse.stored('done.log').map((line) => line.split(' ')[0]);
  assert.equal(new Set(items).size, items.length, 'an item of work was done twice');
}

/** Exactly this runs, each in its first attempt, and it has started and been verified so often. */
async function assertStands(lotse: TemporaryLotse, serving: string, webCopies: number): Promise<void> {
  const environment = await until(`only ${serving} runs`, async () => {
    const seen = await lotse.client.environment();
    const slots = seen.services.flatMap((service) => service.slots);
    const isAll = slots.length === webCopies + 1 && slots.every((slot) => slot.state === 'ready');
    return isAll && seen.release === serving && seen;
  });
  const slots = environment.services.flatMap((service) => service.slots);
  assert.deepEqual(new Set(slots.map(({ revision }) => revision)), new Set([environment.revision]));
  assert.deepEqual(
    new Set(slots.map(({ attempt, unexpectedExits }) => `${attempt} ${unexpectedExits}`)),
    new Set(['1 0']),
  );
  assert.deepEqual(
    environment.shares.map(({ release, permille }) => [release, permille]),
    [[serving, 1000]],
  );
}

function assertStarted(lotse: TemporaryLotse, release: string, wanted: readonly string[], verified: readonly string[]) {
  const starts = lotse.stored('starts.log').filter((line) => line.split(' ')[1] === release);
  assert.deepEqual(starts.map((line) => line.split(' ')[0] ?? '').toSorted(), wanted, `starts of ${release}`);
  const verifications = lotse.stored('verifications.log').filter((line) => line.split(' ')[0] === release);
  assert.deepEqual(
    verifications.map((line) => line.split(' ')[1]),
    verified,
  );
}

test('a blue-green deploy that is killed at every point ends as if it had not been', async (t) => {
  await runSeries(t, {
    ...{ shop: {}, most: 40, step: 1, stride: 9 },
    check: (lotse) => async (release, rollout) => {
      assert.equal(rollout.status, 'settled', JSON.stringify(rollout.cause));
      await assertStands(lotse, release, 1);
      assertStarted(lotse, release, ['web', 'worker'], ['pinned', 'public']);
    },
  });
});

test('a rolling deploy that is killed at one point in four ends as if it had not been', async (t) => {
  await runSeries(t, {
    ...{ shop: { strategy: 'rolling', web: { instances: 2 } }, most: 20, step: 4, stride: 12 },
    check: (lotse) => async (release, rollout) => {
      assert.equal(rollout.status, 'settled', JSON.stringify(rollout.cause));
      await assertStands(lotse, release, 2);
      assertStarted(lotse, release, ['web', 'web', 'worker'], ['pinned', 'public']);
    },
  });
});

test('a deploy whose verification fails and that is killed at one point in four ends with the old release', async (t) => {
  await runSeries(t, {
    ...{ shop: { config: { VERIFY: 'fails public' } }, most: 20, step: 4, stride: 12 },
    check: (lotse, base) => async (release, rollout) => {
      assert.equal(rollout.status, 'returned');
      assert.equal(rollout.cause?.step, 'verify-after', JSON.stringify(rollout.cause));
      await assertStands(lotse, base.id, 1);
      assertStarted(lotse, release, ['web', 'worker'], ['pinned', 'public']);
      assertStarted(lotse, base.id, ['web', 'worker'], ['pinned', 'public']);
      await until(`${release} is in quarantine`, async () => {
        const found = (await lotse.client.releases()).find((each) => each.id === release);
        return (found?.quarantine.length ?? 0) === 1;
      });
    },
  });
});
