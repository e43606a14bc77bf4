import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PassingTime } from './passing-time.ts';

const unheard = new AbortController().signal;

/** A clock that somebody sets, and time itself; a rest takes as long as the test says. */
function passing() {
  const here = { now: 1_800_000_000_000, uptime: 5_000, restTakesMs: 0 };
  const time = new PassingTime({
    now: () => here.now,
    uptime: () => here.uptime,
    sleep: async () => {
      here.now += here.restTakesMs;
      here.uptime += here.restTakesMs;
    },
  });
  const pass = (ms: number, clockGainsMs = 0) => {
    here.now += ms + clockGainsMs;
    here.uptime += ms;
    return time.notice();
  };
  return { here, time, pass };
}

describe('time that nobody could use', () => {
  it('is what has passed before the start, until the machine is told', () => {
    const { time, pass } = passing();
    assert.equal(time.isLost, true);
    pass(10_000);
    assert.equal(time.isLost, true);
    time.told();
    assert.equal(time.isLost, false);
    pass(10_000);
    assert.equal(time.isLost, false);
  });

  for (const [gainsMs, isLost] of [
    [0, false],
    [999, false],
    [1_000, true],
    [-999, false],
    [-1_000, true],
    [86_400_000, true],
  ] as const) {
    it(`has ${isLost ? '' : 'not '}passed when the clock has gained ${gainsMs} ms against time itself`, () => {
      const { here, time, pass } = passing();
      pass(0);
      time.told();
      assert.equal(pass(10_000, gainsMs), here.now);
      assert.equal(time.isLost, isLost);
    });
  }

  it('has not passed when the clock goes a little wrong all the time', () => {
    const { time, pass } = passing();
    pass(0);
    time.told();
    for (let decision = 0; decision < 10; decision++) pass(1_000, 500);
    assert.equal(time.isLost, false);
  });

  it('is not forgotten by what passes as it should', async () => {
    const { time, pass } = passing();
    pass(0);
    time.told();
    pass(1_000, 5_000);
    pass(1_000);
    await time.rest(1_000, unheard);
    assert.equal(time.isLost, true);
  });

  for (const [tookMs, isLost] of [
    [0, false],
    [1_000, false],
    [31_000, false],
    [31_001, true],
    [-1, true],
  ] as const) {
    it(`has ${isLost ? '' : 'not '}passed in a rest of a second that took ${tookMs} ms by the clock`, async () => {
      const { here, time } = passing();
      time.told();
      here.restTakesMs = tookMs;
      await time.rest(1_000, unheard);
      assert.equal(time.isLost, isLost);
    });
  }
});
