import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clockOn, VirtualTime } from '../../test/simulation/virtual-time.ts';
import { Patience, waitMs } from './patience.ts';

/** Calls that end when the test says so, in simulated time. */
function waiting() {
  const time = new VirtualTime();
  const clock = clockOn(time);
  const rests: AbortSignal[] = [];
  const sleep: typeof clock.sleep = async (ms, signal) => {
    rests.push(signal);
    await clock.sleep(ms, signal);
  };
  const patience = new Patience({ ...clock, sleep });
  const calls: PromiseWithResolvers<string>[] = [];
  const begin = () => {
    const call = Promise.withResolvers<string>();
    calls.push(call);
    return call.promise;
  };
  const outcomes: string[] = [];
  const told = (promise: Promise<unknown>) =>
    void promise.then(
      (value) => outcomes.push(value === undefined ? 'done' : String(value)),
      (error: unknown) => outcomes.push(error instanceof Error ? error.message : 'odd'),
    );
  const ask = (what = 'how it is', port = 'the target', withinMs: number = waitMs.usual) =>
    told(patience.ask({ port, what, withinMs }, begin));
  const doubts: string[] = [];
  const order = (text: string, key = 'web') => {
    const ordering = { port: 'the target', what: key, key, text, withinMs: waitMs.usual };
    told(
      patience.order(
        ordering,
        async () => void (await begin()),
        () => doubts.push(text),
      ),
    );
  };
  return { time, patience, calls, outcomes, doubts, rests, ask, order };
}

describe('a question', () => {
  it('that is answered in time has its answer, or its error', async () => {
    const { time, calls, outcomes, ask } = waiting();
    ask();
    ask('what it has');
    calls[0]?.resolve('well');
    calls[1]?.reject(new Error('gone'));
    await time.passMs(1);
    assert.deepEqual(outcomes, ['well', 'gone']);
  });

  it('that is not answered has failed, and may be asked again; a late answer counts for nothing', async () => {
    const { time, calls, outcomes, ask, patience } = waiting();
    ask();
    await time.passMs(9_999);
    assert.deepEqual(outcomes, []);
    await time.passMs(2);
    assert.deepEqual(outcomes, ['the target did not answer within 10 s (how it is)']);
    calls[0]?.resolve('well');
    await time.passMs(1);
    assert.equal(outcomes.length, 1);
    const never = patience.ask({ port: 'p', what: 'w', withinMs: 5 }, () => new Promise(() => undefined));
    const refused = assert.rejects(never, { code: 'timeout', retriable: true });
    await time.passMs(10);
    await refused;
  });

  it('at a port where a call hangs is waited for a second, of whatever kind; at others as long as ever', async () => {
    const { time, outcomes, ask } = waiting();
    ask();
    await time.passMs(10_001);
    ask('what it has');
    ask('how it is', 'the proxy');
    await time.passMs(1_001);
    assert.deepEqual(outcomes.slice(1), ['the target did not answer within 1 s (what it has)']);
    await time.passMs(9_000);
    assert.equal(outcomes.at(-1), 'the proxy did not answer within 10 s (how it is)');
  });

  it('is asked ever more rarely while those before it hang, at least every ten seconds', async () => {
    const { time, calls, ask } = waiting();
    for (let second = 0; second < 600; second++) {
      ask();
      await time.passMs(1_000);
    }
    assert.ok(calls.length >= 60 && calls.length <= 90, String(calls.length));
  });

  it('is asked again a second later for each of those that hang, and refused until then', async () => {
    const { time, calls, ask, patience } = waiting();
    const slow = { port: 'the target', what: 'how it is', withinMs: 400 };
    for (let hanging = 1; hanging < 8; hanging++) {
      ask(slow.what, slow.port, slow.withinMs);
      assert.equal(calls.length, hanging);
      await time.passMs(1_000 * hanging - 1);
      const message = 'the target has not answered yet (how it is)';
      await assert.rejects(
        patience.ask(slow, () => Promise.resolve('')),
        { code: 'timeout', retriable: true, message },
      );
      await time.passMs(1);
    }
  });

  it('is asked as often as ever when another one hangs there, the same one elsewhere, or it has failed', async () => {
    const { time, calls, ask } = waiting();
    ask();
    await time.passMs(10_001);
    for (const [what, port] of [
      ['what it has', 'the target'],
      ['how it is', 'the proxy'],
    ]) {
      const before = calls.length;
      for (let time = 0; time < 2; time++) ask(what, port);
      assert.equal(calls.length, before + 2);
    }
    ask('what room there is');
    calls.at(-1)?.reject(new Error('gone'));
    await time.passMs(1);
    const before = calls.length;
    ask('what room there is');
    assert.equal(calls.length, before + 1);
  });

  it('that has hung for a minute holds nothing back any more', async () => {
    const { time, calls, ask } = waiting();
    ask();
    await time.passMs(59_500);
    ask();
    await time.passMs(500);
    ask();
    assert.equal(calls.length, 3);
  });

  it('that hangs shortens the time of others, whatever else is answered', async () => {
    const { time, calls, outcomes, ask } = waiting();
    ask();
    await time.passMs(10_001);
    ask('what it has');
    ask('how it is', 'the proxy');
    for (const call of calls.slice(1)) call.resolve('well');
    await time.passMs(1);
    ask('what room there is');
    await time.passMs(1_001);
    assert.equal(outcomes.at(-1), 'the target did not answer within 1 s (what room there is)');
  });

  it('is asked at once when one of those before it was answered, though others hang still', async () => {
    const { time, calls, outcomes, ask } = waiting();
    for (let second = 0; second < 60; second++) {
      ask();
      await time.passMs(1_000);
    }
    ask();
    const held = calls.length;
    ask();
    await time.passMs(1);
    assert.equal(calls.length, held);
    calls[held - 1]?.resolve('well');
    await time.passMs(1);
    ask();
    assert.equal(calls.length, held + 1);
    calls[held]?.resolve('better');
    await time.passMs(1);
    assert.equal(outcomes.at(-1), 'better');
  });

  it('has all the time again once what hung has ended, or is forgotten', async () => {
    for (const end of [true, false]) {
      const { time, calls, outcomes, ask } = waiting();
      ask();
      await time.passMs(10_001);
      if (end) calls[0]?.reject(new Error('reset'));
      else await time.passMs(60_000);
      await time.passMs(1);
      ask('what it has');
      await time.passMs(5_000);
      calls.at(-1)?.resolve('much');
      await time.passMs(1);
      assert.equal(outcomes.at(-1), 'much');
    }
  });
});

describe('an order', () => {
  it('that is given again while it is under way is given once, and both hear of its end', async () => {
    const { time, calls, outcomes, doubts, order } = waiting();
    order('2');
    await time.passMs(10_001);
    assert.deepEqual([outcomes, doubts], [['the target did not answer within 10 s (web)'], ['2']]);
    order('2');
    await time.passMs(500);
    assert.equal(calls.length, 1);
    calls[0]?.resolve('');
    await time.passMs(1);
    assert.deepEqual([outcomes.at(-1), doubts], ['done', ['2']]);
  });

  it('is given anew when it says something else, is about something else, has ended, or is lost', async () => {
    const { time, calls, order } = waiting();
    order('2');
    order('0');
    order('2', 'api');
    assert.equal(calls.length, 3);
    calls[2]?.resolve('');
    await time.passMs(1);
    order('2', 'api');
    assert.equal(calls.length, 4);
    await time.passMs(14_000);
    order('0');
    assert.equal(calls.length, 4);
    await time.passMs(999);
    order('0');
    assert.equal(calls.length, 5);
  });

  it('is joined by whoever gives it again, also once the one before it has ended', async () => {
    const { time, calls, outcomes, order } = waiting();
    order('1');
    order('0');
    calls[0]?.resolve('');
    await time.passMs(1);
    order('0');
    assert.equal(calls.length, 2);
    calls[1]?.resolve('');
    await time.passMs(1);
    assert.deepEqual(outcomes, ['done', 'done', 'done']);
  });

  for (const [until, end, ms] of [
    ['while it is under way', () => undefined, 1_000],
    ['not once it has ended', (call?: PromiseWithResolvers<string>) => call?.resolve(''), 10_000],
  ] as const) {
    it(`that hangs shortens the time of others at its port ${until}`, async () => {
      const { time, calls, outcomes, order } = waiting();
      order('2');
      await time.passMs(10_001);
      end(calls[0]);
      await time.passMs(1);
      order('2', 'api');
      await time.passMs(ms - 1);
      assert.equal(outcomes.length, 1);
      await time.passMs(2);
      assert.equal(outcomes.at(-1), `the target did not answer within ${ms / 1_000} s (api)`);
    });
  }

  it('that has hung for a minute shortens nothing any more', async () => {
    const { time, outcomes, order } = waiting();
    order('2');
    await time.passMs(60_000);
    order('2', 'api');
    await time.passMs(9_999);
    assert.equal(outcomes.length, 1);
  });

  it('is in doubt again when it ends and nobody waits, or another one was given meanwhile', async () => {
    const { time, calls, doubts, order } = waiting();
    order('2');
    await time.passMs(10_001);
    calls[0]?.resolve('');
    await time.passMs(1);
    assert.deepEqual(doubts, ['2', '2']);
    order('1');
    order('0');
    calls[2]?.resolve('');
    calls[1]?.reject(new Error('reset'));
    await time.passMs(1);
    assert.deepEqual(doubts.slice(2), ['1']);
  });
});

it('nobody rests any more once all is answered and nobody calls', async () => {
  const { time, patience, calls, rests, ask } = waiting();
  ask();
  await time.passMs(1);
  patience.close();
  assert.equal(rests.at(-1)?.aborted, false, 'a call is under way');
  calls[0]?.resolve('well');
  await time.passMs(1);
  patience.close();
  assert.equal(rests.at(-1)?.aborted, true);
});
