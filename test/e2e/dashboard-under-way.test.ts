import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { httpReceiver } from '../../src/ports/notifications/fixtures/http-receiver.ts';
import type { Shop } from '../harness/shop-app.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { DashboardPerson, signInLink } from './dashboard-person.ts';
import { Story } from './story.ts';
import { noBrowser, openBrowser } from './user-browser.ts';

// What is under way and stands in no journal: a job with its lines, and a message that is tried again. The page hears of
// both by its stream.

const shop: Shop = {
  watch: '1s',
  more: { jobs: { tidy: { run: 'node tidy.mjs' } }, notify: { slack: 'SLACK_URL' } },
};
/** Says one line, waits for a sign, says another one. */
const tidy = `import { existsSync } from 'node:fs';
console.log('half of it is tidy');
const timer = setInterval(() => {
  if (!existsSync(process.env.DATA_DIR + '/go-on')) return;
  console.log('all is tidy');
  clearInterval(timer);
}, 50);
`;

test('what is under way is seen to its end without polling', { skip: noBrowser, timeout: 600_000 }, async (t) => {
  const browser = await openBrowser();
  t.after(async () => await browser.close());
  const hook = await httpReceiver({ send: () => () => Promise.resolve(), secrets: [] });
  t.after(hook.stop);
  hook.break();
  const lotse = await temporaryLotse(t);
  await lotse.start();
  const { client } = lotse;
  await client.ask('PUT /apps/shop/environments/production/secrets/SLACK_URL', { value: `${hook.origin}/services/a` });
  await client.deploy((await client.release(shop, { files: { 'tidy.mjs': tidy } })).id);
  const person = await DashboardPerson.arrive(browser);
  const { page } = person;
  await person.signIn(await signInLink(client));
  const story = new Story(t);

  await story.step('a job that is started at the page shows its lines as they come, and its end', async () => {
    await person.goTo('Jobs');
    const job = page.getByRole('listitem', { name: 'tidy' });
    await (await person.ask(job.getByRole('button', { name: 'Run now: tidy' }))).confirm('Run now');
    await job.locator('pre', { hasText: 'half of it is tidy' }).waitFor();
    await job.locator('.chip', { hasText: 'runs' }).waitFor();
    await person.look('a job runs');
    writeFileSync(lotse.storePath('go-on'), '');
    await job.locator('pre', { hasText: 'all is tidy' }).waitFor();
    await job.locator('.chip', { hasText: 'succeeded' }).waitFor();
    await page.locator('.hand-runs .chip', { hasText: 'succeeded' }).waitFor();
  });

  await story.step('a message that is refused shows why, and that it got there after all', async () => {
    await person.goTo('Notifications');
    await (await person.ask(page.getByRole('button', { name: 'Send a test' }))).confirm('Send a test');
    const message = page.locator('.row', { hasText: 'test' }).first();
    await message.locator('.row-problem', { hasText: '503' }).waitFor();
    await person.look('a message is on its way');
    hook.answerWith(200);
    await message.locator('.chip', { hasText: 'delivered' }).waitFor();
  });

  await story.step('nothing was asked that the stream had not told of', async () => {
    assert.deepEqual(person.complaints, []);
    await person.record.assertNoPolling();
  });
});
