import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LotseError } from '../../core/errors.ts';
import type { SignalQuestion, Signals } from './signals.ts';

/** What a driver's test gives to the suite; one for each test. */
export interface SignalsUnderTest extends AsyncDisposable {
  readonly signals: Signals;
  /** A question that is answered with this number. */
  readonly asks: (value: number) => SignalQuestion;
  /** One whose answer holds no number. */
  readonly asksForNothing: () => SignalQuestion;
  /** One that is refused or fails, and words of the reason. */
  readonly fails: { readonly question: () => SignalQuestion; readonly reason: RegExp };
  /** One that nobody answers. */
  readonly hangs: () => SignalQuestion;
}

const patience = () => AbortSignal.timeout(20_000);

/** Every driver passes this suite; a new one is done when it does. */
export function signalsContract(name: string, start: () => Promise<SignalsUnderTest>): void {
  describe(`${name}: the contract of signals`, () => {
    test('a number is read as it is', async () => {
      await using world = await start();
      for (const value of [0, 12.5, -3, 1e-9, 2e21])
        assert.equal(await world.signals.read(world.asks(value), patience()), value);
    });

    test('the same may be asked again, and several at once', async () => {
      await using world = await start();
      const values = await Promise.all([1, 2, 1].map((value) => world.signals.read(world.asks(value), patience())));
      assert.deepEqual(values, [1, 2, 1]);
    });

    test('an answer without a number is no number, and no error', async () => {
      await using world = await start();
      assert.equal(await world.signals.read(world.asksForNothing(), patience()), null);
    });

    test('what fails says why, and the next question is answered', async () => {
      await using world = await start();
      await assert.rejects(world.signals.read(world.fails.question(), patience()), (error) => {
        assert.ok(error instanceof LotseError, String(error));
        assert.match(error.message, world.fails.reason);
        return true;
      });
      assert.equal(await world.signals.read(world.asks(4), patience()), 4);
    });

    test('nobody waits for an answer that is not wanted any more', async () => {
      await using world = await start();
      const wanted = new AbortController();
      const asked = world.signals.read(world.hangs(), wanted.signal);
      setTimeout(() => wanted.abort(), 50);
      await assert.rejects(asked, (error) => error instanceof LotseError && error.code === 'cancelled');
      const gone = world.signals.read(world.hangs(), AbortSignal.abort());
      await assert.rejects(gone, (error) => error instanceof LotseError && error.code === 'cancelled');
    });

    test('an answer that does not come is given up', async () => {
      await using world = await start();
      const asked = world.signals.read(world.hangs(), patience());
      await assert.rejects(asked, (error) => error instanceof LotseError && error.code === 'timeout');
    });
  });
}
