import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configView } from '../../src/capabilities/config/config-api.ts';
import type { Shop } from '../harness/shop-app.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { visit } from '../harness/visit.ts';
import { underLoad } from '../harness/watched-load.ts';

/** Answers with its level. */
const teller = `import { createServer } from 'node:http';
createServer((request, response) => response.end(process.env.LEVEL)).listen(process.env.PORT);
`;
const shop: Shop = { web: { run: 'node teller.mjs' }, config: { LEVEL: 'v0' }, watch: '100ms' };
const at = '/apps/shop/environments/production';
const set = (lotse: TemporaryLotse, value: string) =>
  lotse.client.ask(`PATCH ${at}/config`, { set: [{ variable: 'LEVEL', value }] });

/** In the order of a roll-out: the setting, new instances, the shift, the end. */
const points = [
  '1 committed config-changed',
  '1 before ensure',
  '1 before route',
  '1 after writing *rollout-live*',
  '1 after writing *rollout-ended*',
] as const;

test('a control plane that is killed in a config roll-out leaves the old values or the new ones, never none', async (t) => {
  const lotse = await temporaryLotse(t);
  await lotse.start();
  const release = await lotse.client.release(shop, { files: { 'teller.mjs': teller } });
  await lotse.client.deploy(release.id);
  const port = await lotse.port();
  let [before, hits] = ['v0', 0];
  const { load } = await underLoad(port, async () => {
    for (const [index, point] of points.entries()) {
      const value = `v${index + 1}`;
      await lotse.restart({ variables: { LOTSE_CRASH_AT: point } });
      const { plane } = lotse;
      await set(lotse, value).catch(() => undefined);
      await lotse.client.start(release.id).catch(() => undefined);
      await until(`it is killed at ${point}`, () => plane.hasEnded, 60_000);
      hits += 1;
      const body = (await visit(port)).body;
      assert.ok([before, value].includes(body), `${point}: users get ${body}, neither ${before} nor ${value}`);

      await lotse.start();
      await lotse.client.ended((await lotse.client.environment()).rollout?.id ?? '');
      // What was not started before the crash is started now: the setting is there, whole, or was never said to be.
      const config = configView.parse(await lotse.client.ask(`GET ${at}/config`));
      const row = config.values.find(({ variable }) => variable === 'LEVEL');
      assert.ok(row?.value === value || row?.value === before);
      if (row.value === before) await set(lotse, value);
      if (row.value === before || config.differs) await lotse.client.deploy(release.id);
      assert.equal((await visit(port)).body, value, point);
      before = value;
    }
  });
  assert.equal(hits, points.length);
  assert.deepEqual(load.failures, {});
  assert.deepEqual((await lotse.client.releases())[0]?.quarantine, []);
  t.diagnostic(`${hits} kills; ${load.ok} of ${load.sent} requests answered`);
});
