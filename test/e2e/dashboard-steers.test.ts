import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Shop } from '../harness/shop-app.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { Confirmation, DashboardPerson, signInLink } from './dashboard-person.ts';
import { Story } from './story.ts';
import { noBrowser, openBrowser } from './user-browser.ts';

// A rollout in the hands of somebody at the page: each button says first what it will do, and the page shows what the
// server says has come of it. Rollouts are held where they are wanted by an instance that is not ready, or a long watch.

const shop: Shop = { watch: '30m' };

test(
  'a rollout is steered at the page, with the mouse and by keys alone',
  { skip: noBrowser, timeout: 600_000 },
  async (t) => {
    const browser = await openBrowser();
    t.after(async () => await browser.close());
    const lotse = await temporaryLotse(t);
    await lotse.start();
    const { client } = lotse;
    const first = (await client.release({ watch: '1s' })).id;
    await client.deploy(first);
    const person = await DashboardPerson.arrive(browser);
    const { page } = person;
    await person.signIn(await signInLink(client));
    const story = new Story(t);
    const unready = (release: string): string => lotse.storePath(`unready-${release}`);
    const button = (name: string) => page.locator('.hero').getByRole('button', { name, exact: true });
    const latestEvents = async () => await client.ask('GET /apps/shop/journal?latest=true&limit=5');
    let second = '';

    await story.step('by keys alone somebody finds a release, reads what a deploy will do, and starts it', async () => {
      second = (await client.release(shop)).id;
      writeFileSync(unready(second), '');
      const pages = page.getByRole('navigation', { name: 'Pages' });
      await person.pressByKeys(pages.getByRole('link', { name: 'Releases' }));
      const row = page.locator('.release', { hasText: second });
      await person.pressByKeys(row.getByRole('button', { name: 'Deploy to production' }));
      const asked = await Confirmation.shown(page);
      assert.deepEqual(asked.says, [`production moves from ${first} to ${second}.`]);
      await person.pressByKeys(asked.dialog.getByRole('button', { name: 'Deploy', exact: true }));
      await page.waitForURL(/\/rollouts\//);
      await person.untilStatus('Under way');
      await page.locator('.step[data-state=running]', { hasText: `Start ${second}` }).waitFor();
      await person.look('a rollout under way');
    });

    await story.step('a pause says that traffic stays, holds the rollout, and says so', async () => {
      const asked = await person.ask(button('Pause'));
      assert.equal(asked.title, 'Pause the rollout in production');
      assert.ok(asked.says.includes('Traffic stays as it is now. The old release stays warm.'), asked.says.join());
      assert.equal((await client.rollout(person.shownRollout)).status, 'moving', 'nothing has happened yet');
      await asked.confirm('Pause', 'lunch');
      await person.untilStatus('Paused');
      assert.equal((await client.rollout(person.shownRollout)).status, 'paused');
      assert.equal(await button('Pause').count(), 0);
      await page.locator('.hero').getByText('Held by Owner').waitFor();
      await page
        .locator('.hero')
        .getByText(/Without a decision it goes back by itself in \d/)
        .waitFor();
      await person.look('a rollout that is paused');
      await person.goTo('Overview');
      await person.lane().locator('.chip', { hasText: 'Paused' }).waitFor();
      await person.look('overview with a paused rollout');
      await person.lane().getByRole('link', { name: 'Open the rollout' }).click();
    });

    await story.step('resumed it goes on to the new release, and advancing says what is left out', async () => {
      await (await person.ask(button('Resume'))).confirm('Resume');
      await person.untilStatus('Under way');
      rmSync(unready(second));
      await person.untilStatus('Live, being watched');
      await page.locator('.step[data-state=running]', { hasText: 'Watch the new release' }).waitFor();
      await person.look('a rollout that is watched');
      const asked = await person.ask(button('Advance'));
      assert.match(asked.says.join(' '), /rest of the waiting time of this step is left out: Watch the new release\./);
      await asked.confirm('Advance');
      await person.untilStatus('Settled');
      assert.equal((await client.environment()).release, second);
    });

    await story.step(
      'an instance that is not ready any more is shown by itself, though no event tells of it',
      async () => {
        await person.goTo('Overview');
        const slot = person.lane().locator('.slot');
        const events = await latestEvents();
        await slot.and(page.locator('[data-state=ready]')).waitFor();
        writeFileSync(unready(second), '');
        await slot.and(page.locator('[data-state=unready]')).waitFor();
        await person.lane().getByText('0/1').waitFor();
        await person.lane().locator('.service-notes', { hasText: 'GET /up answered 503' }).waitFor();
        await person.look('an instance that is not ready');
        rmSync(unready(second));
        await slot.and(page.locator('[data-state=ready]')).waitFor();
        assert.deepEqual(await latestEvents(), events, 'looks are no events');
      },
    );

    await story.step('by keys alone a rollout is turned around, and says who did it and where users are', async () => {
      const third = (await client.release(shop)).id;
      writeFileSync(unready(third), '');
      const { id } = await client.start(third);
      await person.pressByKeys(person.lane().getByRole('link', { name: 'Open the rollout' }));
      await page.waitForURL(new RegExp(`/rollouts/${id}$`));
      await person.untilStatus('Under way');
      await person.pressByKeys(button('Roll back'));
      const asked = await Confirmation.shown(page);
      assert.ok(asked.says.includes(`All requests go to ${second}.`), asked.says.join());
      await person.look('a rollout is turned around');
      await person.pressByKeys(asked.dialog.getByRole('button', { name: 'Roll back', exact: true }));
      await person.untilStatus('Returned');
      assert.equal((await client.rollout(id)).status, 'returned');
      await page.getByText(`All requests are back on ${second}.`).waitFor();
      await page.locator('.cause').waitFor();
      await person.look('a rollout that was turned around');
      assert.equal((await client.environment()).release, second);
      assert.deepEqual(person.complaints, []);
      await person.record.assertNoPolling();
    });
  },
);
