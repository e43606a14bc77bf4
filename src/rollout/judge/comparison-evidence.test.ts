import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Comparison, firstFreshStart, type ComparisonRules } from './comparison.ts';
import { shareOfGeneration } from './error-budget.ts';
import type { BucketEvents } from './first-events.ts';
import { harmGrid, harmWeights } from './grids.ts';
import type { TwoArms } from './odds-evidence.ts';
import { rankRatios, rankWeights } from './rank-evidence.ts';

const byBucket: ComparisonRules = {
  ...{ kind: 'buckets', margin: 1.1, part: 1, isFrequent: false, isClumped: false },
  health: { tolerance: 2, toleratedRate: 0.005 },
};
const byRequest: ComparisonRules = { ...byBucket, kind: 'requests' };

const areEqual = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);

/** Buckets of which the first are the new arm's; each has a request. `fails`: those that have the event. */
function rows(newUnits: number, all: number, fails: (bucket: number) => boolean, requests = 1): BucketEvents[] {
  return Array.from({ length: all }, (_, bucket) => {
    return { bucket, isNew: bucket < newUnits, requests, hasEvent: fails(bucket) };
  });
}

/** What all bets together make of one event of the new arm, when `part` of all units are in it. */
function wealthOfOne(part: number): number {
  return harmGrid.reduce((sum, times, index) => {
    const [odds, nullOdds] = [1.1 * times, 1.1];
    const chance = (of: number) => (of * part) / (of * part + 1 - part);
    return sum + ((harmWeights[index] ?? 0) * chance(odds)) / chance(nullOdds);
  }, 0);
}

/** What a bet that is spread over looks stakes on the first one: 0.65 of its wealth, and the first part of the rest. */
const spreadOnce = 0.65 + 0.35 * (1 - Math.LN2 / Math.log(3));

describe('the evidence of a comparison', () => {
  it('is the wealth of all bets, beside what is needed', () => {
    const buckets = new Comparison(byBucket);
    buckets.look({ kind: 'buckets', epoch: [1, 0], rows: rows(50, 1000, (bucket) => bucket === 7) });
    areEqual(buckets.now.harm.log, Math.log(wealthOfOne(0.05)));
    areEqual(buckets.now.harm.threshold, -Math.log(0.01 * 0.75));
    areEqual(buckets.now.health.threshold, Math.log(20));

    const requests = new Comparison({ ...byRequest, part: 0.5 });
    requests.look({ kind: 'requests', counts: { newUnits: 50, newEvents: 1, oldUnits: 950, oldEvents: 0 } });
    areEqual(requests.now.harm.log, Math.log(spreadOnce * wealthOfOne(0.05)));
    areEqual(requests.now.harm.threshold, -Math.log(0.01 * 0.5));

    const durations = new Comparison({ ...byBucket, kind: 'durations', health: null });
    const [fresh, old] = [
      [0, 1, 0, 4],
      [60, 30, 9, 1],
    ];
    durations.look({ kind: 'durations', fresh, old });
    const ranked = rankRatios(fresh, old, 1.1);
    const wealth = ranked.reduce((sum, ratio, index) => sum + (rankWeights[index] ?? 0) * Math.exp(ratio), 0);
    areEqual(durations.now.harm.log, Math.log(spreadOnce * wealth));
  });

  it('counts one event in each arm, though they are as many', () => {
    const requests = new Comparison(byRequest);
    requests.look({ kind: 'requests', counts: { newUnits: 50, newEvents: 1, oldUnits: 950, oldEvents: 1 } });
    assert.ok(requests.now.harm.log > 0.3, String(requests.now.harm.log));
    const buckets = new Comparison(byBucket);
    buckets.look({ kind: 'buckets', epoch: [1, 0], rows: rows(50, 1000, (bucket) => bucket === 7 || bucket === 700) });
    assert.ok(buckets.now.harm.log > 0.3, String(buckets.now.harm.log));
  });

  it('is not touched by looks that tell nothing', () => {
    const untouched = new Comparison(byRequest);
    const silent: TwoArms = { newUnits: 0, newEvents: 0, oldUnits: 950, oldEvents: 3 };
    for (let look = 0; look < 50; look++) untouched.look({ kind: 'requests', counts: silent });
    assert.equal(untouched.verdict, 'undecided');
    untouched.look({ kind: 'requests', counts: { newUnits: 50, newEvents: 1, oldUnits: 950, oldEvents: 0 } });
    areEqual(untouched.now.harm.log, Math.log(spreadOnce * wealthOfOne(0.05)));
  });

  it('makes a release harmful at the very look at which it is enough', () => {
    const comparison = new Comparison(byBucket);
    for (let bucket = 0; bucket < 30; bucket++) {
      const looked = rows(500, 1000, (each) => each === bucket);
      comparison.look({ kind: 'buckets', epoch: [1, 0], rows: looked });
      const { verdict, harm } = comparison.now;
      assert.equal(verdict === 'harmful', harm.log >= harm.threshold, `${harm.log} after ${bucket + 1}`);
    }
    assert.equal(comparison.verdict, 'harmful');
  });

  it('stays as it was when harm was found, and that of health when health was', () => {
    const harmful = new Comparison(byRequest);
    harmful.look({ kind: 'requests', counts: { newUnits: 50, newEvents: 20, oldUnits: 950, oldEvents: 0 } });
    const found = harmful.now;
    assert.equal(found.verdict, 'harmful');
    harmful.look({ kind: 'requests', counts: { newUnits: 50, newEvents: 1, oldUnits: 950, oldEvents: 400 } });
    assert.deepEqual(harmful.now, found);

    const calm = { newUnits: 1_000, newEvents: 0, oldUnits: 19_000, oldEvents: 0 };
    const healthy = [new Comparison(byRequest), new Comparison(byBucket)];
    const lookAgain = () => {
      healthy[0]?.look({ kind: 'requests', counts: calm });
      healthy[1]?.look({ kind: 'buckets', epoch: [1, 0], rows: rows(50, 1000, () => false, 20) });
    };
    lookAgain();
    const before = healthy.map(({ now }) => now);
    assert.deepEqual(
      before.map(({ verdict }) => verdict),
      ['healthy', 'healthy'],
    );
    lookAgain();
    assert.deepEqual(
      healthy.map(({ now }) => now),
      before,
    );
  });
});

describe('a test by bucket that begins afresh', () => {
  const frequent: ComparisonRules = { ...byBucket, isFrequent: true };

  it('does so once for an epoch, not at each look', () => {
    const comparison = new Comparison({ ...frequent, health: null });
    const look = (fails: (bucket: number) => boolean) =>
      comparison.look({ kind: 'buckets', epoch: [1, 0], rows: rows(50, 1000, fails) });
    look(() => true);
    for (let times = 0; times < 5; times++) look((bucket) => bucket < 50);
    assert.equal(comparison.verdict, 'undecided', 'nobody is left who could have a first event');
  });

  it('does so for twelve epochs at most', () => {
    const afterEpochs = (epochs: number) => {
      const comparison = new Comparison(frequent);
      for (let epoch = 1; epoch < epochs; epoch++)
        comparison.look({ kind: 'buckets', epoch: [epoch, 0], rows: rows(50, 1000, () => true) });
      comparison.look({ kind: 'buckets', epoch: [epochs, 0], rows: rows(50, 1000, (bucket) => bucket < 50) });
      return comparison.verdict;
    };
    assert.deepEqual([2, 12, 13].map(afterEpochs), ['harmful', 'harmful', 'undecided']);
  });

  it('does so after 1,500 requests of the new release, and again at twice as many', () => {
    /** Everybody fails, at each of these numbers of requests, and then the new release's alone. */
    const verdictAfter = (...requests: readonly number[]) => {
      const comparison = new Comparison(byBucket);
      const look = (own: number, fails: (bucket: number) => boolean) => {
        const looked = rows(50, 1000, fails).map((row) => {
          return { ...row, requests: row.isNew ? (row.bucket === 0 ? own : 0) : 60 };
        });
        comparison.look({ kind: 'buckets', epoch: [1, 0], rows: looked });
      };
      let seen = 0;
      for (const until of requests) {
        look(until - seen, () => true);
        seen = until;
      }
      look(0, (bucket) => bucket < 50);
      return comparison.verdict;
    };
    assert.deepEqual(
      [firstFreshStart - 1, firstFreshStart].map((each) => verdictAfter(each)),
      ['undecided', 'harmful'],
    );
    const twice = [2 * firstFreshStart - 1, 2 * firstFreshStart].map((each) => verdictAfter(firstFreshStart, each));
    assert.deepEqual(twice, ['undecided', 'harmful']);
  });

  it('shows the evidence of the one that has come closest to what it needs', () => {
    const thresholdOf = (generation: number) => -Math.log(0.01 * shareOfGeneration(generation));
    const after = (first: (bucket: number) => boolean, second: (bucket: number) => boolean) => {
      const comparison = new Comparison({ ...frequent, health: null });
      comparison.look({ kind: 'buckets', epoch: [1, 0], rows: rows(50, 1000, first) });
      comparison.look({ kind: 'buckets', epoch: [2, 0], rows: rows(50, 1000, second) });
      return comparison.now.harm;
    };
    const calm = after(
      (bucket) => bucket === 700,
      () => false,
    );
    assert.ok(calm.log < 0, 'what speaks against harm is shown too');
    areEqual(calm.threshold, thresholdOf(0));
    const early = after(
      (bucket) => bucket === 7,
      () => false,
    );
    areEqual(early.log, Math.log(wealthOfOne(0.05)));
    areEqual(early.threshold, thresholdOf(0));
    const late = after(
      (bucket) => bucket >= 960,
      (bucket) => bucket === 7 || bucket === 8,
    );
    areEqual(late.threshold, thresholdOf(1));
    assert.ok(late.log > 2, String(late.log));
  });

  it('proves health by the first one alone', () => {
    const healthOf = (rules: ComparisonRules) => {
      const comparison = new Comparison(rules);
      for (const epoch of [1, 2, 3])
        comparison.look({ kind: 'buckets', epoch: [epoch, 0], rows: rows(50, 1000, () => false) });
      return comparison.now.health.log;
    };
    assert.ok(healthOf(byBucket) > 0);
    assert.equal(healthOf(frequent), healthOf(byBucket));
  });
});
