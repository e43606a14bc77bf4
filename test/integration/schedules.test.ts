import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { knownJob } from '../../src/capabilities/schedules/schedules-api.ts';
import { runLotse } from '../../src/cli/fixtures/run-lotse.ts';
import type { Shop } from '../harness/shop-app.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';

/** Says which run it is, where the shop keeps its data. */
const tidy = `import { appendFileSync } from 'node:fs';
appendFileSync(process.env.DATA_DIR + '/tidied', 'tidied by ' + process.env.LOTSE_RELEASE + '\\n');
console.log('all is tidy');
`;
const stuck = `setInterval(() => undefined, 1000);
console.log('this takes long');
`;
const shop: Shop = {
  more: {
    timezone: 'Europe/Berlin',
    jobs: {
      tidy: { run: 'node tidy.mjs', schedule: '* * * * *' },
      stuck: { run: 'node stuck.mjs', schedule: '* * * * *', within: '2s' },
      other: { run: 'node tidy.mjs' },
    },
  },
};
const files = { 'tidy.mjs': tidy, 'stuck.mjs': stuck };

async function jobsOf(lotse: TemporaryLotse) {
  return z.array(knownJob).parse(await lotse.client.ask('GET /apps/shop/environments/production/jobs'));
}

async function runsOf(lotse: TemporaryLotse, job: string) {
  return (await jobsOf(lotse)).find((each) => each.job === job)?.runs ?? [];
}

describe('jobs by schedule', () => {
  test('run at their minute, once for each, through a restart of the control plane; one that never ends is ended', async (t) => {
    const lotse = await temporaryLotse(t);
    await lotse.start();
    const release = await lotse.client.release(shop, { files });
    await lotse.client.deploy(release.id);
    const lotseOf = async (...line: string[]) => await runLotse([...line, '--app', 'shop', '--state', lotse.state]);

    // The next full minute is at most 60 s away.
    const first = await until(
      'both have run',
      async () => {
        const runs = [await runsOf(lotse, 'tidy'), await runsOf(lotse, 'stuck')].map((each) => each.at(-1));
        return runs.every((run) => run !== undefined && run.state !== 'running') && runs;
      },
      90_000,
    );
    const [tidied, ended] = first;
    assert.equal(tidied?.state, 'succeeded');
    assert.equal(tidied.dueAt % 60_000, 0);
    assert.equal(ended?.state, 'failed');
    assert.equal(ended.dueAt, tidied.dueAt);
    assert.match(ended.note ?? '', /it took longer than its 2 s/);
    assert.ok(lotse.stored('tidied').every((line) => line === `tidied by ${release.id}`));

    await lotse.restart();
    assert.deepEqual((await runsOf(lotse, 'tidy')).at(-1), tidied);
    const runs = (await runsOf(lotse, 'tidy')).filter((run) => run.state === 'succeeded');
    assert.equal(lotse.stored('tidied').length, runs.length);

    const listed = await lotseOf('jobs', 'production');
    assert.equal(listed.exitCode, 0, listed.stderr);
    assert.match(listed.stdout, /tidy +\* \* \* \* \* \(Europe\/Berlin\).*succeeded/);
    assert.match(listed.stdout, /stuck .*failed/);
    assert.match(listed.stdout, /other +by hand/);
    const ofOne = await lotseOf('jobs', 'production', 'tidy');
    assert.ok(ofOne.stdout.includes(tidied.key), ofOne.stdout);
    const logs = await lotseOf('logs', 'production', '--job', tidied.key);
    assert.match(logs.stdout, /all is tidy/);
    const ofLast = await lotseOf('logs', 'production', '--job', 'tidy');
    assert.match(ofLast.stdout, /all is tidy/);
    const ofNone = await lotseOf('logs', 'production', '--job', 'other');
    assert.match(ofNone.stderr, /There is no run by schedule of "other"/);

    // By hand the deadline holds too, and may be another one.
    const byHand = await lotseOf('run', 'production', 'stuck', '--within', '1s');
    assert.notEqual(byHand.exitCode, 0);
    const journal = await lotseOf('journal', '--json', '--last', '1000');
    for (const type of ['schedule-begun', 'scheduled-run-started', 'scheduled-run-ended'])
      assert.match(journal.stdout, new RegExp(type));

    await lotse.client.ask('POST /apps/shop/environments/production/down', {});
    assert.deepEqual(await jobsOf(lotse), []);
  });
});
