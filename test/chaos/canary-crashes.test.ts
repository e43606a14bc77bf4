import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { sharedLotse } from '../harness/shared-lotse.ts';
import { until } from '../harness/until.ts';
import * as checks from './canary-checks.ts';
import { canaryShop, pathOf, perSecond, voyage, type Voyage } from './canary-shop.ts';
import { afterTheEnd, KilledRollout, type Killed } from './killed-rollout.ts';
import type { Stand } from './rollout-record.ts';

const looks = ['before keeping evidence', 'evidence kept', 'before acknowledging counters', 'counters acknowledged'];
const looksAt = (step: string) => looks.map((look) => `${step} judge: ${look}`);
/** After the start, the verification and the first share. */
const shareIsPerformed = '3 after writing step-performed';
/** How long a control plane may take from its start to its first look, in seconds, however busy the machine is. */
const startS = 6;
/** From one look to the next, with all that may come between, in seconds. */
const lookS = 3;
/** New connections are refused for a tenth of a second while the next proxy takes over; on a busy machine for longer. */
const refusedS = 0.5;

/** As if nobody had disturbed it: the end, and all that users have seen. */
async function assertWentOut(sailed: Voyage, epochs: number): Promise<void> {
  const { lotse, record, to } = sailed;
  const rollout = await lotse.client.ended(record.id);
  assert.equal(rollout.status, 'settled', JSON.stringify(rollout.cause));
  checks.assertNobodyGoesBack(sailed);
  await checks.assertEpochsArePure(sailed, epochs);
  await checks.assertServesAlone(sailed, to);
  checks.assertStartedOnce(sailed, ['pinned', 'pinned']);
  assert.equal(record.hasEvidence, false);
  assert.ok((rollout.judged?.points.length ?? 0) > 1, 'what the judge thought is known after all');
  await checks.assertJournal(sailed);
}

function assertAllHit({ passed, hit }: Killed, named: readonly string[]): void {
  const wanted = [...[...passed].filter((name) => !name.includes(' before ')), ...named];
  assert.deepEqual(
    wanted.filter((name) => !hit.has(name)),
    [],
  );
}

function tell(t: TestContext, { visitors }: Voyage, { crashes, hit }: Killed): void {
  const failed = visitors.requests.filter(({ status }) => status !== 200).length;
  t.diagnostic(`${crashes} crashes at ${hit.size} points; ${visitors.requests.length} requests, ${failed} failed`);
}

const isAt =
  (wanted: string) =>
  ({ step, last }: Stand): boolean =>
    step === wanted && last === 'step-performed';

describe('a canary of three services', () => {
  const lotse = sharedLotse(async (fresh) => {
    const base = await fresh.client.release(canaryShop);
    await fresh.client.deploy(base.id);
  });

  test('that is killed at each of its points ends as if it had not been', async (t) => {
    const { value, voyage: sailed } = await voyage(lotse(), canaryShop, async (begun) => {
      const [done] = await Promise.all([
        new KilledRollout({ ...begun, release: begun.to, stride: 1 }).run(),
        checks.assertCountsAgree(begun),
      ]);
      return done;
    });
    tell(t, sailed, value);
    checks.assertNothingLost(sailed);
    await assertWentOut(sailed, 4);
    const looked = ['share-1', 'share-2', 'shift'].flatMap(looksAt);
    assertAllHit(value, [...looked, 'watch judge: evidence kept', ...afterTheEnd]);
  });

  test('that is bad returns, also when it is killed at each look, at the turn and on the way back', async (t) => {
    const bad = { ...canaryShop, config: { BEHAVIOUR: 'fails' } };
    const { value, voyage: sailed } = await voyage(lotse(), bad, (begun) =>
      new KilledRollout({ ...begun, release: begun.to, stride: 1, begin: shareIsPerformed }).run(),
    );
    tell(t, sailed, value);
    const rollout = await lotse().client.ended(sailed.record.id);
    assert.equal(rollout.status, 'returned');
    assert.equal(rollout.cause?.kind, 'judged-harmful', JSON.stringify(rollout.cause));
    assert.equal(rollout.judged?.verdict, 'harmful');
    checks.assertNothingLost(sailed, sailed.to);
    checks.assertAllAreBack(sailed);
    await checks.assertEpochsArePure(sailed, 1);
    await checks.assertServesAlone(sailed, sailed.from);
    checks.assertStartedOnce(sailed, ['pinned']);
    await checks.assertQuarantined(sailed);
    await checks.assertJournal(sailed);
    assertAllHit(value, [...looksAt('share-1'), ...afterTheEnd]);
    assertTurnedAtOnce(sailed, value);
  });

  test('that is killed at points far apart, and its proxy once, ends so, too', async (t) => {
    let atRisk = 0;
    const { value, voyage: sailed } = await voyage(lotse(), canaryShop, async (begun) => {
      const { record, visitors } = begun;
      const killProxy = async () => {
        await until('half of the visitors are on the new release', () => isAt('share-2')(record.stand));
        await visitors.round();
        const proxy = lotse().proxyPid;
        process.kill(proxy, 'SIGKILL');
        atRisk = visitors.open;
        await until('another proxy serves', () => lotse().proxyPid !== proxy);
        await checks.assertCountsAgree(begun, (perSecond * lookS) / Object.keys(pathOf).length);
      };
      const [done] = await Promise.all([
        new KilledRollout({ ...begun, release: begun.to, stride: 25 }).run(),
        killProxy(),
      ]);
      return done;
    });
    tell(t, sailed, value);
    assert.ok(value.crashes >= 3);
    const lost = sailed.visitors.requests.filter(({ status }) => status !== 200);
    t.diagnostic(`with the proxy: ${atRisk} requests were under way, ${lost.length} were lost`);
    assert.ok(lost.length <= atRisk + perSecond * refusedS, JSON.stringify(lost.slice(0, 10)));
    // The one in force has begun anew, and no other.
    await assertWentOut(sailed, 5);
  });
});

/** Those who come after the looks know at once what the ones before them have found, and users wait for nothing else. */
function assertTurnedAtOnce({ visitors }: Voyage, { hit }: Killed): void {
  const hits = [...hit];
  const turnAt = hits.findIndex((name) => name.endsWith('after writing rollout-turned'));
  assert.equal(hits[turnAt - 1], 'share-1 judge: counters acknowledged');
  const backAt = hits.findIndex((name, at) => at > turnAt && name.includes(' published '));
  const failed = visitors.requests.filter(({ status }) => status === 500).length;
  const most = (backAt + 2) * startS * perSecond * 0.04;
  assert.ok(failed < most, `${failed} requests failed while ${backAt + 1} control planes were killed`);
}
