import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownSteps } from '../../web/source/rollout/step-progress.ts';
import type { Shop } from '../harness/shop-app.ts';
import { ShopFolder } from '../harness/shop-folder.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { DashboardPerson } from './dashboard-person.ts';
import { Story } from './story.ts';
import { noBrowser, openBrowser } from './user-browser.ts';

// The first hour of somebody who works at the page: in by the link, a deploy watched, a bad one that goes back by itself,
// and a way back by hand. How soon the page shows what has happened is measured by `npm run bench -- page`.

const quick = { strategy: { name: 'blue-green', watch: '1s' } };
const shop: Shop = { verify: true, environments: { staging: quick }, production: { after: 'staging' } };

test('the first hour at the dashboard of a real server', { skip: noBrowser, timeout: 600_000 }, async (t) => {
  const browser = await openBrowser();
  t.after(async () => await browser.close());
  const lotse = await temporaryLotse(t);
  const { signIn } = await lotse.start();
  const { client } = lotse;
  const person = await DashboardPerson.arrive(browser);
  const { page } = person;
  const story = new Story(t);
  const loads: string[] = [];
  let first = '';
  let second = '';

  await story.step('the link of the first start signs in, and nothing of it is left in any address', async () => {
    assert.ok(signIn);
    await person.signIn(signIn);
    await page.getByRole('heading', { name: 'No app yet' }).waitFor();
    await person.look('no app yet');
    const secret = new URL(signIn).hash.slice(1);
    assert.deepEqual(
      person.asked.filter((address) => new URL(address).search !== ''),
      [],
    );
    const kept = await page.evaluate(() =>
      JSON.stringify([Object.values(localStorage), Object.values(sessionStorage), document.cookie]),
    );
    assert.ok(!kept.includes(secret), kept);
    await page.goBack();
    assert.ok(!page.url().includes(secret), page.url());
    await page.goto(lotse.plane.server);
    await person.untilLive();
    page.on('load', () => loads.push(page.url()));
  });

  await story.step('an app that is deployed from a terminal comes to the page by itself', async () => {
    const folder = new ShopFolder(lotse);
    folder.write(shop);
    const ran = await folder.lotse('deploy', 'staging');
    assert.equal(ran.exitCode, 0, ran.said);
    first = (await client.environment('staging')).release ?? '';
    await person.lane('staging').getByText(first, { exact: true }).first().waitFor();
    await person.look('first release in staging');
  });

  await story.step('a promotion by button says its plan first, and is watched step by step to its end', async () => {
    await person.goTo('Releases');
    const row = page.locator('.release', { hasText: first });
    const asked = await person.ask(row.getByRole('button', { name: 'Promote to production' }));
    assert.deepEqual(asked.says, [`production moves from nothing to ${first}.`]);
    await asked.dialog.getByText(/^\d+ steps\. About .* until it has settled\./).waitFor();
    await person.look('a promotion is confirmed');
    assert.deepEqual((await client.releases())[0]?.serving, ['staging'], 'nothing has happened yet');
    await asked.confirm('Promote');
    await page.waitForURL(/\/rollouts\//);
    const ended = await client.ended(person.shownRollout);
    await person.untilStatus('Settled');
    assert.deepEqual(
      await person.shownSteps(),
      shownSteps(ended).map(({ state }) => state),
    );
    await page.getByText(`${first} serves all requests.`).waitFor();
    await person.look('a promotion has settled');
  });

  await story.step(
    'a bad release goes back on screen: why, its last lines, what users get, and quarantine',
    async () => {
      const bad = await client.release({ ...shop, config: { VERIFY: 'fails public' } });
      await person.goTo('Releases');
      const row = page.locator('.release', { hasText: bad.id });
      const asked = await person.ask(row.getByRole('button', { name: 'Deploy to staging' }));
      assert.deepEqual(asked.says, [`staging moves from ${first} to ${bad.id}.`]);
      await asked.confirm('Deploy');
      await page.waitForURL(/\/rollouts\//);
      await page.getByRole('heading', { name: 'Why it went back' }).waitFor();
      await page.locator('.cause', { hasText: 'The release is in quarantine.' }).waitFor();
      await page.locator('.cause pre', { hasText: 'the cart is empty' }).waitFor();
      await person.untilStatus('Returned');
      await page.getByText(`All requests are back on ${first}.`).waitFor();
      await person.look('a bad release has gone back');
      await person.goTo('Releases');
      await row.getByText('Quarantine').waitFor();
      await person.goTo('Overview');
      await person.lane('staging').locator('.serving-release', { hasText: first }).waitFor();
      await person.look('overview after a bad release');
    },
  );

  await story.step('a rollback by button says from where to where, and goes there', async () => {
    second = (await client.release(shop)).id;
    await client.deploy(second, 'staging');
    const { id } = await client.start(second);
    await client.untilRollout(id, 'settled', ({ status }) => status === 'settled');
    const lane = person.lane();
    await lane.locator('.serving-release', { hasText: second }).waitFor();
    const asked = await person.ask(lane.getByRole('button', { name: 'Roll back' }));
    assert.equal(asked.title, 'Roll production back');
    assert.equal(asked.says[0], `production goes from ${second} back to ${first}.`);
    await person.look('a rollback is confirmed');
    assert.equal((await client.environment()).release, second, 'nothing has happened yet');
    await asked.confirm('Roll back', 'the prices are wrong');
    await page.waitForURL(/\/rollouts\//);
    await person.untilStatus('Settled');
    assert.equal((await client.environment()).release, first);
    await page.getByRole('heading', { name: `production back to ${first}` }).waitFor();
    await person.look('a rollback by hand has settled');
    await person.goTo('Journal');
    await page.getByText('the prices are wrong', { exact: false }).first().waitFor();
  });

  await story.step('all of it was seen without a reload, on one stream, and without polling', async () => {
    assert.deepEqual(loads, []);
    assert.deepEqual(person.complaints, []);
    await person.record.assertNoPolling();
  });
});
