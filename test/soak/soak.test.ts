import assert from 'node:assert/strict';
import { it } from 'node:test';
import { judgeSoak } from './judge-soak.ts';
import { Soak } from './soak.ts';

const onlyOnLinux = process.platform === 'linux' ? {} : { skip: 'memory and descriptors are read from /proc' };

it(
  'a proxy under load keeps its size and its descriptors through deploys, kills and replacements',
  onlyOnLinux,
  async (test) => {
    const say = (line: string) => test.diagnostic(line);
    const report = await new Soak({ minutes: 1.4, requestsPerSecond: 200, say }).run();
    test.diagnostic(JSON.stringify(report));
    // So short a run still sees the engine compile and its heap find its size; a leak per request or deploy shows all the same.
    assert.deepEqual(judgeSoak(report, 1.15), []);
    assert.ok(report.deploys > 5 && report.replacements > 0 && report.kills === 3, JSON.stringify(report));
  },
);
