import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { runLotse } from '../../src/cli/fixtures/run-lotse.ts';
import { httpReceiver } from '../../src/ports/notifications/fixtures/http-receiver.ts';
import { mailServer } from '../../src/ports/notifications/fixtures/mail-server.ts';
import type { Shop } from '../harness/shop-app.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';

const key = `whsec_${Buffer.from('a key of thirty-two bytes, or so').toString('base64')}`;
const notify = {
  mail: ['team@shop.example'],
  slack: 'SLACK_URL',
  webhook: { url: 'HOOK_URL', key: 'HOOK_KEY' },
  heartbeat: 'HEARTBEAT_URL',
  language: 'de',
};
const shop: Shop = { more: { notify, config: { HOOK_URL: { type: 'string' } } } };

/** Files of the state folder that hold this text. */
function filesWith(folder: string, text: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text));
}

async function receiver() {
  return await httpReceiver({ send: () => () => Promise.resolve(), secrets: [] });
}

describe('people are told', () => {
  test('by mail, Slack and webhook, in their language, once; a dead receiver delays nothing and loses nothing', async (t) => {
    const mail = await mailServer(null);
    t.after(mail.stop);
    await using slack = await receiver();
    await using hook = await receiver();
    await using watcher = await receiver();
    slack.break();

    const lotse = await temporaryLotse(t);
    await lotse.start();
    const secrets = {
      SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
      SLACK_URL: `${slack.origin}/services/planted-secret`,
      HOOK_KEY: key,
      HEARTBEAT_URL: `${watcher.origin}/planted-ping`,
    };
    for (const [name, value] of Object.entries(secrets))
      await lotse.client.ask(`PUT /apps/shop/environments/production/secrets/${name}`, { value });
    const config = { HOOK_URL: `${hook.origin}/hook` };
    const release = await lotse.client.release({ ...shop, production: { config } });
    await lotse.client.deploy(release.id);

    const told = (text: string) => text.includes(`${release.id} ist live`);
    await until('webhook and mail have told it', () => hook.calls.length === 1 && mail.mails.length === 1);
    const headers = Object.fromEntries(
      Object.entries(hook.calls[0]?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    );
    assert.ok(told(JSON.stringify(new Webhook(key).verify(hook.calls[0]?.body ?? '', headers))));
    assert.ok(told(mail.mails[0] ?? ''), mail.mails[0]);
    await until('the heartbeat has come', () => watcher.calls.length > 0);
    assert.equal(watcher.calls[0]?.path, '/planted-ping');

    const lotseOf = async (...line: string[]) => await runLotse([...line, '--app', 'shop', '--state', lotse.state]);
    await until('the refusal is known', async () =>
      /answered with 503/.test((await lotseOf('notify', 'list', 'production')).stdout),
    );
    assert.equal(slack.calls.length, 0);
    // It outlives the control plane, and a new one tries at once.
    slack.answerWith(200);
    await lotse.restart();
    await until('Slack has it', () => slack.calls.length === 1);
    assert.ok(told(slack.calls[0]?.body ?? ''));

    const tested = await lotseOf('notify', 'test', 'production');
    assert.equal(tested.exitCode, 0, tested.stdout + tested.stderr);
    assert.match(tested.stdout, /slack +delivered/);
    assert.match(mail.mails.at(-1) ?? '', /Test/);
    assert.deepEqual([hook.calls.length, slack.calls.length, mail.mails.length], [2, 2, 2]);

    const listed = await lotseOf('notify', 'list', 'production');
    assert.match(listed.stdout, /Told: mail team@shop\.example, slack, webhook/);
    assert.match(listed.stdout, /Heartbeat: taken/);
    const said = [
      listed.stdout,
      tested.stdout,
      JSON.stringify(await lotse.client.ask('GET /apps/shop/journal?limit=1000')),
    ];
    for (const secret of ['planted-secret', 'planted-ping', key]) {
      assert.ok(!said.join('\n').includes(secret), secret);
      assert.deepEqual(filesWith(lotse.state, secret), []);
    }
  });
});
