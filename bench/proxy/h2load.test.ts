import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readH2loadReport } from './h2load.ts';

const report = (failed: number) => `starting benchmark...
finished in 2.00s, 27213.00 req/s, 27.55MB/s
requests: 54426 total, 54490 started, 54426 done, ${54426 - failed} succeeded, ${failed} failed, 0 errored, 0 timeout
status codes: 54426 2xx, 0 3xx, 0 4xx, 0 5xx
`;

test('what h2load prints is read, failures in its words', () => {
  assert.deepEqual(readH2loadReport(report(0)), {
    ...{ answered: 54_426, perSecond: 27_213, p50Ms: null, p99Ms: null, errors: null },
  });
  const { answered, errors } = readH2loadReport(report(5));
  assert.equal(answered, 54_421);
  assert.match(errors ?? '', /5 failed/);
});

test('text of something else is refused', () => {
  assert.throws(() => readH2loadReport('unable to connect'), /something else/);
});
