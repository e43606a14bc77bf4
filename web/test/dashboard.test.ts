import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { checkPage } from './check-page.ts';
import { app } from '../../test/fixtures/dashboard/harbour-data.ts';
import { signInSecret } from '../../test/fixtures/dashboard/fake-control-plane.ts';
import { cannotRun, Dashboard } from '../../test/fixtures/dashboard/open-dashboard.ts';

const phone = { width: 375, height: 740 };

describe('the dashboard in a browser', { skip: cannotRun, timeout: 170_000 }, () => {
  let dashboard: Dashboard;
  before(async () => {
    dashboard = new Dashboard();
    await dashboard.start();
  });
  after(async () => {
    await dashboard.stop();
  });

  test('a link signs in once, leaves the address bar, and leads to the overview', async () => {
    const context = await dashboard.context();
    const page = await context.newPage();
    const signIns = dashboard.plane.signIns;
    await page.goto(`${dashboard.address}/sign-in#${signInSecret}`);
    await page.getByRole('heading', { name: 'production' }).waitFor();
    assert.equal(new URL(page.url()).hash, '');
    assert.equal(dashboard.plane.signIns, signIns + 1);
    await context.close();
  });

  test('a link that does not count says why and how to get another', async () => {
    const context = await dashboard.context();
    const page = await context.newPage();
    await page.goto(`${dashboard.address}/sign-in#used-before`);
    await page.getByText('This link is unknown, used or older than 15 minutes.').waitFor();
    assert.ok(await page.getByText('npx lotse sign-in').first().isVisible());
    await context.close();
  });

  test('without a session every page asks to sign in', async () => {
    const context = await dashboard.context();
    const page = await context.newPage();
    await page.goto(`${dashboard.address}/apps/${app}/releases`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await context.close();
  });

  test('a rollout moves on the page without a reload', async () => {
    const page = await dashboard.open(`/apps/${app}`);
    await page.getByText('Live', { exact: true }).waitFor();
    const loads: string[] = [];
    page.on('load', () => loads.push('load'));
    dashboard.harbour.begin();
    await page.getByText('Step 1 of 9').waitFor();
    dashboard.harbour.finishStep();
    await page.getByText('Step 2 of 9').waitFor();
    const list = page.getByRole('list', { name: 'Steps of the rollout' });
    await list.getByText('Start r8-9c1d2e3: done').waitFor({ state: 'attached' });
    assert.deepEqual(loads, []);
    await page.context().close();
  });

  test('a pause is confirmed in a dialog that says what will happen, and its reason arrives', async () => {
    const page = await dashboard.open(`/apps/${app}`);
    await page.getByRole('button', { name: 'Pause' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Traffic stays as it is now.', { exact: false }).waitFor();
    assert.deepEqual(dashboard.harbour.commands, []);
    await dialog.getByLabel('Reason').fill('lunch');
    await dialog.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused', { exact: true }).first().waitFor();
    assert.deepEqual(dashboard.harbour.commands, [{ command: 'pause', reason: 'lunch' }]);
    await page.context().close();
  });

  test('a refusal shows its message, its hint and its details in the dialog', async () => {
    const page = await dashboard.open(`/apps/${app}/releases`);
    await page.getByRole('button', { name: 'Deploy to staging' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('9 steps.', { exact: false }).waitFor();
    await dialog.getByRole('button', { name: 'Deploy' }).click();
    await dialog.getByText('staging is busy.').waitFor();
    await dialog.getByText('Wait until its rollout has ended:', { exact: false }).waitFor();
    await dialog.getByText('staging-rollout-8 has not ended').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.context().close();
  });

  test('a rollout that returned shows its cause and its last lines', async () => {
    dashboard.harbour.command('resume', null);
    dashboard.harbour.fail();
    const page = await dashboard.open(`/apps/${app}/rollouts/production-rollout-8`);
    await page.getByRole('heading', { name: 'Why it went back' }).waitFor();
    await page.getByText('GET /shared/4kq8zt → 404, expected 200', { exact: false }).waitFor();
    await page.getByText('All requests are back on r7-a1b2c3d.').waitFor();
    await page.context().close();
  });

  test('a canary shows what the judge thinks, why, and how the evidence grew', async () => {
    dashboard.harbour.beginCanary();
    const page = await dashboard.open(`/apps/${app}/rollouts/production-rollout-9`);
    await page.getByText('fails 2.6 % of requests, the old one 0.49 %', { exact: false }).waitFor();
    await page.locator('.step-title', { hasText: 'Send 5% of the requests to r9-5d20b7c' }).waitFor();
    assert.equal(await page.getByText(/86% of what is needed to call it harmful/).count(), 1);
    assert.equal(await page.locator('.evidence polyline').count(), 2);
    const row = page.getByRole('row', { name: /dashboard: failed requests/ });
    assert.match((await row.textContent()) ?? '', /[\d.]+% of 1,\d{3}.*0\.\d+% of 2\d,\d{3}.*undecided/);
    await page.getByText('25 of 30 failed requests are spent that it may cost.').waitFor();
    await checkPage(page, 'canary');
    await page.context().close();
  });

  test('what was adopted is told with where it answers, in both languages', async () => {
    const { staging } = dashboard.harbour;
    const adopted = { release: 'r0', revision: 'adopted', mode: 'adopted', previousRelease: null } as const;
    const upstream = 'http://127.0.0.1:3000';
    dashboard.harbour.staging = { ...staging, ...adopted, upstream, verified: false, shares: [], services: [] };
    const page = await dashboard.open(`/apps/${app}`);
    const lane = page.locator('[data-environment=staging]');
    await lane.getByText(`What was adopted, at ${upstream}. Lotse never starts or stops it.`).waitFor();
    await lane.getByText('Adopted upstream', { exact: true }).waitFor();
    assert.equal(await lane.getByText(/verified here|Nothing runs/).count(), 0);
    await page.getByRole('button', { name: 'Deutsch' }).click();
    await lane.getByText(`Was übernommen wurde, unter ${upstream}. Lotse startet und beendet es nie.`).waitFor();
    dashboard.harbour.staging = staging;
    await page.context().close();
  });

  test('lost live updates are said, and taken up again with what was missed', async () => {
    const page = await dashboard.open(`/apps/${app}`);
    await page.getByText('Live', { exact: true }).waitFor();
    dashboard.plane.disappear();
    await page.getByText(/Live updates lost, last seen/).waitFor();
    dashboard.harbour.begin('r9-5d20b7c');
    dashboard.plane.reappear();
    await page.getByRole('button', { name: 'Try now' }).click();
    await page.getByText('Step 1 of 9').waitFor();
    assert.equal(await page.getByText(/Live updates lost/).count(), 0);
    await page.context().close();
  });

  test('a session that ended leads to the sign-in page', async () => {
    const page = await dashboard.open(`/apps/${app}`);
    dashboard.plane.endSessions();
    dashboard.harbour.finishStep();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.context().close();
  });

  test('the language is switched in place and kept', async () => {
    const page = await dashboard.open(`/apps/${app}`);
    await page.getByRole('button', { name: 'Deutsch' }).click();
    await page.getByRole('link', { name: 'Überblick' }).waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'de');
    await page.reload();
    await page.getByRole('link', { name: 'Überblick' }).waitFor();
    await page.context().close();
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`no page has a serious barrier in ${colorScheme}, and none is wider than a phone`, async () => {
      const page = await dashboard.open(`/apps/${app}`, { colorScheme, viewport: phone, reducedMotion: 'reduce' });
      for (const path of ['', '/releases', '/journal', '/rollouts/production-rollout-8']) {
        await page.goto(`${dashboard.address}/apps/${app}${path}`);
        await page.locator('.lane, .release, .event, .step').first().waitFor();
        await checkPage(page, path);
      }
      await page.getByRole('button', { name: 'Roll back' }).first().click();
      await page.getByRole('dialog').waitFor();
      await checkPage(page, 'dialog');
      dashboard.plane.endSessions();
      await page.goto(`${dashboard.address}/sign-in`);
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await checkPage(page, 'sign-in');
      await page.context().close();
    });
  }

  test('the browser had nothing to complain about: no failed script, no refused style', () => {
    assert.deepEqual(dashboard.complaints, []);
  });
});
