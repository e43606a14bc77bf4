import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../../core/secret.ts';
import { httpReceiver } from '../fixtures/http-receiver.ts';
import { exampleMessage } from '../notifications.contract.ts';
import { beat } from './heartbeat.ts';

test('a heartbeat is a GET of its address, and a refusal is an error without the address', async () => {
  await using world = await httpReceiver({
    secrets: ['/ping/secret'],
    send: (origin) => async (_message, signal) => await beat(new Secret(`${origin}/ping/secret`), signal),
  });
  await world.send(exampleMessage, AbortSignal.timeout(60_000));
  assert.deepEqual([world.calls[0]?.method, world.calls[0]?.path], ['GET', '/ping/secret']);
  world.break();
  await assert.rejects(world.send(exampleMessage, AbortSignal.timeout(60_000)), (error: Error) => {
    return /answered with 503/.test(error.message) && !error.message.includes('/ping/secret');
  });
});
