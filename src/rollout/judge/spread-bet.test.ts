import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpreadBet } from './spread-bet.ts';

/** A fair coin bet on heads with a chance of 0.8. */
const heads = Math.log(0.8 / 0.5);
const tails = Math.log(0.2 / 0.5);
const halves = [0.5, 0.5];

function evidenceOf(tosses: readonly boolean[]): number {
  const bet = new SpreadBet([1]);
  for (const isHead of tosses) bet.bet([isHead ? heads : tails]);
  return Math.exp(bet.logEvidence);
}

describe('a spread bet', () => {
  it('has a mean of at most 1 under the null hypothesis, however long it runs', () => {
    for (const length of [1, 5, 12]) {
      let sum = 0;
      for (let bits = 0; bits < 2 ** length; bits++)
        sum += evidenceOf(Array.from({ length }, (_, toss) => ((bits >> toss) & 1) === 1));
      const mean = sum / 2 ** length;
      assert.ok(mean <= 1 && mean > 0.5, `${mean} after ${length}`);
    }
  });

  it('finds trouble that begins late sooner than a bet from the start alone', () => {
    const tosses = [...Array.from({ length: 400 }, (_, i) => i % 2 === 0), ...Array.from({ length: 40 }, () => true)];
    const fromStart = tosses.reduce((log, isHead) => log + (isHead ? heads : tails), 0);
    assert.ok(fromStart < 0);
    assert.ok(evidenceOf(tosses) > 100);
  });

  it('is reached exactly where it is so much', () => {
    const courses: readonly (readonly (readonly number[])[])[] = [
      [[3, 3]],
      [[3, -3]],
      Array.from({ length: 5 }, () => [1, -1]),
      // Trouble begins late, for both alternatives or for one.
      Array.from({ length: 60 }, (_, look) => (look < 40 ? [-1, -1] : [1, 1])),
      Array.from({ length: 60 }, (_, look) => (look < 40 ? [-1, -1] : [1, -1])),
    ];
    for (const [index, course] of courses.entries()) {
      const bet = new SpreadBet(halves);
      for (const ratios of course) bet.bet(ratios);
      const log = bet.logEvidence;
      assert.deepEqual([bet.reaches(log - 1e-3), bet.reaches(log + 1e-3)], [true, false], `course ${index}`);
    }
  });

  it('goes on from its state as if nothing had happened', () => {
    const one = new SpreadBet(halves);
    for (let i = 0; i < 5; i++) one.bet([heads, tails]);
    const other = new SpreadBet(halves, JSON.parse(JSON.stringify(one.state)));
    for (const bet of [one, other]) bet.bet([tails, heads]);
    assert.equal(other.logEvidence, one.logEvidence);
    const untouched = JSON.parse(JSON.stringify(new SpreadBet(halves).state));
    assert.ok(new SpreadBet(halves, untouched).logEvidence < 0);
  });
});
