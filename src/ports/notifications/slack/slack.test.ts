import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { Secret } from '../../../core/secret.ts';
import { httpReceiver } from '../fixtures/http-receiver.ts';
import { exampleMessage, notificationsContract } from '../notifications.contract.ts';
import { sendSlack } from './slack.ts';

/** As https://docs.slack.dev/reference/block-kit/blocks has it: what else is in a block is refused (`invalid_blocks`). */
const header = z.strictObject({
  type: z.literal('header'),
  text: z.strictObject({ type: z.literal('plain_text'), text: z.string().min(1).max(150), emoji: z.boolean() }),
});
const section = z.strictObject({
  type: z.literal('section'),
  text: z.strictObject({ type: z.literal('mrkdwn'), text: z.string().min(1).max(3000) }),
});
const webhook = z.strictObject({
  text: z.string().min(1),
  blocks: z.array(z.discriminatedUnion('type', [header, section])).max(50),
});

const start = async () =>
  await httpReceiver({
    secrets: ['/services/T0/B0/secret'],
    send: (origin) => async (message, signal) =>
      await sendSlack(new Secret(`${origin}/services/T0/B0/secret`), message, signal),
  });

notificationsContract('slack', start);

test('the message is one that Slack accepts, however long it is, and nothing in it is a mention or a link', async () => {
  await using world = await start();
  const long = {
    ...exampleMessage,
    title: 'x'.repeat(500),
    lines: ['<!channel> & <https://evil.example|here>', 'y'.repeat(9000)],
  };
  for (const message of [exampleMessage, long, { ...exampleMessage, lines: [] }])
    await world.send(message, AbortSignal.timeout(60_000));
  const bodies = world.received().map((body) => webhook.parse(JSON.parse(body)));
  assert.equal(bodies[0]?.text, 'shop/production: r7 ist gestrandet – „Größe“ &lt;b&gt; &amp; *fett*');
  assert.match(bodies[1]?.blocks[1]?.text.text ?? '', /^&lt;!channel&gt; &amp; &lt;https/);
  assert.equal(bodies[2]?.blocks.length, 1);
});
