import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RolloutView } from '../../src/capabilities/releases/releases-api.ts';
import { sharedLotse } from '../harness/shared-lotse.ts';
import type { Shop } from '../harness/shop-app.ts';

const waits = ({ status }: RolloutView): boolean => status === 'waiting';
const settled = ({ status }: RolloutView): boolean => status === 'settled';
const returned = ({ status }: RolloutView): boolean => status === 'returned';

const slowBoot = (seconds: number) => ({ web: { run: `sh -c 'sleep ${seconds}; exec node web.mjs'` } });
const gated: Shop = { production: { gates: { approval: 1 } } };

describe('a newer deploy', () => {
  const lotse = sharedLotse();

  test('takes the place of one that waits at its first gates, whose definition is forgotten', async () => {
    const { client } = lotse();
    const first = await client.release({});
    await client.deploy(first.id);
    const older = await client.release({ production: { gates: { approval: 1 }, domains: ['older.localhost'] } });
    const waiting = await client.start(older.id);
    await client.untilRollout(waiting.id, 'waiting', waits);

    const newer = await client.release({});
    const started = await client.start(newer.id);
    const superseded = await client.untilRollout(waiting.id, 'returned', returned);
    const { kind, message, inRelease } = superseded.cause ?? {};
    assert.deepEqual([kind, message, inRelease], ['aborted', `superseded by ${newer.id}`, false]);
    assert.ok(superseded.steps.every((step) => step.startedAt === null));
    // The gate of the older one was accepted with it; nothing of it ever served, so nothing has to pass it.
    await client.untilRollout(started.id, 'settled', settled);
    const { release, domains } = await client.environment();
    assert.deepEqual([release, domains], [newer.id, ['shop.localhost']]);
    const known = await client.releases();
    assert.deepEqual(known.find(({ id }) => id === older.id)?.quarantine, []);
  });

  test('joins a waiting one of the same release', async () => {
    const { client } = lotse();
    const release = await client.release(gated);
    const waiting = await client.start(release.id);
    await client.untilRollout(waiting.id, 'waiting', waits);
    assert.equal((await client.start(release.id)).id, waiting.id);
    await client.ask(`POST /apps/shop/rollouts/${waiting.id}/abort`, {});
    await client.untilRollout(waiting.id, 'returned', returned);
  });

  test('is refused while another one is under way, or is held by a person', async () => {
    const { client } = lotse();
    const slow = await client.release(slowBoot(3));
    const newer = await client.release({});
    const moving = await client.start(slow.id);
    await client.untilRollout(moving.id, 'moving', ({ steps }) => steps[0]?.state === 'running');
    assert.equal((await client.refusedStart(newer.id)).code, 'conflict');
    await client.untilRollout(moving.id, 'settled', settled);

    const held = await client.start((await client.release(gated)).id);
    await client.untilRollout(held.id, 'waiting', waits);
    await client.ask(`POST /apps/shop/rollouts/${held.id}/pause`, {});
    const refusal = await client.refusedStart(newer.id);
    assert.equal(refusal.code, 'conflict');
    assert.match(refusal.detail, new RegExp(`${held.id} has not ended`));
    await client.ask(`POST /apps/shop/rollouts/${held.id}/abort`, {});
  });
});

describe('deploys to different environments', () => {
  const lotse = sharedLotse();

  test('do not wait for each other', async () => {
    const { client } = lotse();
    const blue = { strategy: { name: 'blue-green', watch: '1s' } };
    const release = await client.release({ ...slowBoot(2), environments: { first: blue, second: blue } });
    const both = await Promise.all([client.start(release.id, 'first'), client.start(release.id, 'second')]);
    const [one, two] = await Promise.all(both.map(({ id }) => client.untilRollout(id, 'settled', settled)));
    assert.ok(one !== undefined && two !== undefined);
    assert.ok(
      one.startedAt < (two.liveAt ?? 0) && two.startedAt < (one.liveAt ?? 0),
      'each began before the other was live',
    );
    const booting = (rollout: RolloutView) => rollout.steps.find((step) => step.id === 'start');
    const overlapMs =
      Math.min(booting(one)?.endedAt ?? 0, booting(two)?.endedAt ?? 0) -
      Math.max(booting(one)?.startedAt ?? 0, booting(two)?.startedAt ?? 0);
    assert.ok(overlapMs > 0, `both booted at the same time, for ${overlapMs} ms`);
  });
});
