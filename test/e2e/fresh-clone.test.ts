import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { badReleases, goodRelease } from '../../examples/bildwerk/test/bad-releases.ts';
import { isLiving } from '../harness/state-processes.ts';
import { askPage } from './ask-page.ts';
import { cannotClone, freshClone, type FreshClone } from './fresh-clone.ts';
import { readSummary, type Summary } from './read-summary.ts';
import type { RunningCommand } from './running-command.ts';
import { Story } from './story.ts';
import { newPage, noBrowser, openBrowser, PictureOwner } from './user-browser.ts';

/** A machine that is busy with other things may take its time; how long it took is said, and never a failure. */
const patienceMs = 8 * 60_000;
const picture = join(import.meta.dirname, '../fixtures/pictures/lighthouse.jpg');
const productionName = 'bildwerk.localhost';
const stagingName = `staging.${productionName}`;

const wholeMs = 14 * 60_000;

test('a fresh clone, from `npm start` to production and back', { skip: cannotClone, timeout: wholeMs }, async (t) => {
  const clone = await freshClone(t);
  const story = new Story(t);
  const browser = await browserFor(t);
  const production = `http://${productionName}:${clone.frontPort}`;
  const owner = browser === null ? null : new PictureOwner(await newPage(browser), production);
  let running = clone.npmStart();
  let first = '';
  let good = '';
  let summary: Summary | null = null;

  await story.step('`npm start` installs, builds and reaches `production verified` on its own', async (step) => {
    first = await untilVerified(step, running);
    assert.ok(first.endsWith(`-${clone.repository.head}`), `${first} is not made of ${clone.repository.head}`);
    summary = await readSummary(running, patienceMs);
  });

  await story.step('both environments answer by their names and on ports of their own', async () => {
    assert.ok(summary);
    assert.equal(summary.dashboard, `http://127.0.0.1:${clone.apiPort}`);
    assert.equal(summary.production.named, production);
    assert.equal(summary.staging.named, `http://${stagingName}:${clone.frontPort}`);
    await assertServes(clone.frontPort, `production · release ${first}`, productionName);
    await assertServes(clone.frontPort, `staging · release ${first}`, stagingName);
    await assertServes(summary.production.ownPort, `production · release ${first}`);
    await assertServes(summary.staging.ownPort, `staging · release ${first}`);
  });

  await story.step(
    'Chromium registers, uploads, and sees the finished picture through the proxy',
    async () => {
      assert.ok(owner);
      await owner.register();
      await owner.uploadAndWatch(picture);
      assert.ok((await owner.widthOfFinished(picture)) > 0);
      assert.equal(await owner.servedBy(), `production · release ${first}`);
    },
    noBrowser,
  );

  await story.step(
    'the link of the summary signs in to the dashboard, once',
    async () => {
      assert.ok(browser && summary);
      const page = await newPage(browser);
      await page.goto(summary.signIn);
      for (const name of ['staging', 'production']) {
        const lane = page.locator(`[data-environment=${name}]`);
        await lane.getByRole('heading', { name }).waitFor();
        await lane.getByText(first, { exact: true }).first().waitFor();
      }
      const late = await newPage(browser);
      await late.goto(summary.signIn);
      await late.getByRole('alert').getByText('This sign-in link was used before').waitFor();
      await late.goto(`${summary.dashboard}/apps/bildwerk`);
      await late.getByRole('heading', { name: 'Sign in' }).waitFor();
    },
    noBrowser,
  );

  await story.step('a release whose verification fails returns in staging; production never sees it', async () => {
    const commit = clone.repository.commit(badReleases.verificationFails, 'Make fewer sizes');
    const deployed = await clone.lotse('deploy', 'production');
    assert.equal(deployed.exitCode, 12, deployed.said);
    const bad = new RegExp(`staging returned {2}(r\\d+-${commit}) is out, users get ${first}`).exec(deployed.said)?.[1];
    assert.ok(bad, deployed.said);
    assert.match(deployed.said, /the sizes are right: there are the widths 320, 800, not 320, 800, 1400/);
    assert.doesNotMatch(deployed.said, /^production/m);
    await assertServes(clone.frontPort, `production · release ${first}`, productionName);
    await assertServes(clone.frontPort, `staging · release ${first}`, stagingName);
    const quarantined = (await clone.releases()).find(({ id }) => id === bad)?.quarantine;
    assert.deepEqual(
      quarantined?.map(({ environment, reason }) => ({ environment, reason })),
      [{ environment: 'staging', reason: 'the verification failed (exit code 1)' }],
    );
    const again = await clone.lotse('deploy', 'production');
    assert.notEqual(again.exitCode, 0);
    assert.match(again.said, new RegExp(`${bad} is in quarantine`));
    clone.repository.undoCommit();
  });

  await story.step('a good release reaches production', async () => {
    const commit = clone.repository.commit(goodRelease, 'A new line at the foot');
    const deployed = await clone.lotse('deploy', 'production');
    assert.equal(deployed.exitCode, 0, deployed.said);
    good =
      new RegExp(`^production verified {2}(r\\d+-${commit}) {2}${production}$`, 'm').exec(deployed.stdout)?.[1] ?? '';
    assert.notEqual(good, '', deployed.said);
    const page = await assertServes(clone.frontPort, `production · release ${good}`, productionName);
    assert.ok(page.includes(goodRelease.replace));
  });

  await story.step('`lotse rollback production` goes back by itself and says where it went', async () => {
    const rolledBack = await clone.lotse('rollback', 'production');
    assert.equal(rolledBack.exitCode, 0, rolledBack.said);
    assert.match(rolledBack.stdout, new RegExp(`^production: from ${good} back to ${first}$`, 'm'));
    assert.match(rolledBack.stdout, new RegExp(`^production back on {2}${first} {2}${production}$`, 'm'));
    const page = await assertServes(clone.frontPort, `production · release ${first}`, productionName);
    assert.ok(page.includes(goodRelease.find));
  });

  await story.step(
    'the user is still signed in and finds the picture',
    async () => {
      assert.ok(owner);
      assert.ok((await owner.widthOfFinished(picture)) > 0);
      assert.equal(await owner.servedBy(), `production · release ${first}`);
    },
    noBrowser,
  );

  await story.step(
    'a control plane that is killed takes nothing with it, and the next `npm start` adopts',
    async () => {
      const before = await instancesOf(clone);
      const killed = clone.controlPlanePid;
      process.kill(killed, 'SIGKILL');
      const ended = await running.end(30_000);
      assert.notEqual(ended.exitCode, 0);
      assert.match(ended.said, /The control plane ended by itself \(SIGKILL\)/);
      assert.ok(!isLiving(killed));
      await assertServes(clone.frontPort, `production · release ${first}`, productionName);
      await assertServes(clone.frontPort, `staging · release ${good}`, stagingName);

      running = clone.npmStart();
      await readSummary(running, patienceMs);
      assert.deepEqual(await instancesOf(clone), before);
      await assertServes(clone.frontPort, `production · release ${first}`, productionName);
    },
  );

  await story.step('Ctrl-C stops all of it, and no process is left', async () => {
    await stop(running);
    assert.deepEqual(clone.processes, []);
    await assert.rejects(askPage(clone.frontPort, productionName), { code: 'ECONNREFUSED' });
  });

  await story.step('another `npm start` serves what served, and does not bring back what was taken back', async () => {
    running = clone.npmStart();
    const { production: place } = await readSummary(running, patienceMs);
    await assertServes(clone.frontPort, `production · release ${first}`, productionName);
    await assertServes(place.ownPort, `production · release ${first}`);
    await assertServes(clone.frontPort, `staging · release ${good}`, stagingName);
    if (owner !== null) assert.ok((await owner.widthOfFinished(picture)) > 0);
    const said = await stop(running);
    assert.deepEqual(clone.processes, []);
    assert.match(said, new RegExp(`${good} does not go to production: ${good} is in quarantine`));
  });
});

/** Resolves with the release, and says how long it took. */
async function untilVerified(t: TestContext, running: RunningCommand): Promise<string> {
  const startedMs = performance.now();
  await running.until(/^✓ packages: installed/m, patienceMs);
  const installedMs = performance.now();
  const [, release = ''] = await running.until(/^production verified {2}(\S+)/m, patienceMs);
  const verifiedMs = performance.now();
  await running.until(new RegExp(`^staging verified {2}${release} [\\s\\S]*^production verified`, 'm'), 1_000);
  const seconds = (fromMs: number, toMs: number) => `${((toMs - fromMs) / 1000).toFixed(1)} s`;
  t.diagnostic(`packages installed after ${seconds(startedMs, installedMs)}`);
  t.diagnostic(`from there to production verified ${seconds(installedMs, verifiedMs)} (aim: 40 s)`);
  t.diagnostic(`in all ${seconds(startedMs, verifiedMs)} (aim: 180 s)`);
  return release;
}

/** Ctrl-C; answers all that was said. The shell between npm and its script may pass the signal off as its own end. */
async function stop(running: RunningCommand): Promise<string> {
  const { exitCode, signal, said } = await running.interrupt(120_000);
  assert.ok(exitCode === 0 || signal === 'SIGINT', `ended with ${exitCode ?? signal}:\n${said}`);
  assert.match(said, /^Stopped\.$/m);
  return said;
}

async function browserFor(t: TestContext): Promise<Browser | null> {
  if (noBrowser !== false) return null;
  const browser = await openBrowser();
  t.after(() => browser.close());
  return browser;
}

/** One request, now: answers the page, which must say this. */
async function assertServes(port: number, words: string, name?: string): Promise<string> {
  const { status, body } = await askPage(port, name);
  assert.equal(status, 200, body);
  assert.ok(body.includes(words), `not from ${words}: ${body}`);
  return body;
}

async function instancesOf(clone: FreshClone) {
  const environments = { production: await clone.instances('production'), staging: await clone.instances('staging') };
  assert.equal(environments.production.length, 7, 'two dashboards, two for sizes, one of each other worker');
  assert.equal(environments.staging.length, 5);
  return environments;
}
