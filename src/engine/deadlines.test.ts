import assert from 'node:assert/strict';
import { it } from 'node:test';
import { clockOn, VirtualTime } from '../../test/simulation/virtual-time.ts';
import { Deadlines } from './deadlines.ts';

function timed() {
  const time = new VirtualTime();
  const clock = clockOn(time);
  const rests: AbortSignal[] = [];
  const counted: typeof clock = {
    ...clock,
    sleep: (ms, signal) => {
      rests.push(signal);
      return clock.sleep(ms, signal);
    },
  };
  return { time, rests, deadlines: new Deadlines(counted) };
}

it('deadlines pass in their time, each once, and not those that were taken away', async () => {
  const { time, deadlines } = timed();
  const passed: string[] = [];
  deadlines.set(10_000, () => passed.push('long'));
  deadlines.set(1_000, () => passed.push('short'));
  deadlines.set(2_000, () => passed.push('never'))();
  await time.passMs(999);
  assert.equal(passed.length, 0);
  await time.passMs(2);
  assert.deepEqual(passed, ['short']);
  deadlines.set(500, () => passed.push('later'));
  await time.passMs(20_000);
  assert.deepEqual(passed, ['short', 'later', 'long']);
});

it('another one of the same moment changes nothing about the timer', async () => {
  const { time, rests, deadlines } = timed();
  deadlines.set(100, () => undefined);
  deadlines.set(100, () => undefined);
  await time.passMs(1);
  assert.deepEqual([rests.length, rests[0]?.aborted], [1, false]);
});

it('one timer serves many calls, and none is left when nobody calls any more', async () => {
  const { time, rests, deadlines } = timed();
  for (let call = 0; call < 1_000; call++) {
    const answered = deadlines.set(10_000, () => assert.fail('it was answered'));
    await time.passMs(20);
    answered();
  }
  assert.ok(rests.length <= 4, String(rests.length));
  deadlines.close();
  assert.equal(rests.at(-1)?.aborted, true);
  await time.passMs(1);
  const before = rests.length;
  deadlines.set(10, () => undefined);
  assert.equal(rests.length, before + 1, 'a later one is watched again');
  deadlines.close();
  assert.equal(rests.at(-1)?.aborted, false, 'one that is under way keeps its time');
});
