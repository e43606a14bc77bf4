import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { jobByHand } from '../../src/capabilities/releases/releases-api.ts';
import { trafficSeries } from '../../src/capabilities/releases/series-api.ts';
import type { Shop } from '../harness/shop-app.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { visit } from '../harness/visit.ts';

const asked = 40;
const shop: Shop = { more: { jobs: { tidy: { run: 'node tidy.mjs' }, broken: { run: 'node broken.mjs' } } } };
const files = {
  'tidy.mjs': `console.log('all is tidy');\n`,
  'broken.mjs': `console.log('no way');\nprocess.exitCode = 3;\n`,
};

async function seriesOf(lotse: TemporaryLotse, query = '') {
  return trafficSeries.parse(await lotse.client.ask(`GET /apps/shop/environments/production/series${query}`));
}

function sum(values: readonly number[] = []): number {
  return Math.round(values.reduce((total, value) => total + value, 0));
}

describe('what users have asked for lately', { timeout: 180_000 }, () => {
  test('is told by service and revision, and to some degree after a restart of the control plane', async (t) => {
    const lotse = await temporaryLotse(t);
    await lotse.start();
    const release = await lotse.client.release(shop, { files });
    await lotse.client.deploy(release.id);
    const port = await lotse.port();
    for (let number = 0; number < asked; number += 1) await visit(port);

    const counted = await until('all requests are in buckets that are over', async () => {
      const { series } = await seriesOf(lotse, '?service=web');
      const line = series.find(({ revision }) => revision === 'production-1');
      return line !== undefined && sum(line.requests) >= asked && line;
    });
    assert.equal(sum(counted.failed), 0);
    assert.equal(counted.p95Ms.length, counted.requests.length);
    assert.deepEqual((await seriesOf(lotse, '?service=nobody')).series, []);
    const { status, detail } = await lotse.client.refusal('GET /apps/shop/environments/nowhere/series');
    assert.deepEqual([status, /nowhere/.test(detail)], [404, true]);

    await lotse.restart();
    const kept = await until('what the proxy has counted before is there again', async () => {
      const history = await seriesOf(lotse);
      return history.series.some(({ requests }) => sum(requests) > 0) && history;
    });
    const { exactSince, from, stepMs, series } = kept;
    assert.ok(exactSince !== null && series[0] !== undefined);
    assert.ok(from + stepMs * series[0].requests.length <= Date.now());
  });
});

describe('what somebody has started by hand', { timeout: 180_000 }, () => {
  test('is listed with who, when, how it ended and where its logs are, also after a restart', async (t) => {
    const lotse = await temporaryLotse(t);
    await lotse.start();
    const release = await lotse.client.release(shop, { files });
    await lotse.client.deploy(release.id);
    const list = async () =>
      z.array(jobByHand).parse(await lotse.client.ask('GET /apps/shop/environments/production/jobs-by-hand'));
    assert.deepEqual(await list(), []);

    const jobs = 'POST /apps/shop/environments/production/jobs';
    await lotse.client.ask(jobs, { job: 'tidy' });
    await lotse.client.ask(jobs, { job: 'broken' });
    await lotse.client.ask(jobs, { argv: ['node', '-e', 'console.log(1)'] });
    const ended = await until('all have ended', async () => {
      const all = await list();
      return all.length === 3 && all.every(({ state }) => state !== 'running') && all;
    });
    assert.deepEqual(
      ended.map(({ job, state, exitCode }) => [job, state, exitCode]),
      [
        ['command', 'succeeded', 0],
        ['broken', 'failed', 3],
        ['tidy', 'succeeded', 0],
      ],
    );
    assert.ok(ended.every(({ startedBy, startedAt }) => startedBy !== '' && startedAt > 0 && startedAt <= Date.now()));

    await lotse.restart();
    assert.deepEqual(await list(), ended);
  });
});
