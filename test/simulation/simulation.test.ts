import assert from 'node:assert/strict';
import { it } from 'node:test';
import { countLines, sailFleet } from './fleet.ts';

const firstSeed = 1;
const enoughMs = 20_000;
const atLeast = 100;
const atMostRollouts = 12_000;

it('rollouts keep every promise through crashes, lost replies, outages, bad releases and busy people', async (test) => {
  const startedMs = performance.now();
  const report = await sailFleet(
    firstSeed,
    atMostRollouts,
    (voyages) => voyages >= atLeast && performance.now() - startedMs > enoughMs,
  );
  test.diagnostic(`${report.rollouts} rollouts on ${report.voyages} voyages`);
  for (const line of countLines(report)) test.diagnostic(line);
  const { failure } = report;
  assert.equal(failure, null, failure === null ? '' : [...failure.violations, `Again: ${failure.replay}`].join('\n'));
  const times = (what: RegExp) =>
    [...report.counts].reduce((sum, [name, count]) => sum + (what.test(name) ? count : 0), 0);
  for (const what of [
    / settled$/,
    / returned$/,
    / stranded$/,
    /^crashes$/,
    /^lost replies$/,
    /^failures of /,
    /^jobs$/,
  ])
    assert.ok(times(what) > 0, `none of ${String(what)}`);
});

it('the same seed sails the same way', async () => {
  const once = await sailFleet(42, 8, () => false);
  const again = await sailFleet(42, 8, () => false);
  assert.deepEqual(countLines(once), countLines(again));
});
