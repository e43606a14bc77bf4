import { createHmac } from 'node:crypto';
import { LotseError } from '../../../core/errors.ts';
import type { Secret } from '../../../core/secret.ts';
import type { Message } from '../notifications.ts';
import { post, urlOf } from '../post.ts';

/** As https://www.standardwebhooks.com specifies: id, time and body are signed with a key of at least 24 bytes. */
export async function sendWebhook(
  { url, key }: { readonly url: Secret; readonly key: Secret },
  message: Message,
  signal: AbortSignal,
): Promise<void> {
  const { id, at, ...data } = message;
  const body = JSON.stringify({ type: 'lotse.notification', timestamp: new Date(at).toISOString(), data });
  const seconds = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', keyOf(key)).update(`${id}.${seconds}.${body}`).digest('base64');
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': `${seconds}`,
    'webhook-signature': `v1,${signature}`,
  };
  await post({ url: urlOf(url.reveal()), headers, body }, signal);
}

function keyOf(key: Secret): Buffer {
  const bytes = Buffer.from(
    key
      .reveal()
      .trim()
      .replace(/^whsec_/, ''),
    'base64',
  );
  if (bytes.length >= 24 && bytes.length <= 64) return bytes;
  throw new LotseError('bad-input', 'the key of the webhook is not 24 to 64 bytes in base64, `whsec_` in front');
}
