import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { badReleases, goodRelease } from '../../examples/bildwerk/test/bad-releases.ts';
import { LotseClient } from '../harness/lotse-client.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { copyBildwerk, startDeploy } from './bildwerk-repository.ts';
import { DashboardPerson, signInLink } from './dashboard-person.ts';
import { Story } from './story.ts';
import { noBrowser, openBrowser } from './user-browser.ts';

// The example app from its first release to its third, as two people see it: one at the page in English, who starts and
// steers, and one who signs, in German. The details of each page are told with a smaller app by the tests beside this one.

const patienceMs = 300_000;
const checklist = '# Before we go\n\n- [ ] the pictures on the front page are ours\n- [ ] support knows\n';
/** Staging is watched for a moment, production until somebody goes on, and production has a checklist. */
const changes = [
  { find: 'domains: [staging.bildwerk.localhost]', more: 'strategy: { watch: 5s }' },
  { find: 'domains: [bildwerk.localhost]', more: 'gates: { checklist: go-live.md }' },
].map(({ find, more }) => ({ file: 'lotse.yaml', find, replace: `${find}\n    ${more}` }));
const longWatch = { file: 'lotse.yaml', find: 'watch: 2m', replace: 'watch: 30m' };

test(
  'five services travel to production and back, watched at the page',
  { skip: noBrowser, timeout: 840_000 },
  async (t) => {
    const [oneBrowser, otherBrowser] = await Promise.all([openBrowser(), openBrowser()]);
    t.after(async () => await Promise.all([oneBrowser.close(), otherBrowser.close()]));
    const lotse = await temporaryLotse(t);
    const { signIn, server } = await lotse.start();
    const client = new LotseClient(() => lotse.plane, 'bildwerk');
    const repository = copyBildwerk(lotse.folder);
    for (const change of [...changes, longWatch]) repository.change(change);
    writeFileSync(join(repository.folder, 'go-live.md'), checklist);
    repository.begin();
    const owner = await DashboardPerson.arrive(oneBrowser);
    const signer = await DashboardPerson.arrive(otherBrowser);
    const { page } = owner;
    const loads: string[] = [];
    const story = new Story(t);
    const hero = (name: string) => page.locator('.hero').getByRole('button', { name, exact: true });
    let first = '';
    let second = '';

    const deployToStaging = () => startDeploy(repository, lotse.plane, 'staging');
    const openRollout = async (environment: string): Promise<void> => {
      await owner.lane(environment).getByRole('link', { name: 'Open the rollout' }).click();
      await page.waitForURL(/\/rollouts\//);
    };
    const promote = async (release: string): Promise<void> => {
      await owner.goTo('Releases');
      const row = page.locator('.release', { hasText: release });
      await (await owner.ask(row.getByRole('button', { name: 'Promote to production' }))).confirm('Promote');
      await page.waitForURL(/\/rollouts\//);
      await page.getByRole('heading', { name: 'Waits for a person' }).waitFor();
    };
    const sign = async (): Promise<void> => {
      const waiting = signer.page.locator('.waiting');
      const asked = await signer.ask(waiting.getByRole('button', { name: 'Abzeichnen', exact: true }));
      await asked.confirm('Abzeichnen');
      await page.getByRole('heading', { name: 'Waits for a person' }).waitFor({ state: 'detached' });
    };

    await story.step('the link of the first start signs in; a second person reads German', async () => {
      assert.ok(signIn);
      await owner.signIn(signIn);
      await page.getByRole('heading', { name: 'No app yet' }).waitFor();
      await signer.signIn(await signInLink(client, await client.person('Ada', ['approver'])));
      await signer.page.getByRole('button', { name: 'DE Deutsch' }).click();
      await signer.page.getByRole('heading', { name: 'Noch keine App' }).waitFor();
      for (const each of [owner, signer]) each.page.on('load', () => loads.push(each.page.url()));
    });

    await story.step('a deploy from a terminal is watched to its end, step by step', async () => {
      const running = deployToStaging();
      await openRollout('staging');
      const ended = await running.end(patienceMs);
      assert.equal(ended.exitCode, 0, ended.said);
      await owner.untilStatus('Settled');
      await owner.untilStepsAsSaid(client);
      first = (await client.environment('staging')).release ?? '';
      assert.ok(first.endsWith(repository.head));
      await owner.goTo('Overview');
      await owner.lane('staging').locator('.serving-release', { hasText: first }).waitFor();
      await owner.lane('staging').locator('.slot[data-state=ready]').nth(4).waitFor();
      await owner.look('bildwerk in staging');
    });

    await story.step('a promotion waits for a checklist, which the other signs, and then goes out', async () => {
      await promote(first);
      await owner.look('bildwerk waits for a checklist');
      await sign();
      await owner.untilStatus('Live, being watched');
      await signer.lane().locator('.serving-release', { hasText: first }).waitFor();
      await owner.look('bildwerk is watched in production');
    });

    await story.step('a pause holds the watch and a resume goes on; both people see both', async () => {
      await (await owner.ask(hero('Pause'))).confirm('Pause', 'lunch');
      await owner.untilStatus('Paused');
      await signer.lane().locator('.chip', { hasText: 'Angehalten' }).waitFor();
      await owner.look('bildwerk is paused');
      await (await owner.ask(hero('Resume'))).confirm('Resume');
      await owner.untilStatus('Live, being watched');
      await (await owner.ask(hero('Advance'))).confirm('Advance');
      await owner.untilStatus('Settled');
      await signer.lane().locator('.latest-rollout .chip', { hasText: 'Angekommen' }).waitFor();
    });

    await story.step('the server is killed in mid-rollout and comes back: the page catches up by itself', async () => {
      repository.commit(goodRelease, 'A new line at the foot');
      const ended = await deployToStaging().end(patienceMs);
      assert.equal(ended.exitCode, 0, ended.said);
      second = (await client.environment('staging')).release ?? '';
      await promote(second);
      await sign();
      await page.locator('.step[data-state=running]').first().waitFor();
      await lotse.plane.end('SIGKILL');
      await page
        .locator('.live-banner')
        .getByText(/^Live updates lost, last seen/)
        .waitFor();
      await owner.look('bildwerk without its control plane');
      await lotse.start({ port: Number(new URL(server).port) });
      await Promise.all([owner.untilLive(), signer.untilLive()]);
      await owner.untilStatus('Live, being watched');
      await (await owner.ask(hero('Advance'))).confirm('Advance');
      await owner.untilStatus('Settled');
      await owner.untilStepsAsSaid(client);
      await owner.goTo('Overview');
      await owner.untilLaneAsSaid(client);
      assert.equal((await client.environment()).release, second);
    });

    await story.step('a release whose verification fails goes back on screen, with what its story said', async () => {
      repository.commit(badReleases.verificationFails, 'Make fewer sizes');
      const running = deployToStaging();
      await until('the rollout begins', async () => (await client.environment('staging')).rollout !== null);
      await openRollout('staging');
      const ended = await running.end(patienceMs);
      assert.equal(ended.exitCode, 12, ended.said);
      await page.getByRole('heading', { name: 'Why it went back' }).waitFor();
      await page.locator('.cause pre', { hasText: 'the sizes are right' }).waitFor();
      await owner.untilStatus('Returned');
      await page.getByText(`All requests are back on ${second}.`).waitFor();
      await owner.look('a bad bildwerk has gone back');
    });

    await story.step('a rollback by button brings production back to the release before', async () => {
      await owner.goTo('Overview');
      const asked = await owner.ask(owner.lane().getByRole('button', { name: 'Roll back' }));
      assert.equal(asked.says[0], `production goes from ${second} back to ${first}.`);
      await asked.confirm('Roll back', 'the line at the foot is wrong');
      await page.waitForURL(/\/rollouts\//);
      await until('users get the first release', async () => (await client.environment()).release === first);
      await signer.lane().locator('.serving-release', { hasText: first }).waitFor();
      await owner.look('bildwerk goes back by hand');
    });

    await story.step('all of it was one page for each, with one stream at a time, and without polling', async () => {
      assert.deepEqual(loads, []);
      assert.deepEqual([...owner.complaints, ...signer.complaints], []);
      await owner.record.assertNoPolling();
      await signer.record.assertNoPolling();
    });
  },
);
