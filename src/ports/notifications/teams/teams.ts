import type { Secret } from '../../../core/secret.ts';
import type { Message, Urgency } from '../notifications.ts';
import { post, urlOf } from '../post.ts';

const colours: Readonly<Record<Urgency, string>> = { info: 'Good', attention: 'Warning', alarm: 'Attention' };

/**
 * A workflow "when a Teams webhook request is received", which takes an Adaptive Card 1.4:
 * https://adaptivecards.io/schemas/1.4.0/adaptive-card.json
 */
export async function sendTeams(url: Secret, message: Message, signal: AbortSignal): Promise<void> {
  const { title, lines, urgency } = message;
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      { type: 'TextBlock', text: plain(title), weight: 'Bolder', size: 'Medium', color: colours[urgency], wrap: true },
      ...lines.map((line) => ({ type: 'TextBlock', text: plain(line), wrap: true })),
    ],
  };
  const card = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content };
  const body = JSON.stringify({ type: 'message', attachments: [card] });
  await post({ url: urlOf(url.reveal()), headers: { 'content-type': 'application/json' }, body }, signal);
}

/** Text blocks understand Markdown; what others wrote is no link and no list here. */
function plain(text: string): string {
  return text.replace(/[\\`*_[\]#>]/g, (mark) => `\\${mark}`);
}
