import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenLoopLoad } from '../../src/proxy/fixtures/open-loop-load.ts';
import { ServedApp } from '../../src/proxy/fixtures/served-app.ts';
import { untilTrue } from '../../src/proxy/fixtures/until-true.ts';

const replacements = 25;
const workers = 4;
const upgrades = 10;

test('100 workers are replaced and the proxy hands over 10 times under fresh and kept connections: nothing is lost', async () => {
  const served = await ServedApp.start(workers);
  const { control, port } = served;
  const loads = [1, 0].map((freshPart) => new OpenLoopLoad({ port, requestsPerSecond: 150, freshPart }));
  try {
    for (let i = 0; i < replacements; i++) await control.replaceWorkers();
    const { workers: replaced } = await control.status();
    assert.ok(replaced.every(({ generation }) => generation > replacements * workers));
    const pids = new Set<number>();
    for (let i = 0; i < upgrades; i++) pids.add((await control.upgrade()).pid);
    assert.equal(pids.size, upgrades);
  } finally {
    const results = [];
    for (const load of loads) results.push(await load.stop());
    await untilTrue('the old ones have finished', async () => (await control.status()).drainingWorkers === 0);
    await served.end();
    for (const { sent, ok, failures } of results) assert.deepEqual([failures, ok], [{}, sent]);
  }
});
