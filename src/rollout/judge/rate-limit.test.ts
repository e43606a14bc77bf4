import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { harmGrid } from './grids.ts';
import { logBinomialRatio, RateLimit } from './rate-limit.ts';

/** Natural logarithm of a whole number of any size. */
function logOf(value: bigint): number {
  const digits = value.toString();
  return Math.log(Number(`0.${digits.slice(0, 17)}`)) + digits.length * Math.LN10;
}

/** The same from whole numbers: rates in percent, `rate^events · (100-rate)^misses` over the same of `most`. */
function exactLog(requests: number, events: number, rate: bigint, most: bigint): number {
  const misses = BigInt(requests - events);
  const of = (percent: bigint) => logOf(percent ** BigInt(events) * (100n - percent) ** misses);
  return of(rate) - of(most);
}

describe('a limit on a rate', () => {
  it('weighs with the exact likelihood ratio', () => {
    for (const [requests, events, rate, most] of [
      [1, 1, 3n, 1n],
      [1, 0, 60n, 1n],
      [4_000, 0, 2n, 1n],
      [4_000, 4_000, 99n, 98n],
      [3_000, 47, 2n, 1n],
    ] as const) {
      const log = logBinomialRatio(requests, events, Number(rate) / 100, Number(most) / 100);
      const exact = exactLog(requests, events, rate, most);
      assert.ok(Math.abs(log - exact) < 1e-9 * Math.max(1, Math.abs(exact)), `${log} is not ${exact}`);
    }
    assert.ok(Number.isFinite(logBinomialRatio(1e9, 1e7, 0.02, 0.01)));
  });

  it('bets on rates whose odds are so many times those of the limit', () => {
    const most = 0.3;
    const limit = new RateLimit(most);
    limit.look(1, 1);
    const rates = limit.state.bet.fromStart.map((log) => most * Math.exp(log));
    const times = rates.map((rate) => rate / (1 - rate) / (most / (1 - most)));
    assert.equal(times.length, harmGrid.length);
    for (const [index, each] of times.entries()) assert.ok(Math.abs(each / (harmGrid[index] ?? 0) - 1) < 1e-9);
  });

  it('is told nothing by a look without a request', () => {
    const limit = new RateLimit(0.01);
    limit.look(60, 2);
    const before = JSON.stringify(limit.state);
    limit.look(0, 0);
    assert.equal(JSON.stringify(limit.state), before);
  });

  it('is called broken in at most 1 % of all courses that just keep it', () => {
    const most = 0.3;
    const brokenFrom = (limit: RateLimit, left: number): number => {
      if (limit.isBroken) return 1;
      if (left === 0) return 0;
      const after = (events: number) => {
        const next = new RateLimit(most, limit.state);
        next.look(1, events);
        return brokenFrom(next, left - 1);
      };
      return most * after(1) + (1 - most) * after(0);
    };
    const probability = brokenFrom(new RateLimit(most), 13);
    assert.ok(probability > 0 && probability <= 0.01, String(probability));
  });

  it('is found broken soon, and not while it is kept', () => {
    const after = (looks: number, failures: number) => {
      const limit = new RateLimit(0.01);
      for (let look = 0; look < looks; look++) limit.look(100, failures);
      return limit.isBroken;
    };
    assert.equal(after(5, 5), true);
    assert.equal(after(200, 1), false);
    assert.equal(after(0, 0), false);
  });

  it('that allows none is broken by the first, one that allows all by nothing', () => {
    const none = new RateLimit(0);
    none.look(1_000, 0);
    assert.equal(none.isBroken, false);
    none.look(1, 1);
    assert.equal(none.isBroken, true);
    const all = new RateLimit(1);
    all.look(50, 50);
    assert.equal(all.isBroken, false);
    assert.deepEqual(all.state, new RateLimit(1).state);
  });

  it('goes on from its state, and stays broken', () => {
    const limit = new RateLimit(0.01);
    limit.look(60, 2);
    const other = new RateLimit(0.01, JSON.parse(JSON.stringify(limit.state)));
    for (const each of [limit, other]) each.look(60, 9);
    assert.deepEqual(other.state, limit.state);
    assert.equal(other.isBroken, true);
    other.look(1_000_000, 0);
    assert.equal(other.isBroken, true);
  });
});
