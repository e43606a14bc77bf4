import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LotseError } from '../../core/errors.ts';
import type { Address, Message } from './notifications.ts';

/** What a driver's test gives to the suite; one for each test. */
export interface ReceiverUnderTest extends AsyncDisposable {
  readonly send: (message: Message, signal: AbortSignal) => Promise<void>;
  /** What has arrived, as one text each. */
  readonly received: () => readonly string[];
  /** From now on it refuses, with an error that may pass. */
  readonly break: () => void;
  /** From now on it takes calls and never answers. */
  readonly hang: () => void;
  /** From now on nobody listens there. */
  readonly stop: () => Promise<void>;
  /** Texts of the address that no error may hold. */
  readonly secrets: readonly string[];
}

export const exampleMessage: Message = {
  id: '0199f3c0-0000-7000-8000-000000000001',
  at: Date.parse('2026-05-04T03:30:00Z'),
  app: 'shop',
  environment: 'production',
  urgency: 'alarm',
  story: 'rollout/production-rollout-7',
  title: 'shop/production: r7 ist gestrandet – „Größe“ <b> & *fett*',
  lines: ['r7 ist live', 'r7 ist gestrandet'],
  facts: [{ id: 'event-1', kind: 'stranded', at: 0, data: { release: 'r7' } }],
};

const patience = () => AbortSignal.timeout(20_000);

/** Every driver passes this suite; a new one is done when it does. */
export function notificationsContract(kind: Address['kind'], start: () => Promise<ReceiverUnderTest>): void {
  const failsWith = async (world: ReceiverUnderTest, code: string, signal = patience()) => {
    const error = await world.send(exampleMessage, signal).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof LotseError, String(error));
    assert.equal(error.code, code, error.message);
    for (const secret of world.secrets) {
      for (const text of [error.message, error.hint ?? '', ...error.details, String(error.cause ?? '')])
        assert.ok(!text.includes(secret), text);
    }
    return error;
  };

  describe(`${kind}: the contract of notifications`, () => {
    test('a message arrives, and the same one again is the same one', async () => {
      await using world = await start();
      await world.send(exampleMessage, patience());
      await world.send(exampleMessage, patience());
      assert.equal(world.received().length, 2);
      for (const text of world.received()) assert.match(text, /r7 ist gestrandet/);
    });

    test('a refusal that may pass is said as such, without the address', async () => {
      await using world = await start();
      world.break();
      assert.equal((await failsWith(world, 'unreachable')).retriable, true);
    });

    test('where nobody listens, that is said, without the address', async () => {
      await using world = await start();
      await world.stop();
      assert.equal((await failsWith(world, 'unreachable')).retriable, true);
    });

    test('one that never answers is given up when it is told to', async () => {
      await using world = await start();
      world.hang();
      assert.equal((await failsWith(world, 'timeout', AbortSignal.timeout(300))).retriable, true);
    });
  });
}
