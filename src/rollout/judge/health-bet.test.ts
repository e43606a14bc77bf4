import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { healthGrid } from './grids.ts';
import { HealthBet } from './health-bet.ts';

const rules = { tolerance: 2, toleratedRate: 0.005 };
const healthy = Math.log(20);

function after(looks: number, newEvents: number, oldEvents: number, newUnits = 1000, oldUnits = 19_000): number {
  const bet = new HealthBet(rules, null);
  for (let look = 0; look < looks; look++) bet.bet({ newUnits, oldUnits, newEvents, oldEvents }, newUnits);
  return bet.logEvidence;
}

describe('evidence of health', () => {
  it('comes from equal rates', () => {
    assert.ok(after(4, 5, 95) >= healthy);
  });

  it('comes from a service that never fails, where odds cannot be told', () => {
    assert.ok(after(1, 0, 0) >= healthy);
    assert.ok(after(1, 0, 0, 100, 1_900) < healthy);
  });

  it('comes for a rate far below the tolerated one, though it is three times the old one', () => {
    assert.ok(after(4, 1, 6) >= healthy);
  });

  it('never comes from no data, nor from twice the odds', () => {
    assert.ok(Math.abs(after(0, 0, 0)) < 1e-12);
    assert.ok(after(40, 10, 95) < healthy);
  });

  it('from rates alone weighs each request that did not fail, and each that did', () => {
    // Nobody is left of the old release, so that odds tell nothing.
    const likelihoods = healthGrid.map((part) => part ** 2 * ((1 - part * 0.005) / (1 - 0.005)) ** 998);
    const mean = (5 + likelihoods.reduce((sum, each) => sum + each, 0)) / 10;
    assert.ok(Math.abs(after(1, 2, 0, 1000, 0) - Math.log(mean)) < 1e-9);
  });

  it('is reached exactly where it is so much', () => {
    for (const [newUnits, newEvents, oldUnits, oldEvents] of [
      [2, 2, 0, 0],
      [1000, 0, 19_000, 0],
      [1000, 10, 19_000, 190],
      [1000, 0, 19_000, 95],
      [1000, 30, 19_000, 95],
    ] as const) {
      const bet = new HealthBet(rules, null);
      bet.bet({ newUnits, oldUnits, newEvents, oldEvents }, newUnits);
      const log = bet.logEvidence;
      assert.deepEqual([bet.reaches(log - 1e-3), bet.reaches(log + 1e-3)], [true, false], `${newEvents}/${oldEvents}`);
    }
  });

  it('goes on from its state', () => {
    const bet = new HealthBet(rules, null);
    const seen = { newUnits: 500, oldUnits: 9_500, newEvents: 2, oldEvents: 40 };
    bet.bet(seen, 500);
    const other = new HealthBet(rules, JSON.parse(JSON.stringify(bet.state)));
    for (const each of [bet, other]) each.bet(seen, 500);
    assert.equal(other.logEvidence, bet.logEvidence);
  });
});
