import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { Secret } from '../../../core/secret.ts';
import { httpReceiver } from '../fixtures/http-receiver.ts';
import { exampleMessage, notificationsContract } from '../notifications.contract.ts';
import { sendTeams } from './teams.ts';

/** The part of https://adaptivecards.io/schemas/1.4.0/adaptive-card.json that is used, and Teams' envelope around it. */
const textBlock = z.strictObject({
  type: z.literal('TextBlock'),
  text: z.string(),
  weight: z.enum(['Default', 'Lighter', 'Bolder']).optional(),
  size: z.enum(['Default', 'Small', 'Medium', 'Large', 'ExtraLarge']).optional(),
  color: z.enum(['Default', 'Dark', 'Light', 'Accent', 'Good', 'Warning', 'Attention']).optional(),
  wrap: z.boolean(),
});
const card = z.strictObject({
  $schema: z.literal('http://adaptivecards.io/schemas/adaptive-card.json'),
  type: z.literal('AdaptiveCard'),
  version: z.literal('1.4'),
  body: z.array(textBlock).min(1),
});
const envelope = z.strictObject({
  type: z.literal('message'),
  attachments: z.tuple([
    z.strictObject({
      contentType: z.literal('application/vnd.microsoft.card.adaptive'),
      contentUrl: z.null(),
      content: card,
    }),
  ]),
});

const start = async () =>
  await httpReceiver({
    secrets: ['sig=secret'],
    send: (origin) => async (message, signal) =>
      await sendTeams(new Secret(`${origin}/workflows/1/triggers/manual?sig=secret`), message, signal),
  });

notificationsContract('teams', start);

test('the message is an Adaptive Card, and what others wrote in it is no Markdown', async () => {
  await using world = await start();
  await world.send({ ...exampleMessage, lines: ['[here](https://evil.example)'] }, AbortSignal.timeout(60_000));
  const { body } = envelope.parse(JSON.parse(world.received()[0] ?? '')).attachments[0].content;
  assert.equal(body[0]?.color, 'Attention');
  assert.equal(body[1]?.text, '\\[here\\](https://evil.example)');
  assert.equal(world.calls[0]?.path, '/workflows/1/triggers/manual?sig=secret');
});
