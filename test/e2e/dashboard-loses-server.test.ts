import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { DashboardPerson, signInLink } from './dashboard-person.ts';
import { Story } from './story.ts';
import { noBrowser, openBrowser } from './user-browser.ts';

// The control plane is killed in mid-rollout, and comes back at the same address. What the page says meanwhile and
// afterwards stands here; within which time it says so (2 s) is measured by `npm run bench -- page`.

test('the page of a server that is killed in mid-rollout', { skip: noBrowser, timeout: 600_000 }, async (t) => {
  const browser = await openBrowser();
  t.after(async () => await browser.close());
  const lotse = await temporaryLotse(t);
  const { server } = await lotse.start();
  const { client } = lotse;
  const first = (await client.release({ watch: '1s' })).id;
  await client.deploy(first);
  const second = (await client.release({ watch: '1s' })).id;
  const unready = lotse.storePath(`unready-${second}`);
  writeFileSync(unready, '');
  const person = await DashboardPerson.arrive(browser);
  const { page } = person;
  await person.signIn(await signInLink(client));
  const loads: string[] = [];
  page.on('load', () => loads.push(page.url()));
  const story = new Story(t);
  let rollout = '';

  await story.step('a rollout is under way when the server dies, and the page says that it is cut off', async () => {
    rollout = (await client.start(second)).id;
    await person.lane().getByRole('link', { name: 'Open the rollout' }).click();
    await person.untilStatus('Under way');
    await page.locator('.step[data-state=running]', { hasText: `Start ${second}` }).waitFor();
    await lotse.plane.end('SIGKILL');
    const banner = page.locator('.live-banner');
    await banner.getByText(/^Live updates lost, last seen/).waitFor();
    await banner.getByText('What you see may be out of date.').waitFor();
    assert.equal(await page.locator('.live-mark').count(), 0, 'nothing says that it is live');
    await page.getByRole('heading', { name: `${second} to production` }).waitFor();
    await person.look('cut off from the server');
  });

  await story.step('what is pressed meanwhile says that nobody answers, and what to do', async () => {
    const asked = await person.ask(page.locator('.hero').getByRole('button', { name: 'Pause' }));
    await asked.dialog.getByRole('button', { name: 'Pause', exact: true }).click();
    await asked.dialog.getByRole('alert').getByText('The control plane does not answer.').waitFor();
    await asked.dialog.getByText('Apps and proxy run on without it.', { exact: false }).waitFor();
    await person.look('nobody answers a pause');
    await page.keyboard.press('Escape');
    await asked.dialog.waitFor({ state: 'detached' });
  });

  await story.step(
    'after the restart the page is live again without a reload, and goes on with the rollout',
    async () => {
      await lotse.start({ port: Number(new URL(server).port) });
      await person.untilLive();
      assert.equal(await page.locator('.live-banner').count(), 0);
      await person.untilStatus('Under way');
      rmSync(unready);
      const ended = await client.ended(rollout);
      assert.equal(ended.status, 'settled');
      await person.untilStatus('Settled');
      await person.untilStepsAsSaid(client);
      await person.look('caught up after a restart');
    },
  );

  await story.step('the overview equals what the API says', async () => {
    await person.goTo('Overview');
    await person.untilLaneAsSaid(client);
    await person.lane().locator('.latest-rollout .chip', { hasText: 'Settled' }).waitFor();
    await person.look('overview after a restart');
  });

  await story.step('all of it was one page, with one stream at a time, and without polling', async () => {
    assert.deepEqual(loads, []);
    assert.deepEqual(person.complaints, []);
    await person.record.assertNoPolling();
    const notes = await person.record.notes();
    const ends = notes.filter(({ kind }) => kind === 'stream-opening').length;
    assert.equal(ends - notes.filter(({ kind }) => kind === 'stream-lost').length, 1, 'one stream is open now');
  });
});
