import { LotseError } from '../../../core/errors.ts';
import type { Secret } from '../../../core/secret.ts';
import type { Message, Urgency } from '../notifications.ts';
import { post, urlOf } from '../post.ts';

const priorities: Readonly<Record<Urgency, number>> = { info: 3, attention: 4, alarm: 5 };

/**
 * A topic of ntfy, `https://ntfy.example/topic`; a user and password in it, or a token as the password alone, are sent as
 * credentials: https://docs.ntfy.sh/publish/#publish-as-json
 */
export async function sendNtfy(address: Secret, message: Message, signal: AbortSignal): Promise<void> {
  const url = urlOf(address.reveal());
  const [, base = '', topic = ''] = /^(.*\/)([^/]+)\/?$/.exec(url.pathname) ?? [];
  if (topic === '') throw new LotseError('bad-input', 'the address of ntfy names no topic: https://ntfy.example/topic');
  const { title, lines, urgency } = message;
  const body = JSON.stringify({ topic, title, message: lines.join('\n') || title, priority: priorities[urgency] });
  const headers = { 'content-type': 'application/json', ...credentials(url) };
  await post({ url: new URL(base, url.origin), headers, body }, signal);
}

function credentials({ username, password }: URL): Readonly<Record<string, string>> {
  const [user, secret] = [decodeURIComponent(username), decodeURIComponent(password)];
  if (secret === '') return {};
  if (user === '') return { authorization: `Bearer ${secret}` };
  return { authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}` };
}
