import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JudgeRules } from './judge-rules.ts';
import type { SignalReading } from './judgement.ts';
import { isWorse, noSignals, takeReadings } from './signal-streaks.ts';

const rules: JudgeRules = {
  ...{ newRevision: 'production-2', oldRevision: 'production-1', services: [], exposureBudget: null },
  ...{ margin: 1.1, tolerance: 2, toleratedRate: 0.005, withinMs: 7_200_000 },
  limits: [
    { kind: 'signal', signal: 'queue_age', value: 120 },
    { kind: 'signal', signal: 'free_space', value: 20 },
  ],
  signals: [
    { signal: 'queue_age', better: 'lower' },
    { signal: 'orders', better: 'higher' },
    { signal: 'free_space', better: 'higher' },
  ],
};

/** One reading every ten seconds. */
function brokenBy(signal: string, numbers: readonly (readonly [fresh: number | null, old: number | null])[]) {
  const readings = numbers.map(([fresh, old], index): SignalReading => {
    return { signal, at: index * 10_000, new: fresh, old };
  });
  return Object.values(takeReadings(noSignals, readings, rules).broken);
}

const times = (count: number, fresh: number | null, old: number | null) =>
  Array.from({ length: count }, () => [fresh, old] as const);

describe('signals', () => {
  it('break a limit when all readings of half a minute are on its bad side', () => {
    assert.deepEqual(brokenBy('queue_age', times(3, 150, null)), []);
    assert.deepEqual(brokenBy('queue_age', times(4, 150, null)), ['queue_age is 150; at most 120 is allowed.']);
    assert.deepEqual(brokenBy('queue_age', [...times(3, 150, null), [90, null], ...times(3, 150, null)]), []);
    assert.deepEqual(brokenBy('free_space', times(4, 19, null)), ['free_space is 19; at least 20 is allowed.']);
    assert.deepEqual(brokenBy('free_space', times(50, 21, null)), []);
  });

  it('keep a limit that they only just reach, and are no worse at the margin itself', () => {
    assert.deepEqual(brokenBy('queue_age', times(50, 120, null)), []);
    assert.deepEqual(brokenBy('free_space', times(50, 20, null)), []);
    assert.deepEqual([isWorse(150, 100, 'lower', 1.5), isWorse(151, 100, 'lower', 1.5)], [false, true]);
  });

  it('are taken in the order of their time, however they come', () => {
    const reading = (at: number, fresh: number) => ({ signal: 'orders', at: at * 10_000, new: fresh, old: 100 });
    const bad = [0, 1, 3, 4, 5].map((at) => reading(at, 80));
    assert.deepEqual(takeReadings(noSignals, [...bad, reading(2, 100)], rules).broken, {});
  });

  it('are called worse than with the old release after five readings in a row beyond the margin', () => {
    assert.deepEqual(brokenBy('orders', times(4, 80, 100)), []);
    assert.deepEqual(brokenBy('orders', times(5, 80, 100)), [
      'orders is 80 with the new release and 100 with the old, 5 times in a row.',
    ]);
    assert.deepEqual(brokenBy('orders', times(50, 91, 100)), []);
    assert.deepEqual(brokenBy('orders', times(50, 300, 100)), []);
    assert.deepEqual(brokenBy('queue_age', times(50, 109, 100)), []);
    assert.equal(brokenBy('queue_age', times(5, 112, 100)).length, 1);
  });

  it('break the same when the clock is put back while they are bad', () => {
    const hourMs = 3_600_000;
    const at = (index: number) => (index < 2 ? hourMs : 0) + index * 10_000;
    const heard = (signal: string, count: number, fresh: number, old: number | null) => {
      const take = (state: typeof noSignals, index: number) =>
        takeReadings(state, [{ signal, at: at(index), new: fresh, old }], rules);
      return Object.keys(Array.from({ length: count }, (_, index) => index).reduce(take, noSignals).broken);
    };
    assert.deepEqual([heard('orders', 4, 80, 100), heard('orders', 5, 80, 100)], [[], ['worse orders']]);
    // Half a minute counts from the first reading by the clock as it is now.
    assert.deepEqual(
      [heard('queue_age', 5, 150, null), heard('queue_age', 6, 150, null)],
      [[], ['limit queue_age 120']],
    );
  });

  it('mean nothing without a number, and such a reading breaks no streak', () => {
    assert.deepEqual(brokenBy('orders', times(50, null, 100)), []);
    assert.deepEqual(brokenBy('orders', times(50, 10, null)), []);
    assert.equal(brokenBy('orders', [...times(3, 80, 100), [null, 100], ...times(2, 80, 100)]).length, 1);
  });

  it('that something else has made bad begin afresh, and are held against no release', () => {
    const bad = (count: number, from: number) =>
      times(count, 80, 100).map(([fresh, old], index): SignalReading => {
        return { signal: 'orders', at: (from + index) * 10_000, new: fresh, old };
      });
    const elsewhere = { signal: 'orders', at: 40_000, new: 0, old: 100, hasOtherCause: true } as const;
    const brokenAfter = (count: number) =>
      Object.keys(takeReadings(noSignals, [...bad(4, 0), elsewhere, ...bad(count, 5)], rules).broken).length;
    assert.deepEqual([brokenAfter(4), brokenAfter(5)], [0, 1]);
  });

  it('that nobody asked for mean nothing', () => {
    assert.deepEqual(brokenBy('temperature', times(50, 1_000, 1)), []);
  });

  it('go on from their state, whatever the readings come with', () => {
    const readings = times(5, 80, 100).map(([fresh, old], index) => {
      return { signal: 'orders', at: index * 10_000, new: fresh, old };
    });
    const once = takeReadings(noSignals, readings, rules);
    const first = takeReadings(noSignals, readings.slice(0, 2), rules);
    assert.deepEqual(takeReadings(JSON.parse(JSON.stringify(first)), readings.slice(2), rules), once);
  });
});
