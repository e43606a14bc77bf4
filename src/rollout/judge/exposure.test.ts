import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { planShares } from './exposure.ts';
import { healthyRequests } from './healthy-requests.ts';

const load = { requestsPerS: 200, failureRate: 0.005 };
const permillesOf = (shares: ReturnType<typeof planShares>) => shares.map(({ permille }) => permille);

describe('the shares of a canary', () => {
  it('are those that were wished for', () => {
    const shares = planShares({ shares: [10, 50, 250, 500], budget: null, everyMs: 600_000 }, load);
    assert.deepEqual(permillesOf(shares), [10, 50, 250, 500]);
    assert.ok(shares.every(({ everyMs }) => everyMs === 600_000));
    const unwished = planShares({ shares: null, budget: null, everyMs: 0 }, load);
    assert.deepEqual(permillesOf(unwished), [10, 50, 250, 500]);
  });

  it('take as long as the proof of health does at today’s load, once, and else the least time', () => {
    const [small, proving, later] = planShares({ shares: [10, 50, 250, 500], budget: null, everyMs: 0 }, load);
    assert.equal(small?.expectedMs, 5_000);
    // 2,100 canary requests at least, ten a second.
    assert.ok((proving?.expectedMs ?? 0) > 200_000 && (proving?.expectedMs ?? 0) < 400_000);
    const requests = healthyRequests(load.failureRate, 19, { tolerance: 2, toleratedRate: 0.005 });
    assert.ok(Math.abs((proving?.expectedMs ?? 0) - requests * 100) <= 1, 'a tenth of a second for each');
    assert.equal(later?.expectedMs, 5_000);
    const [slow] = planShares({ shares: [50], budget: null, everyMs: 3_600_000 }, load);
    assert.equal(slow?.expectedMs, 3_600_000);
  });

  it('last long enough, the last one, for some hundred requests, but no more than a minute for them', () => {
    const last = (requestsPerS: number, everyMs = 0) =>
      planShares({ shares: [50, 500], budget: null, everyMs }, { requestsPerS, failureRate: 0 }).at(-1)?.everyMs;
    assert.deepEqual([last(200), last(20), last(2), last(0)], [5_000, 50_000, 60_000, 0]);
    assert.equal(last(20, 600_000), 600_000);
    assert.deepEqual(planShares({ shares: [50, 500], budget: null, everyMs: 0 }, load)[0]?.everyMs, 0);
  });

  it('have no expected time without load', () => {
    for (const none of [null, { requestsPerS: 0, failureRate: 0 }])
      assert.equal(planShares({ shares: [50], budget: null, everyMs: 0 }, none)[0]?.expectedMs, null);
    const without = planShares({ shares: [10, 50, 500], budget: null, everyMs: 0 }, null);
    assert.ok(without.every(({ expectedMs }) => expectedMs === null));
  });

  it('begin the smaller, the less a release may cost and the more traffic there is', () => {
    const first = (budget: number, requestsPerS: number) =>
      planShares({ shares: null, budget, everyMs: 0 }, { ...load, requestsPerS })[0]?.permille ?? 0;
    assert.ok(first(30, 200) > 20 && first(30, 200) < 60, String(first(30, 200)));
    assert.ok(first(30, 2_000) < first(30, 200));
    assert.ok(first(10, 200) < first(30, 200));
    assert.equal(first(30, 1_000_000), 1);
    assert.equal(first(1_000, 1), 250);
  });

  it('begin where a release that fails every request is back just before it has spent the budget', () => {
    const within = (budget: number) =>
      permillesOf(planShares({ shares: null, budget, everyMs: 0 }, { requestsPerS: 100, failureRate: 0 }));
    // At 17.5 % each failure tells 1.74 nats, so five of them tell the 8.7 that are needed; 52.5 come in three seconds.
    assert.deepEqual(within(57.5), [175, 350, 500]);
    assert.deepEqual(within(57.4), [174, 348, 500]);
    // At 17.6 % six failures are needed; 52.8 come.
    assert.deepEqual(within(58.7), [175, 350, 500]);
    assert.deepEqual(within(58.8), [176, 500]);
  });

  it('rise to a half, at most doubling, for every budget and load', () => {
    const anyLoad = fc.option(
      fc.record({
        requestsPerS: fc.double({ min: 0, max: 1e6, noNaN: true }),
        failureRate: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), anyLoad, (budget, today) => {
        const permilles = permillesOf(planShares({ shares: null, budget, everyMs: 0 }, today));
        assert.equal(permilles.at(-1), 500);
        assert.ok(permilles.length >= 2);
        for (const [index, permille] of permilles.entries()) {
          const before = permilles[index - 1] ?? 0;
          assert.ok(permille > before && Number.isInteger(permille));
          if (before > 0) assert.ok(permille <= 3 * before);
          assert.ok(permille <= 350 || permille === 500, 'none is hardly less than a half');
        }
      }),
    );
  });
});
