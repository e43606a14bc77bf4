import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OpenLoopLoad } from '../../src/proxy/fixtures/open-loop-load.ts';
import type { RolloutView } from '../../src/capabilities/releases/releases-api.ts';
import { sharedLotse } from '../harness/shared-lotse.ts';
import type { Shop } from '../harness/shop-app.ts';
import { until } from '../harness/until.ts';

const settled = ({ status }: RolloutView): boolean => status === 'settled';
const returned = ({ status }: RolloutView): boolean => status === 'returned';

const canary: Shop = {
  web: { stickiness: 'none' },
  production: { strategy: { canary: ['2%', '50%'], watch: '2s', within: '2m' } },
};

/** Users who come when they come: those who wait for one answer before they ask again never meet a pause of a busy side twice. */
function users(port: number): OpenLoopLoad {
  return new OpenLoopLoad({ port, requestsPerSecond: 400, freshPart: 0.02, postPart: 0 });
}

describe('a canary', () => {
  const lotse = sharedLotse();
  const ended: RolloutView[] = [];

  test('of a first release is blue-green, and says why', async () => {
    const { client } = lotse();
    const first = await client.release(canary);
    const plan = await client.plan(first.id);
    assert.deepEqual([plan.strategy, plan.canary], ['blue-green', null]);
    assert.match(plan.notes.join('\n'), /no release of Lotse serves yet/);
    await client.deploy(first.id);
  });

  test('of a good release goes through its shares, and each look of the judge is there to read', async () => {
    const { client } = lotse();
    const load = users(await lotse().port());
    try {
      const release = await client.release(canary);
      const plan = await client.plan(release.id);
      assert.equal(plan.strategy, 'canary');
      assert.ok((plan.canary?.requestsPerS ?? 0) > 1, JSON.stringify(plan.canary));
      assert.deepEqual(
        plan.steps.flatMap((step) => step.permille ?? []),
        [20, 500, 950, 1000],
      );
      const { id } = await client.start(release.id);
      const judged = await client.untilRollout(id, 'judged', (rollout) => rollout.judged !== null);
      assert.match(judged.judged?.sentence ?? '', /\w+/);
      assert.equal(judged.steps.find((step) => step.state === 'running')?.judged, true);
      const end = await client.untilRollout(id, 'settled', settled);
      assert.equal(end.judged?.verdict, 'healthy', end.judged?.sentence);
      assert.ok((end.judged?.points.length ?? 0) > 0);
      ended.push(end);
    } finally {
      await load.stop();
    }
  });

  test('of a release that fails goes back, names the evidence and is in quarantine', async () => {
    const { client } = lotse();
    const load = users(await lotse().port());
    try {
      const web =
        "import { createServer } from 'node:http';\ncreateServer((request, response) => response.writeHead(request.url === '/up' ? 200 : 500).end()).listen(process.env.PORT);\n";
      const bad = await client.release(canary, { files: { 'web.mjs': web } });
      const { id } = await client.start(bad.id);
      const end = await client.untilRollout(id, 'returned', returned);
      assert.equal(end.cause?.kind, 'judged-harmful', JSON.stringify(end.cause));
      assert.match(end.cause?.message ?? '', /web of the new release fails/);
      ended.push(end);
      await until('it is in quarantine', async () => {
        const known = (await client.releases()).find((each) => each.id === bad.id);
        return known?.quarantine.some(({ environment }) => environment === 'production') ?? false;
      });
    } finally {
      await load.stop();
    }
  });

  test('whose own command prints a number beyond its limit goes back, also without a holdback', async () => {
    const { client } = lotse();
    const strategy = {
      ...{ name: 'blue-green', watch: '2m', limits: { depth: 5 } },
      signals: { depth: { run: "sh -c 'echo 9'" } },
    };
    const first = await client.release({ ...canary, environments: { limited: { strategy } } });
    await client.start(first.id, 'limited').then(({ id }) => client.untilRollout(id, 'live', ({ live }) => live));
    const second = await client.release({ ...canary, environments: { limited: { strategy } } });
    const { id } = await client.start(second.id, 'limited');
    const end = await client.untilRollout(id, 'returned', returned);
    assert.deepEqual([end.cause?.kind, end.cause?.inRelease], ['limit-broken', true], JSON.stringify(end.cause));
    assert.match(end.cause?.message ?? '', /depth/);
  });

  test('that has ended is known with what the judge thought, after others and after a restart', async () => {
    const { client, plane } = lotse();
    await plane.end('SIGKILL');
    await lotse().start();
    for (const { id, judged } of ended) {
      const { verdict, findings, points } = (await client.rollout(id)).judged ?? {};
      assert.deepEqual([verdict, points], [judged?.verdict, judged?.points], id);
      assert.deepEqual(
        findings?.map(({ counted }) => counted),
        judged?.findings.map(({ counted }) => counted),
      );
    }
    assert.deepEqual(
      ended.map(({ judged }) => judged?.verdict),
      ['healthy', 'harmful'],
    );
  });

  test('that a release takes out of the file is still how that release goes out', async () => {
    const { client } = lotse();
    const release = await client.release({ web: { stickiness: 'none' } });
    const plan = await client.plan(release.id);
    assert.equal(plan.strategy, 'canary');
    assert.deepEqual(
      plan.weakens.map(({ gate, from, to }) => `${gate} ${from} ${to}`),
      ['canary 2%, 50% none', 'watch 2s 1s', 'holdback 5% 0%'],
    );
  });
});
