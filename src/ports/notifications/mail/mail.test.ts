import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LotseError } from '../../../core/errors.ts';
import { Secret } from '../../../core/secret.ts';
import { mailServer } from '../fixtures/mail-server.ts';
import { exampleMessage, notificationsContract, type ReceiverUnderTest } from '../notifications.contract.ts';
import type { Message } from '../notifications.ts';
import { sendMail } from './mail.ts';

const login = { user: 'lotse', password: 'a pass/word' };

function sender(port: number, password: string) {
  const server = new Secret(`smtp://${login.user}:${encodeURIComponent(password)}@127.0.0.1:${port}`);
  const address = { kind: 'mail', to: 'team@shop.example', from: 'lotse@shop.example', server } as const;
  return async (message: Message, signal: AbortSignal) => await sendMail(address, message, signal);
}

/** What stands after a name in the head of a mail. */
function field(mail: string, name: string): string {
  return new RegExp(`^${name}: (.*(?:\\r\\n[ \\t].*)*)`, 'im').exec(mail)?.[1] ?? '';
}

/** The words of a mail, as its reader sees them (quoted-printable or as it is). */
function bodyOf(mail: string): string {
  const [head = '', ...rest] = mail.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  if (/base64/i.test(field(head, 'content-transfer-encoding'))) return Buffer.from(body, 'base64').toString('utf8');
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

async function start(): Promise<ReceiverUnderTest> {
  const server = await mailServer(login);
  return {
    send: sender(server.port, login.password),
    received: () => server.mails.map(bodyOf),
    break: () => (server.state.refusal = 451),
    hang: () => (server.state.hangs = true),
    stop: server.stop,
    secrets: [login.password, encodeURIComponent(login.password), 'team@shop.example'],
    [Symbol.asyncDispose]: server.stop,
  };
}

notificationsContract('mail', start);

test('a mail has its id, its thread, a readable subject, and asks for no absence note', async (t) => {
  const server = await mailServer(login);
  t.after(server.stop);
  const send = sender(server.port, login.password);
  await send(exampleMessage, AbortSignal.timeout(60_000));
  await send({ ...exampleMessage, id: 'another' }, AbortSignal.timeout(60_000));
  const [first = '', second = ''] = server.mails;
  assert.equal(field(first, 'message-id'), `<${exampleMessage.id}@lotse>`);
  assert.equal(field(first, 'references'), field(second, 'references'));
  assert.equal(field(first, 'to'), 'team@shop.example');
  assert.equal(field(first, 'auto-submitted'), 'auto-generated');
  assert.match(field(first, 'subject'), /=\?UTF-8\?/);
  assert.match(bodyOf(first), /„Größe“/);
});

test('a wrong password is a refusal, and neither it nor the address is said', async (t) => {
  const server = await mailServer(login);
  t.after(server.stop);
  await assert.rejects(sender(server.port, 'wrong-one')(exampleMessage, AbortSignal.timeout(60_000)), (error) => {
    assert.ok(error instanceof LotseError);
    assert.equal(error.code, 'forbidden');
    assert.doesNotMatch(error.message, /wrong-one|team@|lotse:/);
    return true;
  });
});

test('a line break in what is told is no line of the head', async (t) => {
  const server = await mailServer(login);
  t.after(server.stop);
  const title = 'shop: done\r\nBcc: evil@elsewhere.example';
  await sender(server.port, login.password)({ ...exampleMessage, title }, AbortSignal.timeout(60_000));
  assert.equal(field(server.mails[0]?.split('\r\n\r\n')[0] ?? '', 'bcc'), '');
});
