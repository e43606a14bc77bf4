import type { Secret } from '../../../core/secret.ts';
import type { Message } from '../notifications.ts';
import { post, urlOf } from '../post.ts';

/** Limits of Block Kit: https://docs.slack.dev/reference/block-kit/blocks */
const mostHeader = 150;
const mostSection = 3000;

/** An incoming webhook of Slack: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export async function sendSlack(url: Secret, message: Message, signal: AbortSignal): Promise<void> {
  const { title, lines } = message;
  const details = escaped(lines.join('\n')).slice(0, mostSection);
  const blocks = [
    { type: 'header', text: { type: 'plain_text', text: title.slice(0, mostHeader), emoji: false } },
    ...(details === '' ? [] : [{ type: 'section', text: { type: 'mrkdwn', text: details } }]),
  ];
  const body = JSON.stringify({ text: escaped(title), blocks });
  await post({ url: urlOf(url.reveal()), headers: { 'content-type': 'application/json' }, body }, signal);
}

/** What would be a link, a mention or an entity: https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
