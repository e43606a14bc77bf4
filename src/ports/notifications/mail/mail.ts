import { createHash } from 'node:crypto';
import { LotseError } from '../../../core/errors.ts';
import type { Address, Message } from '../notifications.ts';

/** What one step of the talk with a mail server may take, in milliseconds. */
const stepMs = 10_000;

/**
 * A mail by SMTP (RFC 5321). The server is `smtp://user:password@mail.example:587` or `smtps://…`. The id of the message is
 * its Message-ID, and mails of one story refer to the same one, so that they are shown as a thread (RFC 5322, 3.6.4).
 */
export async function sendMail(
  { to, from, server }: Extract<Address, { readonly kind: 'mail' }>,
  message: Message,
  signal: AbortSignal,
): Promise<void> {
  // Few need it: loaded with the first mail.
  const { createTransport } = await import('nodemailer');
  const url = serverOf(server.reveal().trim());
  const timeouts = { connectionTimeout: stepMs, greetingTimeout: stepMs, socketTimeout: stepMs, dnsTimeout: stepMs };
  const auth = { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) };
  const transport = createTransport({
    ...{ host: url.hostname.replace(/^\[|\]$/g, ''), secure: url.protocol === 'smtps:', ...timeouts },
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...(auth.user === '' ? {} : { auth }),
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  const aborted = Promise.withResolvers<never>();
  const abort = (): void =>
    aborted.reject(new LotseError('timeout', `${url.host} did not take the mail in time`, { retriable: true }));
  signal.addEventListener('abort', abort);
  try {
    await Promise.race([transport.sendMail(mailOf(to, from, message)), aborted.promise]);
  } catch (error) {
    throw refusalOf(error, url.host);
  } finally {
    signal.removeEventListener('abort', abort);
    transport.close();
  }
}

function mailOf(to: string, from: string, { id, at, app, environment, story, title, lines }: Message) {
  const thread = createHash('sha256').update(`${app}/${environment}/${story}`).digest('hex').slice(0, 32);
  return {
    ...{ to, from, date: new Date(at), subject: title, text: [title, '', ...lines, ''].join('\n') },
    messageId: `<${id}@lotse>`,
    references: [`<${thread}@lotse>`],
    // RFC 3834: nobody's absence note answers it.
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}

function serverOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^smtps?:$/.test(url.protocol) && url.hostname !== '') return url;
  throw new LotseError('bad-input', 'the mail server is not one that begins with smtps:// or smtp://');
}

/** What a server says may hold addresses and names of users: its code is enough. */
function refusalOf(error: unknown, host: string): LotseError {
  if (error instanceof LotseError) return error;
  const status = error instanceof Error && 'responseCode' in error ? Number(error.responseCode) : null;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  if (status !== null && status >= 500)
    return new LotseError(status === 535 ? 'forbidden' : 'conflict', `${host} refused the mail (${status})`);
  return new LotseError('unreachable', `${host} did not take the mail (${status ?? code})`, { retriable: true });
}
