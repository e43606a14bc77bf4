import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { journalCheck } from '../../src/capabilities/releases/releases-api.ts';
import { fillDisk } from '../harness/fill-disk.ts';
import { shopManifest, shopTar } from '../harness/shop-app.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { visit } from '../harness/visit.ts';
import { underLoad } from '../harness/watched-load.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';

test('a full disk refuses what is new, loses nothing, and is over when there is room again', async (t) => {
  const lotse = await temporaryLotse(t);
  mkdirSync(lotse.state);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=400m,mode=0711', 'tmpfs', lotse.state]);
  if (mounted.status !== 0) return t.skip('only root can mount a small disk');
  lotse.beforeRemoval(() => void spawnSync('umount', [lotse.state]));
  await lotse.start();
  const shop = { web: { instances: 2 } };
  const [old, next] = [await lotse.client.release(shop), await lotse.client.release(shop)];
  await lotse.client.deploy(old.id);
  const port = await lotse.port();
  const filler = join(lotse.state, 'filler');

  fillDisk(filler);
  const { load } = await underLoad(port, async () => {
    const upload = await lotse.client.refusal(
      `POST /apps/shop/releases?commit=${commit}`,
      await shopTar(shopManifest()),
    );
    assert.deepEqual([upload.status, upload.code], [507, 'disk-full']);
    assert.match(upload.hint ?? '', /Free some space/);
    const deploy = await lotse.client.refusedStart(next.id);
    assert.ok(['not-proven', 'disk-full'].includes(deploy.code), deploy.code);
    assert.match(deploy.detail, /[Dd]isk/);
    const override = { gate: 'proof:room', release: next.id, reason: 'it will fit' };
    const written = await lotse.client.refusal('POST /apps/shop/environments/production/overrides', override);
    assert.equal(written.code, 'disk-full');
    assert.equal((await lotse.client.environment()).release, old.id);
  });
  assert.deepEqual(load.failures, {});

  // An instance ends meanwhile: the control plane cannot note it, and must not fall over it.
  const slots = (await lotse.client.environment()).services.flatMap((service) => service.slots);
  process.kill(slots[0]?.pid ?? 0, 'SIGKILL');
  await until('the other copy serves', async () => (await visit(port)).body === old.id);
  assert.equal(lotse.plane.hasEnded, false);

  rmSync(filler);
  await until('both copies run again', async () => {
    const all = (await lotse.client.environment()).services.flatMap((service) => service.slots);
    return all.length === 2 && all.every((slot) => slot.state === 'ready');
  });
  await lotse.client.deploy(next.id);
  assert.equal((await visit(port)).body, next.id);
  assert.equal(journalCheck.parse(await lotse.client.ask('GET /journal/check')).ok, true);

  const last = await lotse.client.release({ ...shop, watch: '4s' });
  const { id } = await lotse.client.start(last.id);
  await lotse.client.untilRollout(id, 'watched', ({ status }) => status === 'watching');
  fillDisk(filler);
  await until('the end of the watch could not be written', () => lotse.plane.said.some((line) => /full/.test(line)));
  assert.equal((await lotse.client.rollout(id)).status, 'watching');
  assert.equal((await visit(port)).body, last.id);
  rmSync(filler);
  assert.equal((await lotse.client.ended(id)).status, 'settled');

  fillDisk(filler);
  await lotse.plane.end('SIGTERM');
  const started = await lotse.tryStart();
  if (started.kind === 'problem') assert.equal(started.code, 'disk-full', started.message);
  assert.notEqual(started.kind, 'ended', 'it ended without a word');
  assert.equal((await visit(port)).body, last.id);
  if (started.kind === 'ready') await lotse.plane.end('SIGTERM');
  rmSync(filler);
  await lotse.start();
  assert.equal((await lotse.client.environment()).release, last.id);
});
