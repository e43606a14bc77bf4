import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { Secret } from '../../../core/secret.ts';
import { httpReceiver } from '../fixtures/http-receiver.ts';
import { exampleMessage, notificationsContract } from '../notifications.contract.ts';
import { sendPagerDuty } from './pagerduty.ts';

/** https://developer.pagerduty.com/docs/send-alert-event */
const event = z.strictObject({
  routing_key: z.string().length(32),
  event_action: z.enum(['trigger', 'acknowledge', 'resolve']),
  dedup_key: z.string().max(255),
  client: z.string(),
  payload: z.strictObject({
    summary: z.string().min(1).max(1024),
    source: z.string().min(1),
    severity: z.enum(['critical', 'warning', 'error', 'info']),
    timestamp: z.iso.datetime(),
    component: z.string(),
    group: z.string(),
    class: z.string(),
    custom_details: z.record(z.string(), z.unknown()),
  }),
});

const key = 'a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5';
const start = async () =>
  await httpReceiver({
    secrets: [key],
    send: (origin) => async (message, signal) =>
      await sendPagerDuty(new Secret(`${origin.replace('//', `//${key}@`)}/v2/enqueue`), message, signal),
  });

notificationsContract('pagerduty', start);

test('it is an event of version 2, and messages of one story are one alert', async () => {
  await using world = await start();
  await world.send({ ...exampleMessage, title: 'x'.repeat(5000) }, AbortSignal.timeout(60_000));
  await world.send({ ...exampleMessage, id: 'another' }, AbortSignal.timeout(60_000));
  const [first, second] = world.received().map((body) => event.parse(JSON.parse(body)));
  assert.equal(first?.routing_key, key);
  assert.equal(first.payload.severity, 'critical');
  assert.equal(first.dedup_key, second?.dedup_key);
  assert.equal(world.calls[0]?.path, '/v2/enqueue');
});
