import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { Secret } from '../../../core/secret.ts';
import { httpReceiver } from '../fixtures/http-receiver.ts';
import { exampleMessage, notificationsContract } from '../notifications.contract.ts';
import { sendWebhook } from './webhook.ts';

const key = `whsec_${Buffer.from('a key of thirty-two bytes, or so').toString('base64')}`;

const start = async () =>
  await httpReceiver({
    secrets: ['/hooks/secret-path', key],
    send: (origin) => async (message, signal) =>
      await sendWebhook({ url: new Secret(`${origin}/hooks/secret-path`), key: new Secret(key) }, message, signal),
  });

notificationsContract('webhook', start);

test('the signature is one that the verifier of Standard Webhooks accepts, and no other', async () => {
  await using world = await start();
  await world.send(exampleMessage, AbortSignal.timeout(60_000));
  const [call] = world.calls;
  assert.ok(call);
  const headers = Object.fromEntries(
    ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [name, String(call.headers[name])]),
  );
  assert.deepEqual(new Webhook(key).verify(call.body, headers), {
    type: 'lotse.notification',
    timestamp: '2026-05-04T03:30:00.000Z',
    data: {
      app: 'shop',
      environment: 'production',
      urgency: 'alarm',
      story: exampleMessage.story,
      title: exampleMessage.title,
      lines: exampleMessage.lines,
      facts: exampleMessage.facts,
    },
  });
  assert.equal(headers['webhook-id'], exampleMessage.id);
  assert.throws(() => new Webhook(key).verify(`${call.body} `, headers));
  const other = `whsec_${Buffer.from('another key of thirty-two bytes!').toString('base64')}`;
  assert.throws(() => new Webhook(other).verify(call.body, headers));
});

test('what is not a key, what is not an address, a redirect and a refusal are said as what they are', async () => {
  await using world = await start();
  const url = new Secret('http://127.0.0.1:1/x');
  const signal = AbortSignal.timeout(60_000);
  await assert.rejects(sendWebhook({ url, key: new Secret('c2hvcnQ=') }, exampleMessage, signal), {
    code: 'bad-input',
  });
  const file = new Secret('file:///etc/passwd');
  await assert.rejects(sendWebhook({ url: file, key: new Secret(key) }, exampleMessage, signal), { code: 'bad-input' });
  for (const [status, code] of [
    [302, 'conflict'],
    [401, 'forbidden'],
    [410, 'conflict'],
    [429, 'unreachable'],
  ] as const) {
    world.answerWith(status);
    await assert.rejects(world.send(exampleMessage, signal), { code });
  }
  assert.equal(world.calls.length, 0);
});
