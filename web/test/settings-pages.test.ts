import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { app } from '../../test/fixtures/dashboard/harbour-data.ts';
import { cannotRun, Dashboard } from '../../test/fixtures/dashboard/open-dashboard.ts';

describe('pages about what an environment runs with', { skip: cannotRun, timeout: 170_000 }, () => {
  const dashboard = new Dashboard();
  const { settings } = dashboard.harbour;
  const lastAsked = () => settings.asked.at(-1);
  before(async () => dashboard.start());
  after(async () => dashboard.stop());

  test('a value is set with a reason, and every open page shows it without a reload', async () => {
    const [page, other] = await Promise.all([1, 2].map(() => dashboard.open(`/apps/${app}/config/production`)));
    assert.ok(page !== undefined && other !== undefined);
    await other.getByText('lotse.yaml, line 47', { exact: false }).waitFor();
    await page.getByRole('button', { name: 'Set MAX_UPLOAD' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('The next rollout to production gives it to new instances.').waitFor();
    await dialog.getByLabel('Value').fill('40 MB');
    await dialog.getByLabel('Reason').fill('larger cameras');
    await dialog.getByRole('button', { name: 'Set', exact: true }).click();
    await other.getByText('40 MB', { exact: true }).waitFor();
    const set = [{ variable: 'MAX_UPLOAD', service: null, value: '40 MB' }];
    assert.deepEqual(lastAsked(), { what: 'PATCH config', body: { set, reason: 'larger cameras', ahead: false } });
    await Promise.all([page.context().close(), other.context().close()]);
  });

  test('the value of a secret goes in and is nowhere on the page', async () => {
    const page = await dashboard.open(`/apps/${app}/secrets/production`);
    await page.getByRole('button', { name: 'Rotate CDN_TOKEN' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('so a rollback still works', { exact: false }).waitFor();
    const field = dialog.getByLabel('New value');
    assert.equal(await field.getAttribute('type'), 'password');
    await field.fill('wonderfully-secret');
    await dialog.getByRole('button', { name: 'Rotate' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.equal(lastAsked()?.what, 'POST secrets/CDN_TOKEN/rotation');
    assert.equal((await page.content()).includes('wonderfully-secret'), false);
    await page.context().close();
  });

  test('a flag is switched off at once, by keys alone, after the page has said what that means', async () => {
    const page = await dashboard.open(`/apps/${app}/flags/production`);
    await page.getByRole('button', { name: 'Switch off album-sharing' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('everybody in production gets off.', { exact: false }).waitFor();
    await page.keyboard.press('Tab'); // from closing to the reason
    await page.keyboard.type('links open twice');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Switch on album-sharing' }).waitFor();
    const body = { switched: 'off', reason: 'links open twice' };
    assert.deepEqual(lastAsked(), { what: 'PATCH flags/album-sharing', body });
    await page.context().close();
  });

  test('users are divided in percent, with what it comes to, and more than 100 is not sent', async () => {
    const page = await dashboard.open(`/apps/${app}/flags/production`);
    await page.getByRole('button', { name: 'Divide the users of checkout-button' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Percent that get green').fill('90');
    await dialog.getByText('Please give numbers', { exact: false }).waitFor();
    assert.equal(await dialog.getByRole('button', { name: 'Divide' }).isDisabled(), true);
    await dialog.getByLabel('Percent that get green').fill('70');
    await dialog.getByText('10%').waitFor();
    await dialog.getByRole('button', { name: 'Divide' }).click();
    await dialog.waitFor({ state: 'detached' });
    const percentages = [
      { variant: 'green', percent: 70 },
      { variant: 'orange', percent: 20 },
    ];
    assert.deepEqual(lastAsked()?.body, { percentages, reason: null });
    await page.context().close();
  });

  test('a job is run now, and its last lines and its logs are one click away', async () => {
    const page = await dashboard.open(`/apps/${app}/jobs/production`);
    await page.getByRole('button', { name: 'Run now: reindex' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Run now' }).click();
    await page.getByText('reindex: 2 000 done', { exact: false }).waitFor();
    assert.deepEqual(lastAsked(), { what: 'POST jobs', body: { job: 'reindex' } });
    await page.getByRole('listitem', { name: 'reindex' }).getByRole('link', { name: 'Logs' }).click();
    await page.getByText('A run of reindex').waitFor();
    await page.context().close();
  });

  test('a test message is sent to everybody who is told', async () => {
    const page = await dashboard.open(`/apps/${app}/notifications/production`);
    await page.getByRole('button', { name: 'Send a test' }).click();
    await page.getByText('3 receivers get a message', { exact: false }).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Send a test' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.equal(lastAsked()?.what, 'POST notifications/test');
    await page.context().close();
  });

  test('a release has a page with what it consists of, its difference to what runs, and what speaks for it', async () => {
    const page = await dashboard.open(`/apps/${app}/releases/r7-a1b2c3d`);
    await page.getByText('serves here', { exact: true }).waitFor();
    await page.getByText('looked at it on staging with support', { exact: false }).waitFor();
    await page.getByText('1 change against r8-9c1d2e3', { exact: false }).waitFor();
    assert.equal(await page.getByText('4 instances').count(), 1);
    await page.context().close();
  });

  test('the journal is searched, verified and taken along', async () => {
    const page = await dashboard.open(`/apps/${app}/journal`);
    await page.locator('.event').first().waitFor();
    await page.getByRole('searchbox').fill('rollout-live staging');
    await page.waitForFunction(() => document.querySelectorAll('.event').length === 1);
    await page.getByRole('button', { name: 'Verify the chain' }).click();
    await page.getByText('Every chain is whole', { exact: false }).waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export' }).click();
    assert.equal((await download).suggestedFilename(), `${app}-all-journal.ndjson`);
    await page.context().close();
  });

  test('the palette goes and does, by keys alone', async () => {
    const page = await dashboard.open(`/apps/${app}`);
    await page.locator('.lane').first().waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('flags prod');
    await page.getByRole('option', { name: 'Flags of production' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Flags' }).waitFor();
    assert.equal(new URL(page.url()).pathname, `/apps/${app}/flags/production`);
    await page.keyboard.press('Control+k');
    await page.keyboard.type('roll back');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Roll staging back' }).waitFor();
    await page.keyboard.press('Escape');
    await page.context().close();
  });

  test('the browser had nothing to complain about', () => {
    assert.deepEqual(dashboard.complaints, []);
  });
});
