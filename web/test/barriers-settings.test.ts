import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { checkForEverybody, checkPage } from './check-page.ts';
import { app } from '../../test/fixtures/dashboard/harbour-data.ts';
import { cannotRun, Dashboard } from '../../test/fixtures/dashboard/open-dashboard.ts';

/** With what is there when the page has been loaded. */
const pages = [
  ['/logs/production', '.log-line time'],
  ['/config/production', '.version'],
  ['/secrets/production', '.row'],
  ['/flags/production', '.flag'],
  ['/jobs/production', '.job-run'],
  ['/notifications/production', '.row'],
] as const;

describe('everybody can use the pages about what runs', { skip: cannotRun, timeout: 175_000 }, () => {
  const dashboard = new Dashboard();
  let page: Page;
  before(async () => {
    await dashboard.start();
    page = await dashboard.open(`/apps/${app}`, { viewport: { width: 375, height: 740 }, reducedMotion: 'reduce' });
  });
  after(async () => dashboard.stop());

  for (const [path, sign] of pages) {
    test(`${path || 'the overview'}: no barrier on a phone, in both lights and both languages; every control by keys alone`, async () => {
      await page.goto(`${dashboard.address}/apps/${app}${path}`);
      await page.locator(sign).first().waitFor();
      await checkForEverybody(page, path);
    });
  }

  test('the palette has no barrier', async () => {
    await page.locator('.row').first().waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('option').first().waitFor();
    await checkPage(page, 'palette');
  });
});
