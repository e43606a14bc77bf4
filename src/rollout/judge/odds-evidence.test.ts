import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { logRatios } from './odds-evidence.ts';

/** Binomial coefficient, exactly. */
function choose(n: number, k: number): bigint {
  let result = 1n;
  for (let i = 0; i < k; i++) result = (result * BigInt(n - i)) / BigInt(i + 1);
  return result;
}

/** Natural logarithm of a whole number of any size. */
function logOf(value: bigint): number {
  const digits = value.toString();
  return Math.log(Number(`0.${digits.slice(0, 17)}`)) + digits.length * Math.LN10;
}

/** log P(newEvents) under whole-number odds, from exact sums of exact terms. */
function exactLog(newUnits: number, oldUnits: number, newEvents: number, events: number, odds: number): number {
  const term = (k: number) => choose(newUnits, k) * choose(oldUnits, events - k) * BigInt(odds) ** BigInt(k);
  let sum = 0n;
  for (let k = Math.max(0, events - oldUnits); k <= Math.min(newUnits, events); k++) sum += term(k);
  return logOf(term(newEvents)) - logOf(sum);
}

const cases = [
  { newUnits: 1, oldUnits: 19, newEvents: 1, oldEvents: 0 },
  { newUnits: 1, oldUnits: 19, newEvents: 0, oldEvents: 3 },
  { newUnits: 50, oldUnits: 950, newEvents: 4, oldEvents: 9 },
  { newUnits: 5, oldUnits: 3, newEvents: 4, oldEvents: 2 },
  { newUnits: 1_000, oldUnits: 1_000_000, newEvents: 12, oldEvents: 140 },
  { newUnits: 3_000_000, oldUnits: 57_000_000, newEvents: 30, oldEvents: 270 },
];

describe('the likelihood ratio of two odds', () => {
  for (const seen of cases) {
    it(`is the exact one for ${JSON.stringify(seen)}`, () => {
      const { newUnits, oldUnits, newEvents, oldEvents } = seen;
      const events = newEvents + oldEvents;
      const log = (odds: number) => exactLog(newUnits, oldUnits, newEvents, events, odds);
      const expected = [3, 60].map((odds) => log(odds) - log(2));
      for (const [index, ratio] of logRatios(seen, 2, [3, 60]).entries())
        assert.ok(Math.abs(ratio - (expected[index] ?? Number.NaN)) < 1e-9, `${ratio} is not ${expected[index]}`);
    });
  }

  it('is finite where a hundred million units have half a million events', () => {
    const seen = { newUnits: 5e6, oldUnits: 95e6, newEvents: 25_000, oldEvents: 475_000 };
    const [same = Number.NaN, far = Number.NaN] = logRatios(seen, 1, [1, 1.5]);
    assert.ok(Math.abs(same) < 1e-6);
    // Twenty-five thousand expected and seen: odds of 1.5 are hopeless.
    assert.ok(far < -1000 && far > -1e6, String(far));
  });

  it('says nothing where nothing can be told', () => {
    const none = { newUnits: 40, oldUnits: 900, newEvents: 0, oldEvents: 0 };
    assert.deepEqual(logRatios(none, 1, [2, 3]), [0, 0]);
    assert.deepEqual(logRatios({ ...none, newEvents: 40, oldEvents: 900 }, 1, [2]), [0]);
    const one = { newUnits: 7, oldUnits: 0, newEvents: 1, oldEvents: 0 };
    const alternatives = [1.1, 1.7, 2.3, 3.3, 7.7, 19.8];
    assert.ok(logRatios(one, 1.1, alternatives).every((ratio) => ratio === 0));
    assert.deepEqual(logRatios({ newUnits: 0, oldUnits: 900, newEvents: 0, oldEvents: 7 }, 1, [2]), [0]);
  });

  it('has a mean of 1 under the null odds, and at most 1 under lower ones', () => {
    for (const [newUnits, oldUnits, events] of [
      [1, 19, 2],
      [7, 5, 6],
      [50, 950, 11],
    ] as const) {
      const mean = (odds: number) => {
        let sum = 0;
        for (let k = Math.max(0, events - oldUnits); k <= Math.min(newUnits, events); k++) {
          const seen = { newUnits, oldUnits, newEvents: k, oldEvents: events - k };
          const [ratio = Number.NaN] = logRatios(seen, 3, [7]);
          sum += Math.exp(exactLog(newUnits, oldUnits, k, events, odds) + ratio);
        }
        return sum;
      };
      assert.ok(Math.abs(mean(3) - 1) < 1e-9);
      assert.ok(mean(2) < 1 && mean(1) < mean(2));
    }
  });
});
