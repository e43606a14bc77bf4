import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { it } from 'node:test';
import { courseOf } from './course.ts';
import { examine } from './examine.ts';
import { sailFleet } from './fleet.ts';
import { countLines, judgeBounds, replayOf } from './fleet-report.ts';
import { faultKinds } from './weather.ts';

const rollouts = 10_000;
/** A judge that is as good as it promises does worse than it was seen to do so rarely at most. */
const leastLikely = 1e-6;

it('rollouts keep every promise through crashes, faults, lies, set clocks, bad releases and busy people', async (test) => {
  const workers = Math.min(4, availableParallelism());
  const report = await sailFleet({ firstSeed: 1, rollouts, workers });
  test.diagnostic(`${report.rollouts} rollouts on ${report.voyages} voyages`);
  for (const line of countLines(report)) test.diagnostic(line);
  const { failure } = report;
  assert.equal(failure, null, failure === null ? '' : [...failure.violations, replayOf(failure.seed)].join('\n'));
  assert.ok(report.rollouts >= rollouts);
  const times = (what: RegExp) =>
    [...report.counts].reduce((sum, [name, count]) => sum + (what.test(name) ? count : 0), 0);
  const faults = faultKinds.map((kind) => new RegExp(`^faults: ${kind}`));
  const ends = [/ settled$/, / returned$/, / stranded$/, /^rollouts: canary deploy settled$/, /judged-harmful$/];
  const signals = [/^readings of signals: heard$/, /^judged: sells-less returned limit-broken$/];
  const superseded = [/^commands followed: supersede$/, /^commands refused: supersede$/];
  for (const what of [...faults, ...ends, ...signals, ...superseded, /^looks of a judge$/, /^requests$/, /^jobs$/])
    assert.ok(times(what) > 0, `none of ${String(what)}`);
  for (const { what, wrong, of, probability } of judgeBounds(report)) {
    test.diagnostic(`${what}: ${wrong} of ${of}`);
    assert.ok(probability >= leastLikely, `${what}: ${wrong} of ${of}, which is too many`);
  }
});

/** What each of them broke is named by the commit that repaired it. */
const brokenOnce = [
  7000860, 49000377, 63001469, 202000233, 203002355, 204003948, 205000773, 208001608, 209002024, 211000177, 212000840,
  300002463, 402000912, 601000897, 606000894, 609000639,
];

it('voyages that broke something once keep every promise now', async () => {
  for (const seed of brokenOnce) {
    const { violations } = await examine(courseOf(seed));
    assert.deepEqual(violations, [], replayOf(seed));
  }
});

it('the same seed sails the same way, whichever thread it is in', async () => {
  const once = await sailFleet({ firstSeed: 42, rollouts: 60, workers: 0 });
  const again = await sailFleet({ firstSeed: 42, rollouts: 60, workers: 2 });
  assert.deepEqual(countLines(once), countLines(again));
});
