import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../../core/secret.ts';
import { httpReceiver } from '../fixtures/http-receiver.ts';
import { exampleMessage, notificationsContract } from '../notifications.contract.ts';
import { sendNtfy } from './ntfy.ts';

const start = (credentials = '') =>
  httpReceiver({
    secrets: ['secret-topic'],
    send: (origin) => async (message, signal) =>
      await sendNtfy(new Secret(`${origin.replace('//', `//${credentials}`)}/base/secret-topic`), message, signal),
  });

notificationsContract('ntfy', () => start());

test('it is published as JSON to the server of the topic, with credentials where there are any', async () => {
  for (const [credentials, header] of [
    ['', undefined],
    ['user:p%40ss@', `Basic ${Buffer.from('user:p@ss').toString('base64')}`],
    [':tk_secret@', 'Bearer tk_secret'],
  ] as const) {
    await using world = await start(credentials);
    await world.send(exampleMessage, AbortSignal.timeout(60_000));
    const [call] = world.calls;
    assert.equal(call?.path, '/base/');
    assert.equal(call.headers.authorization, header);
    assert.deepEqual(JSON.parse(call.body), {
      topic: 'secret-topic',
      title: exampleMessage.title,
      message: 'r7 ist live\nr7 ist gestrandet',
      priority: 5,
    });
  }
});

test('an address without a topic is refused', async () => {
  const sent = sendNtfy(new Secret('http://127.0.0.1:1/'), exampleMessage, AbortSignal.timeout(1_000));
  await assert.rejects(sent, { code: 'bad-input' });
});
