import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Shop } from '../harness/shop-app.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { DashboardPerson, signInLink } from './dashboard-person.ts';
import { Story } from './story.ts';
import { noBrowser, openBrowser } from './user-browser.ts';

// Two browsers of two people, one of whom reads German. That both see the same change without asking stands here; that
// they do within 300 ms is measured by `npm run bench -- page`.

const quick = { strategy: { name: 'blue-green', watch: '1s' } };
const gates = { approval: 1, checklist: 'go-live.md' };
const shop: Shop = { verify: true, environments: { staging: quick }, production: { after: 'staging', gates } };
const checklist = '# Before we go\n\n- [ ] the help pages are translated\n- [ ] support knows\n';

test('two people bring a release to production in two browsers', { skip: noBrowser, timeout: 600_000 }, async (t) => {
  const [oneBrowser, otherBrowser] = await Promise.all([openBrowser(), openBrowser()]);
  t.after(async () => await Promise.all([oneBrowser.close(), otherBrowser.close()]));
  const lotse = await temporaryLotse(t);
  await lotse.start();
  const { client } = lotse;
  const ada = await client.person('Ada', ['approver']);
  const { id: release } = await client.release(shop, { files: { 'go-live.md': checklist } });
  await client.deploy(release, 'staging');
  const owner = await DashboardPerson.arrive(oneBrowser);
  await owner.signIn(await signInLink(client));
  const approver = await DashboardPerson.arrive(otherBrowser);
  await approver.signIn(await signInLink(client, ada));
  const loads: string[] = [];
  for (const { page } of [owner, approver]) page.on('load', () => loads.push(page.url()));
  const story = new Story(t);
  let rollout = '';

  await story.step('the language is switched in place, for one of them', async () => {
    await approver.page.getByRole('button', { name: 'DE Deutsch' }).click();
    await approver.page.getByRole('link', { name: 'Überblick' }).waitFor();
    assert.equal(await approver.page.locator('html').getAttribute('lang'), 'de');
    await owner.page.getByRole('link', { name: 'Overview' }).waitFor();
  });

  await story.step(
    'a promotion says which gates are shut before it starts, and then waits on both screens',
    async () => {
      await owner.goTo('Releases');
      const row = owner.page.locator('.release', { hasText: release });
      const asked = await owner.ask(row.getByRole('button', { name: 'Promote to production' }));
      await asked.dialog.locator('.preview-gates [data-open=false]', { hasText: /approval/i }).waitFor();
      await asked.dialog.locator('.preview-gates [data-open=false]', { hasText: /2 of 2 lines/ }).waitFor();
      await owner.look('gates that are shut');
      await asked.confirm('Promote');
      await owner.page.waitForURL(/\/rollouts\//);
      rollout = owner.shownRollout;
      await owner.page.getByRole('heading', { name: 'Waits for a person' }).waitFor();
      await owner.page.getByText('You have started it, so somebody else approves.').waitFor();
      assert.equal(await owner.page.getByRole('button', { name: 'Approve' }).count(), 0);
      await approver.page.getByRole('heading', { name: 'Wartet auf einen Menschen' }).waitFor();
      await Promise.all([owner.look('waits for somebody else'), approver.look('waits for a person, in German')]);
    },
  );

  await story.step(
    'the checklist is signed and the release approved by the other, who is told what that does',
    async () => {
      const waiting = approver.page.locator('.waiting');
      const signed = await approver.ask(waiting.getByRole('button', { name: 'Abzeichnen', exact: true }));
      assert.match(signed.says.join(' '), /Checkliste ab, mit deinem Namen und der Zeit/);
      await approver.look('a checklist is signed, in German');
      await signed.confirm('Abzeichnen');
      await owner.page.locator('.waiting', { hasText: 'lines are not signed' }).waitFor({ state: 'detached' });
      const approved = await approver.ask(waiting.getByRole('button', { name: 'Freigeben' }));
      assert.match(approved.title, new RegExp(`${release}.*production`));
      await approved.confirm('Freigeben');
      const waitingFor = async () =>
        (await client.rollout(rollout)).waitingFor.filter(({ state }) => state === 'waiting');
      await until('nothing waits any more', async () => (await waitingFor()).length === 0);
    },
  );

  await story.step('both see the rollout go on to its end, each told by a stream of its own', async () => {
    await owner.untilStatus('Settled');
    await approver.lane().locator('.latest-rollout .chip', { hasText: 'Angekommen' }).waitFor();
    await approver.lane().locator('.serving-release', { hasText: release }).waitFor();
    await Promise.all([owner.look('settled for one'), approver.look('settled for the other, in German')]);
    for (const { record } of [owner, approver]) {
      const told = (await record.notes()).filter(
        ({ kind, what }) => kind === 'stream-told' && what.includes('rollout-'),
      );
      assert.ok(told.some(({ what }) => what.includes('rollout-ended')));
      await record.assertNoPolling();
    }
    assert.deepEqual(loads, []);
    assert.deepEqual([...owner.complaints, ...approver.complaints], []);
  });
});
