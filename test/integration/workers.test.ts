import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sharedLotse } from '../harness/shared-lotse.ts';
import { claimingWorker, type Shop } from '../harness/shop-app.ts';
import type { TemporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';

const claiming: Shop = { verify: true, services: { worker: claimingWorker } };
const blind: Shop = { verify: true, services: { worker: { run: 'node worker.mjs', drain: '2s' } } };

/** Releases in the order in which they did work; an item that was done twice fails. */
function shifts(lotse: TemporaryLotse): readonly string[] {
  const lines = lotse.stored('done.log').map((line) => line.split(' '));
  const items = lines.map(([item]) => Number(item));
  assert.deepEqual(
    items,
    items.map((_, index) => index + 1),
  );
  return lines.flatMap(([, release = ''], index) => (release === lines[index - 1]?.[1] ? [] : [release]));
}

async function untilWorking(lotse: TemporaryLotse, release: string): Promise<void> {
  await until(`${release} works`, () => lotse.stored('done.log').at(-1)?.endsWith(` ${release}`) ?? false);
}

describe('old and new workers', () => {
  const lotse = sharedLotse();

  test('take turns by their claims: no item is done twice, there and back', async () => {
    const [old, next] = [await lotse().client.release(claiming), await lotse().client.release(claiming)];
    await lotse().client.deploy(old.id);
    await untilWorking(lotse(), old.id);
    await lotse().client.deploy(next.id);
    await untilWorking(lotse(), next.id);
    assert.deepEqual(shifts(lotse()), [old.id, next.id]);

    const bad = await lotse().client.release({ ...claiming, config: { VERIFY: 'fails public' } });
    const { id } = await lotse().client.start(bad.id);
    const rollout = await lotse().client.ended(id);
    assert.equal(rollout.cause?.step, 'verify-after');
    await until('the old one works again', () => shifts(lotse()).at(-1) === next.id);
    const all = shifts(lotse());
    // The bad one took work only between the shift and the verification that failed.
    assert.ok(all.join() === [old.id, next.id].join() || all.join() === [old.id, next.id, bad.id, next.id].join());
  });

  test('that cannot read a claim are stopped, then replaced', async () => {
    const [old, next] = [await lotse().client.release(blind), await lotse().client.release(blind)];
    await lotse().client.deploy(old.id);
    await untilWorking(lotse(), old.id);
    const plan = await lotse().client.plan(next.id);
    assert.match(plan.notes.join(), /worker cannot read a claim: it is stopped, then replaced/);
    await lotse().client.deploy(next.id);
    await untilWorking(lotse(), next.id);
    assert.deepEqual(shifts(lotse()).slice(-2), [old.id, next.id]);
  });

  test('that end by themselves are started again and go on', async () => {
    const { services } = await lotse().client.environment();
    const pid = services.find(({ service }) => service === 'worker')?.slots[0]?.pid ?? 0;
    const before = lotse().stored('done.log').length;
    process.kill(pid, 'SIGKILL');
    await until('it works again', () => {
      const last = lotse().stored('starts.log').at(-1) ?? '';
      return last.startsWith('worker') && !last.endsWith(` ${pid}`) && lotse().stored('done.log').length > before + 20;
    });
  });
});
