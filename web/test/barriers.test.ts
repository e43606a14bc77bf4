import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { checkForEverybody } from './check-page.ts';
import { app } from '../../test/fixtures/dashboard/harbour-data.ts';
import { cannotRun, Dashboard } from '../../test/fixtures/dashboard/open-dashboard.ts';

/** With what is there when the page has been loaded. */
const pages = [
  ['', '.lane'],
  ['/releases', '.release'],
  ['/releases/r7-a1b2c3d', '.card .preview'],
  ['/rollouts/production-rollout-9', '.comparison canvas'],
  ['/journal', '.event'],
] as const;

describe('everybody can use the pages about releases', { skip: cannotRun, timeout: 175_000 }, () => {
  const dashboard = new Dashboard();
  let page: Page;
  before(async () => {
    await dashboard.start();
    dashboard.harbour.beginCanary();
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
});
