import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { app, releaseName } from '../../test/fixtures/dashboard/harbour-data.ts';
import { cannotRun, Dashboard } from '../../test/fixtures/dashboard/open-dashboard.ts';

const hostile = '<img src=x onerror="document.title=1">';

describe('what was there before the page was opened', { skip: cannotRun, timeout: 175_000 }, () => {
  const dashboard = new Dashboard();
  const { harbour } = dashboard;
  before(async () => dashboard.start());
  after(async () => dashboard.stop());

  test('jobs that others have started are listed with who, when and how they ended', async () => {
    const page = await dashboard.open(`/apps/${app}/jobs/production`);
    const runs = page.getByRole('region', { name: 'Started by hand' });
    await runs.getByText('after the import of the old albums').waitFor();
    await runs.getByText('a command').waitFor();
    await runs.getByText('exit code 3').waitFor();
    assert.equal(await runs.getByText('by Jonas', { exact: false }).count(), 2);
    assert.ok((await runs.getByRole('link', { name: 'Logs' }).count()) >= 4);
    await page.context().close();
  });

  test('what runs is compared with what is set, with another environment and with a release', async () => {
    const page = await dashboard.open(`/apps/${app}/config/production`);
    await page.getByRole('link', { name: 'Compare' }).focus();
    await page.keyboard.press('Enter');
    const config = page.getByRole('region', { name: 'Config' });
    await config.getByText('looking for the slow album', { exact: false }).waitFor();
    await page.getByRole('region', { name: 'Secrets' }).getByText('SMTP_URL').waitFor();
    const choice = page.getByLabel('Compare production with');
    await choice.selectOption('environment:staging');
    await page.getByText('Both have secrets of the same names', { exact: false }).waitFor();
    await choice.selectOption(`release:${releaseName(8)}`);
    await page.getByRole('columnheader', { name: releaseName(8) }).waitFor();
    await page.context().close();
  });

  test('an order at the proxy and a certificate in trouble stand where they matter, as text', async () => {
    harbour.production = {
      ...harbour.production,
      proxyOrders: [{ kind: 'maintenance', revision: null, by: hostile, reason: 'the flood', at: Date.now() }],
    };
    const page = await dashboard.open(`/apps/${app}`);
    const lane = page.getByRole('region', { name: 'production' });
    await lane.getByText('Users get the maintenance page.').waitFor();
    await lane.getByText(hostile, { exact: false }).waitFor();
    await lane.getByText('lotse proxy maintenance production off').waitFor();
    await page
      .getByText('The next certificate of staging.bildwerk.localhost does not come', { exact: false })
      .waitFor();
    await lane.getByText('Certificate until', { exact: false }).waitFor();
    assert.equal(await page.locator('img[src="x"]').count(), 0);
    harbour.production = { ...harbour.production, proxyOrders: [] };
    await page.context().close();
  });

  test('single lines of a checklist are signed by keys, with a note, and every page shows by whom', async () => {
    harbour.begin();
    harbour.wait();
    const [page, other] = await Promise.all([1, 2].map(() => dashboard.open(`/apps/${app}`)));
    assert.ok(page !== undefined && other !== undefined);
    await page.getByText('told them on Monday', { exact: false }).waitFor();
    assert.equal(await page.getByText('The <b>status page</b> has an entry').count(), 1);
    await page.getByRole('button', { name: 'Sign this line: Support knows what changes' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('You sign this one line', { exact: false }).waitFor();
    await dialog.getByRole('textbox').fill('all three of them');
    await dialog.getByRole('button', { name: 'Sign this line' }).click();
    await other.getByText('all three of them', { exact: false }).waitFor();
    assert.equal(await other.getByRole('button', { name: 'Sign this line', exact: false }).count(), 1);
    await Promise.all([page.context().close(), other.context().close()]);
  });

  test('charts and evidence of a canary are there at once, also after a reload', async () => {
    harbour.sign('approval');
    harbour.sign('checklist');
    while (harbour.rollout.endedAt === null) harbour.finishStep();
    harbour.beginCanary();
    const page = await dashboard.open(`/apps/${app}/rollouts/production-rollout-9`);
    await page.locator('.comparison canvas').first().waitFor();
    const points = async () => (await page.locator('.evidence-harm').getAttribute('points'))?.split(' ').length ?? 0;
    const seen = await points();
    assert.ok(seen > 2, `${seen}`);
    await page.reload();
    await page.locator('.comparison canvas').first().waitFor();
    assert.ok((await points()) >= seen);
    await page.getByText('95 of 100 answered within').waitFor();
    await page.context().close();
  });

  test('the browser had nothing to complain about', () => {
    assert.deepEqual(dashboard.complaints, []);
  });
});
