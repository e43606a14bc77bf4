import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { badReleases, goodRelease } from '../../examples/bildwerk/test/bad-releases.ts';
import { labelNames } from '../../src/ports/targets/docker/container-names.ts';
import { findTestEngine } from '../harness/docker-engine.ts';
import { askPage } from './ask-page.ts';
import { bildwerkInContainers } from './bildwerk-containers.ts';
import { readSummary, type Summary } from './read-summary.ts';
import { Story } from './story.ts';
import { newPage, noBrowser, openBrowser, PictureOwner } from './user-browser.ts';

const found = await findTestEngine();
if (found.skip !== false) console.log(`skipped: ${found.skip}`);

/** A machine that is busy with other things may take its time. */
const patienceMs = 8 * 60_000;
const picture = join(import.meta.dirname, '../fixtures/pictures/lighthouse.jpg');
const productionName = 'bildwerk.localhost';
const stagingName = `staging.${productionName}`;

test('the example as containers, to production and back', { skip: found.skip, timeout: 12 * 60_000 }, async (t) => {
  if (found.skip !== false) return;
  const { engine } = found;
  const bildwerk = await bildwerkInContainers(t, engine, found.address.path);
  const story = new Story(t);
  const browser = await browserFor(t);
  const production = `http://${productionName}:${bildwerk.frontPort}`;
  const owner = browser === null ? null : new PictureOwner(await newPage(browser), production);
  const running = bildwerk.up();
  let first = '';
  let good = '';
  let summary: Summary | null = null;

  const serves = async (words: string, name: string): Promise<string> => {
    const { status, body } = await askPage(bildwerk.frontPort, name);
    assert.equal(status, 200, body);
    assert.ok(body.includes(words), `not from ${words}: ${body}`);
    return body;
  };

  await story.step('`lotse up` builds an image and reaches `production verified` on its own', async () => {
    await running.until(/^Ready after /m, patienceMs); // Also when it came no further than the build.
    [, first = ''] = await running.until(/^production verified {2}(\S+)/m, 1_000);
    await running.until(new RegExp(`^staging verified {2}${first} [\\s\\S]*^production verified`, 'm'), 1_000);
    summary = await readSummary(running, patienceMs);
    assert.ok(first.endsWith(`-${bildwerk.repository.head}`), first);
    await serves(`production · release ${first}`, productionName);
    await serves(`staging · release ${first}`, stagingName);
  });

  await story.step('every copy is a container of the same image, without rights', async () => {
    const containers = await bildwerk.containers(engine);
    assert.equal(containers.filter(({ Config }) => Config.Labels[labelNames.environment] === 'staging').length, 5);
    assert.equal(containers.filter(({ Config }) => Config.Labels[labelNames.environment] === 'production').length, 7);
    assert.equal(new Set(containers.map(({ Image }) => Image)).size, 1);
    for (const { Config, HostConfig, State } of containers) {
      assert.deepEqual([State.Status, Config.User, HostConfig.ReadonlyRootfs], ['running', 'node', true]);
      assert.deepEqual(HostConfig.CapDrop, ['ALL']);
    }
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
    'the dashboard of Lotse shows both environments to whoever has the link',
    async () => {
      assert.ok(browser && summary);
      const page = await newPage(browser);
      await page.goto(summary.signIn);
      for (const name of ['staging', 'production']) {
        const lane = page.locator(`[data-environment=${name}]`);
        await lane.getByText(first, { exact: true }).first().waitFor();
      }
    },
    noBrowser,
  );

  await story.step('a release whose verification fails returns in staging; production never sees it', async () => {
    const commit = bildwerk.repository.commit(badReleases.verificationFails, 'Make fewer sizes');
    const deployed = await bildwerk.lotse('deploy', 'production');
    assert.equal(deployed.exitCode, 12, deployed.said);
    const bad = new RegExp(`staging returned {2}(r\\d+-${commit}) is out, users get ${first}`).exec(deployed.said)?.[1];
    assert.ok(bad, deployed.said);
    assert.match(deployed.said, /the sizes are right: there are the widths 320, 800, not 320, 800, 1400/);
    assert.doesNotMatch(deployed.said, /^production/m);
    await serves(`production · release ${first}`, productionName);
    await serves(`staging · release ${first}`, stagingName);
    const quarantined = (await bildwerk.releases()).find(({ id }) => id === bad)?.quarantine;
    assert.deepEqual(
      quarantined?.map(({ environment, reason }) => ({ environment, reason })),
      [{ environment: 'staging', reason: 'the verification failed (exit code 1)' }],
    );
    bildwerk.repository.undoCommit();
  });

  await story.step('a good release reaches production', async () => {
    const commit = bildwerk.repository.commit(goodRelease, 'A new line at the foot');
    const deployed = await bildwerk.lotse('deploy', 'production');
    assert.equal(deployed.exitCode, 0, deployed.said);
    good = new RegExp(`^production verified {2}(r\\d+-${commit}) `, 'm').exec(deployed.stdout)?.[1] ?? '';
    assert.notEqual(good, '', deployed.said);
    const page = await serves(`production · release ${good}`, productionName);
    assert.ok(page.includes(goodRelease.replace));
  });

  await story.step('`lotse rollback production` goes back to the containers that are warm still', async () => {
    const before = (await bildwerk.containers(engine)).map(({ Id }) => Id);
    const rolledBack = await bildwerk.lotse('rollback', 'production');
    assert.equal(rolledBack.exitCode, 0, rolledBack.said);
    assert.match(rolledBack.stdout, new RegExp(`^production: from ${good} back to ${first}$`, 'm'));
    const page = await serves(`production · release ${first}`, productionName);
    assert.ok(page.includes(goodRelease.find));
    const after = await bildwerk.containers(engine);
    assert.deepEqual(
      after.map(({ Id }) => Id).filter((id) => !before.includes(id)),
      [],
    );
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

  await story.step('Ctrl-C stops all of it: no container and no process is left', async () => {
    const { exitCode, said } = await running.interrupt(120_000);
    assert.equal(exitCode, 0, said);
    assert.match(said, /^Stopped\.$/m);
    assert.deepEqual(await bildwerk.containers(engine), []);
    assert.deepEqual(bildwerk.processes, []);
    await assert.rejects(askPage(bildwerk.frontPort, productionName), { code: 'ECONNREFUSED' });
  });
});

async function browserFor(t: TestContext): Promise<Browser | null> {
  if (noBrowser !== false) return null;
  const browser = await openBrowser();
  t.after(() => browser.close());
  return browser;
}
